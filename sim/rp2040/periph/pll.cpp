#include "periph/pll.hpp"

#include <algorithm>

#include "periph/xosc.hpp"
#include "regs/pll.hpp"

namespace rp2040 {

namespace {
constexpr const regs::Block& kRegs = regs::kPll;
consteval std::uint32_t at(std::string_view name) { return kRegs.at(name); }
constexpr std::uint32_t kBypass = kRegs.mask("CS.BYPASS"), kLock = kRegs.mask("CS.LOCK"),
                        kPostDivPd = kRegs.mask("PWR.POSTDIVPD");
constexpr std::uint32_t kLeastFbdiv = 16, kMostFbdiv = 320;
constexpr std::uint64_t kLeastReference = 5'000'000, kLeastVco = 400'000'000, kMostVco = 1'600'000'000;
constexpr regs::Bits kRefdiv = kRegs.bits("CS.REFDIV"), kPostDiv1 = kRegs.bits("PRIM.POSTDIV1"),
                     kPostDiv2 = kRegs.bits("PRIM.POSTDIV2");
}  // namespace

/// The ranges of datasheet 2.18.2: outside of them the VCO is taken never to lock, and gives no clock. 400 MHz as its
/// lower end is the first edition's; boards ran with 480 MHz for USB, pico-sdk before 1.4 does so.
bool Pll::in_range() const {
    const std::uint64_t reference = xosc_.hz() / std::max(1u, kRefdiv.of(s_.cs));
    const std::uint64_t vco = reference * s_.fbdiv;
    return s_.fbdiv >= kLeastFbdiv && s_.fbdiv <= kMostFbdiv && reference >= kLeastReference && vco >= kLeastVco &&
           vco <= kMostVco;
}

std::uint32_t Pll::hz() const {
    const std::uint32_t reference = xosc_.hz();
    if ((s_.cs & kBypass) != 0) return reference;
    if (!vco_on() || (s_.pwr & kPostDivPd) != 0 || !in_range()) return 0;
    const std::uint32_t refdiv = std::max(1u, kRefdiv.of(s_.cs));
    const std::uint32_t post = std::max(1u, kPostDiv1.of(s_.prim)) * std::max(1u, kPostDiv2.of(s_.prim));
    return static_cast<std::uint32_t>(std::uint64_t{reference} * s_.fbdiv / (refdiv * post));
}

bool Pll::locked() const {
    return vco_on() && xosc_.hz() != 0 && in_range() && s_.reference.count(now()) >= kLockPeriods;
}

std::uint32_t Pll::read(std::uint32_t offset) {
    switch (offset) {
        case at("CS"): return s_.cs | (locked() ? kLock : 0);
        case at("PWR"): return s_.pwr;
        case at("FBDIV_INT"): return s_.fbdiv;
        case at("PRIM"): return s_.prim;
        default: unmodelled(offset, false);
    }
}

void Pll::write(std::uint32_t offset, std::uint32_t value) {
    const std::uint32_t old_hz = hz();
    const bool was_on = vco_on();
    switch (offset) {
        case at("CS"):
            if (((s_.cs ^ value) & kRefdiv.mask) != 0) restart_lock();
            s_.cs = value & kRegs.writable("CS");
            break;
        case at("PWR"): s_.pwr = value & kRegs.writable("PWR"); break;
        case at("FBDIV_INT"):
            value &= kRegs.writable("FBDIV_INT");
            if (s_.fbdiv != value) restart_lock();
            s_.fbdiv = value;
            break;
        case at("PRIM"): s_.prim = value & kRegs.writable("PRIM"); break;
        default: unmodelled(offset, true);
    }
    if (vco_on() && !was_on) restart_lock();
    update_rate();
    if (hz() != old_hz && on_change) on_change();
}

void Pll::restart_lock() { s_.reference.set_count(now(), 0); }

void Pll::update_rate() {
    const std::uint32_t refdiv = std::max(1u, kRefdiv.of(s_.cs));
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
