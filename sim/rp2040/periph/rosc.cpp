#include "periph/rosc.hpp"

#include <algorithm>
#include <bit>

#include "regs/rosc.hpp"

namespace rp2040 {

namespace {
constexpr const regs::Block& kRegs = regs::kRosc;
consteval std::uint32_t at(std::string_view name) { return kRegs.at(name); }
constexpr std::uint32_t kEnableCode = 0xfab, kDisableCode = 0xd1e;
constexpr std::uint32_t kPassword = 0x9696;
constexpr std::uint32_t kDivPassword = 0xaa0, kLargestDiv = 31, kPhaseCode = 0xaa;
constexpr regs::Bits kPhasePassword = kRegs.bits("PHASE.PASSWD");
constexpr regs::Bits kRange = kRegs.bits("CTRL.FREQ_RANGE"), kEnable = kRegs.bits("CTRL.ENABLE");
constexpr std::uint32_t kStable = kRegs.mask("STATUS.STABLE"), kDivRunning = kRegs.mask("STATUS.DIV_RUNNING"),
                        kEnabled = kRegs.mask("STATUS.ENABLED"), kBadWrite = kRegs.mask("STATUS.BADWRITE");
constexpr std::uint32_t kWakeCode = 0x77616b65, kDormantCode = 0x636f6d61;

/// Stages of the ring for each FREQ_RANGE code; 0 for an invalid code.
unsigned stages(std::uint32_t range) {
    switch (range) {
        case 0xfa4: return 8;  // LOW
        case 0xfa5: return 6;  // MEDIUM
        case 0xfa7: return 4;  // HIGH
        case 0xfa6: return 2;  // TOOHIGH
        case 0xaa0: return 8;  // Reset value.
        default: return 0;
    }
}
}  // namespace

std::uint32_t Rosc::hz() const {
    if (!s_.enabled || s_.dormant) return 0;
    const unsigned ring = stages(kRange.of(s_.ctrl));
    // A stage of drive strength n (one plus the set bits of its DS field) takes 1/n of a weak stage's time.
    // Delays are summed in twelfths so that 1, 1/2, 1/3 and 1/4 are whole numbers.
    std::uint64_t delay = 0;
    for (unsigned stage = 0; stage < (ring == 0 ? 8 : ring); ++stage) {
        const std::uint32_t reg = stage < 4 ? s_.freqa : s_.freqb;
        const bool applied = (reg >> 16) == kPassword;
        const auto ds = (reg >> (4 * (stage % 4))) & 7u;
        delay += 12u / (applied ? 1u + static_cast<unsigned>(std::popcount(ds)) : 1u);
    }
    const std::uint32_t code = s_.div - kDivPassword;
    const std::uint32_t divider = code == 0 ? 32 : std::min(code, kLargestDiv);
    return static_cast<std::uint32_t>(std::uint64_t{kNominalRingHz} * 96 / (delay * divider));
}

std::uint32_t Rosc::peek(std::uint32_t offset) {
    switch (offset) {
        case at("CTRL"): return s_.ctrl;
        case at("FREQA"): return s_.freqa;
        case at("FREQB"): return s_.freqb;
        case at("DORMANT"): return s_.dormant ? kDormantCode : kWakeCode;
        case at("DIV"): return s_.div;
        case at("PHASE"): return s_.phase;
        case at("STATUS"):
            return (hz() != 0 ? kStable | kDivRunning : 0) | (s_.enabled ? kEnabled : 0) |
                   (s_.bad_write ? kBadWrite : 0);
        case at("RANDOMBIT"): return s_.random & 1u;
        case at("COUNT"): {
            const std::uint64_t elapsed = s_.ring.count(now()) - s_.count_origin;
            return elapsed >= s_.count_start ? 0 : s_.count_start - static_cast<std::uint32_t>(elapsed);
        }
        default: unmodelled(offset, false);
    }
}

std::uint32_t Rosc::read(std::uint32_t offset) {
    const std::uint32_t value = peek(offset);
    if (offset == at("RANDOMBIT") && s_.enabled) {
        const std::uint32_t lsb = s_.random & 1u;  // x^32 + x^22 + x^2 + x + 1, Galois form.
        s_.random = (s_.random >> 1) ^ (lsb != 0 ? 0x80200003u : 0u);
    }
    return value;
}

void Rosc::write_ctrl(std::uint32_t value) {
    const std::uint32_t old_range = kRange.of(s_.ctrl);
    s_.ctrl = value & kRegs.writable("CTRL");
    if (stages(kRange.of(s_.ctrl)) == 0) {
        s_.bad_write = true;
        s_.ctrl = (s_.ctrl & ~kRange.mask) | old_range;
    }
    const std::uint32_t code = kEnable.of(s_.ctrl);
    if (code != kEnableCode && code != kDisableCode && code != 0) s_.bad_write = true;
    s_.enabled = code != kDisableCode;  // an invalid code enables it as well
}

void Rosc::write(std::uint32_t offset, std::uint32_t value) {
    const std::uint32_t old_hz = hz();
    switch (offset) {
        case at("CTRL"): write_ctrl(value); break;
        case at("FREQA"):
            s_.bad_write = s_.bad_write || value >> 16 != kPassword;
            s_.freqa = value & kRegs.writable("FREQA");
            break;
        case at("FREQB"):
            s_.bad_write = s_.bad_write || value >> 16 != kPassword;
            s_.freqb = value & kRegs.writable("FREQB");
            break;
        case at("DORMANT"):
            if (value != kDormantCode && value != kWakeCode) s_.bad_write = true;  // also selects WAKE
            s_.dormant = value == kDormantCode && s_.enabled;
            break;
        case at("DIV"):
            s_.div = value & kRegs.writable("DIV");
            s_.bad_write = s_.bad_write || s_.div - kDivPassword > kLargestDiv;
            break;
        case at("PHASE"):
            s_.phase = value & kRegs.writable("PHASE");
            s_.bad_write = s_.bad_write || kPhasePassword.of(s_.phase) != kPhaseCode;
            break;
        case at("STATUS"): s_.bad_write = s_.bad_write && (value & kBadWrite) == 0; break;
        case at("COUNT"):
            s_.count_start = value & kRegs.writable("COUNT");
            s_.count_origin = s_.ring.count(now());
            break;
        default: ignore_read_only(offset);
    }
    changed(old_hz);
}

void Rosc::wake() {
    if (!s_.dormant) return;
    s_.dormant = false;
    changed(0);
}

void Rosc::changed(std::uint32_t old_hz) {
    if (hz() == old_hz) return;
    clocks_changed();
    if (on_change) on_change();
}

void Rosc::clocks_changed() { s_.ring.set_rate(now(), hz(), fabric_.clock_hz(ClockId::sys)); }

}  // namespace rp2040
