#include "periph/pll.hpp"

#include "periph/xosc.hpp"

namespace rp2040 {

namespace {
constexpr std::uint32_t kCs = 0x0, kPwr = 0x4, kFbdivInt = 0x8, kPrim = 0xc;
constexpr std::uint32_t kBypass = 1u << 8;
constexpr std::uint32_t kPostDivPd = 1u << 3;
}  // namespace

std::uint32_t Pll::hz() const {
    const std::uint32_t reference = xosc_.hz();
    if ((s_.cs & kBypass) != 0) return reference;
    if (!vco_on() || (s_.pwr & kPostDivPd) != 0) return 0;
    const std::uint32_t refdiv = (s_.cs & 0x3f) == 0 ? 1 : s_.cs & 0x3f;
    const std::uint32_t postdiv1 = (s_.prim >> 16) & 7u, postdiv2 = (s_.prim >> 12) & 7u;
    const std::uint32_t post = (postdiv1 == 0 ? 1 : postdiv1) * (postdiv2 == 0 ? 1 : postdiv2);
    return static_cast<std::uint32_t>(std::uint64_t{reference} * s_.fbdiv / (refdiv * post));
}

bool Pll::locked() const { return vco_on() && xosc_.hz() != 0 && s_.reference.count(now()) >= kLockPeriods; }

std::uint32_t Pll::read(std::uint32_t offset) {
    switch (offset) {
        case kCs: return s_.cs | (locked() ? 1u << 31 : 0);
        case kPwr: return s_.pwr;
        case kFbdivInt: return s_.fbdiv;
        case kPrim: return s_.prim;
        default: unmodelled(offset, false);
    }
}

void Pll::write(std::uint32_t offset, std::uint32_t value) {
    const std::uint32_t old_hz = hz();
    const bool was_on = vco_on();
    switch (offset) {
        case kCs:
            if (((s_.cs ^ value) & 0x3f) != 0) restart_lock();
            s_.cs = value & 0x13f;
            break;
        case kPwr: s_.pwr = value & 0x2d; break;
        case kFbdivInt:
            if (s_.fbdiv != (value & 0xfff)) restart_lock();
            s_.fbdiv = value & 0xfff;
            break;
        case kPrim: s_.prim = value & 0x77000; break;
        default: unmodelled(offset, true);
    }
    if (vco_on() && !was_on) restart_lock();
    update_rate();
    if (hz() != old_hz && on_change) on_change();
}

void Pll::restart_lock() { s_.reference.set_count(now(), 0); }

void Pll::update_rate() {
    const std::uint32_t refdiv = (s_.cs & 0x3f) == 0 ? 1 : s_.cs & 0x3f;
    const std::uint64_t rate = vco_on() ? xosc_.hz() : 0;
    s_.reference.set_rate(now(), rate, std::uint64_t{fabric_.clock_hz(ClockId::sys)} * refdiv);
}

void Pll::clocks_changed() { update_rate(); }

void Pll::reset() {
    const std::uint32_t old_hz = hz();
    s_ = PllState{};
    restart_lock();
    if (old_hz != 0 && on_change) on_change();
}

}  // namespace rp2040
