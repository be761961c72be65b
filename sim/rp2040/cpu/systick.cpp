#include "cpu/systick.hpp"

#include <algorithm>

#include "regs/systick.hpp"

namespace rp2040 {

namespace {

/// Offset within the system control space.
consteval std::uint32_t at(std::string_view name) {
    return regs::kSystick.bases[0] - kSystemControlSpace + regs::kSystick.at(name);
}
enum Register : std::uint32_t {
    SYST_CSR = at("SYST_CSR"),
    SYST_RVR = at("SYST_RVR"),
    SYST_CVR = at("SYST_CVR"),
    SYST_CALIB = at("SYST_CALIB"),
};

constexpr std::uint32_t kEnable = regs::kSystick.mask("SYST_CSR.ENABLE"),
                        kTickInt = regs::kSystick.mask("SYST_CSR.TICKINT"),
                        kClkSource = regs::kSystick.mask("SYST_CSR.CLKSOURCE"),
                        kCountFlag = regs::kSystick.mask("SYST_CSR.COUNTFLAG");

}  // namespace

bool SysTick::has(std::uint32_t offset) { return offset >= SYST_CSR && offset < SYST_CALIB + 4; }

void SysTick::reset() {
    s_ = {};
    schedule(0);
}

std::uint64_t SysTick::ticks(Cycles now) const {
    // The reference is the watchdog's tick: datasheet 2.4.5.1.1.
    return (s_.csr & kClkSource) != 0 ? now : fabric_.ticks(now);
}

/// Since the last change. A core of a host's that is executed after the other one may ask for a time before that.
std::uint64_t SysTick::elapsed(Cycles now) const {
    const std::uint64_t t = ticks(now);
    return t < s_.base_ticks ? 0 : t - s_.base_ticks;
}

std::uint32_t SysTick::value(Cycles now) const {
    if ((s_.csr & kEnable) == 0) return s_.base;
    const std::uint64_t passed = elapsed(now);
    if (passed <= s_.base) return s_.base - static_cast<std::uint32_t>(passed);
    return s_.reload - static_cast<std::uint32_t>((passed - s_.base - 1) % (s_.reload + 1));
}

std::uint64_t SysTick::wraps(Cycles now) const {
    if ((s_.csr & kEnable) == 0 || (s_.base == 0 && s_.reload == 0)) return 0;
    const std::uint64_t passed = elapsed(now);
    if (passed < s_.base) return 0;
    return (s_.base != 0) + (s_.reload == 0 ? 0 : (passed - s_.base) / (s_.reload + 1));
}

void SysTick::rebase(Cycles now) {
    if (wraps(now) != 0) s_.count_flag = true;
    s_.base = value(now);
    s_.base_ticks = std::max(s_.base_ticks, ticks(now));
}

void SysTick::schedule(Cycles now) {
    const EventId id = core_ == 0 ? EventId::systick0 : EventId::systick1;
    const bool counts = (s_.csr & kEnable) != 0 && (s_.base != 0 || s_.reload != 0);
    if (!counts || (s_.csr & kTickInt) == 0) {
        fabric_.events().cancel(id);
        return;
    }
    const std::uint64_t left = value(now);
    const std::uint64_t to_zero = left != 0 ? left : std::uint64_t{s_.reload} + 1;
    if (s_.reload == 0 && left == 0) {
        fabric_.events().cancel(id);
    } else if ((s_.csr & kClkSource) != 0) {
        fabric_.events().schedule(id, now + to_zero);
    } else {
        fabric_.events().schedule(id, fabric_.tick_time(fabric_.ticks(now) + to_zero));
    }
}

void SysTick::ticks_changed(Cycles now) {
    if ((s_.csr & kClkSource) == 0) schedule(now);
}

bool SysTick::due(Cycles when) {
    const bool reached = wraps(when) != 0;
    if (reached) rebase(when);
    schedule(when);
    return reached;
}

std::uint32_t SysTick::read(std::uint32_t offset, Cycles now) {
    const std::uint32_t answer = peek(offset, now);
    if (offset == SYST_CSR) {
        rebase(now);
        s_.count_flag = false;
    }
    return answer;
}

std::uint32_t SysTick::peek(std::uint32_t offset, Cycles now) const {
    switch (offset) {
        case SYST_CSR: return s_.csr | (s_.count_flag || wraps(now) != 0 ? kCountFlag : 0);
        case SYST_RVR: return s_.reload;
        case SYST_CVR: return value(now);
        default: return 0;  // SYST_CALIB: no calibration
    }
}

void SysTick::write(std::uint32_t offset, std::uint32_t data, Cycles now) {
    switch (offset) {
        case SYST_CSR:
            rebase(now);
            s_.csr = data & (kEnable | kTickInt | kClkSource);
            s_.base_ticks = ticks(now);
            break;
        case SYST_RVR:
            rebase(now);
            s_.reload = data & 0xffffff;
            break;
        case SYST_CVR:
            s_.base = 0;
            s_.base_ticks = ticks(now);
            s_.count_flag = false;
            break;
        default: return;  // SYST_CALIB cannot be written
    }
    schedule(now);
}

}  // namespace rp2040
