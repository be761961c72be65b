#include "periph/xosc.hpp"

#include "regs/xosc.hpp"

namespace rp2040 {

namespace {
constexpr const regs::Block& kRegs = regs::kXosc;
consteval std::uint32_t at(std::string_view name) { return kRegs.at(name); }
constexpr std::uint32_t kEnableCode = 0xfab, kDisableCode = 0xd1e, kRange1To15MHz = 0xaa0;
constexpr std::uint32_t kWakeCode = 0x77616b65, kDormantCode = 0x636f6d61;
constexpr regs::Bits kRange = kRegs.bits("CTRL.FREQ_RANGE"), kEnable = kRegs.bits("CTRL.ENABLE"),
                     kDelay = kRegs.bits("STARTUP.DELAY");
constexpr std::uint32_t kStable = kRegs.mask("STATUS.STABLE"), kEnabled = kRegs.mask("STATUS.ENABLED"),
                        kBadWrite = kRegs.mask("STATUS.BADWRITE"), kX4 = kRegs.mask("STARTUP.X4");
}  // namespace

bool Xosc::stable() const {
    if (hz() == 0) return false;
    const std::uint64_t delay = std::uint64_t{kDelay.of(s_.startup)} * 256 * ((s_.startup & kX4) != 0 ? 4 : 1);
    return s_.crystal.count(now()) >= delay;
}

std::uint32_t Xosc::read(std::uint32_t offset) {
    switch (offset) {
        case at("CTRL"): return s_.ctrl;
        case at("STATUS"):
            return (stable() ? kStable : 0) | (s_.bad_write ? kBadWrite : 0) | (s_.enabled ? kEnabled : 0);
        case at("DORMANT"): return s_.dormant ? kDormantCode : kWakeCode;
        case at("STARTUP"): return s_.startup;
        case at("COUNT"): {
            const std::uint64_t elapsed = s_.crystal.count(now()) - s_.count_origin;
            return elapsed >= s_.count_start ? 0 : s_.count_start - static_cast<std::uint32_t>(elapsed);
        }
        default: unmodelled(offset, false);
    }
}

void Xosc::write_ctrl(std::uint32_t value) {
    s_.ctrl = value & kRegs.writable("CTRL");
    const std::uint32_t code = kEnable.of(s_.ctrl);
    if (kRange.of(s_.ctrl) != kRange1To15MHz) s_.bad_write = true;
    // The SDK writes the range alone first: the reset value of the code does nothing. Any other invalid code enables.
    if (code == 0) return;
    if (code != kEnableCode && code != kDisableCode) s_.bad_write = true;
    const bool enable = code != kDisableCode;
    if (enable == s_.enabled) return;
    s_.enabled = enable;
    restart();
}

/// Datasheet 2.16.5: the oscillator stops until something wakes it, then starts up anew.
void Xosc::set_dormant(bool dormant) {
    if (dormant == s_.dormant || !s_.enabled) return;
    s_.dormant = dormant;
    restart();
}

/// It has begun or ceased to run.
void Xosc::restart() {
    s_.crystal.set_count(now(), 0);
    s_.count_origin = 0;
    s_.count_start = 0;
    clocks_changed();
    if (on_change) on_change();
}

void Xosc::write(std::uint32_t offset, std::uint32_t value) {
    switch (offset) {
        case at("CTRL"): write_ctrl(value); break;
        case at("STATUS"): s_.bad_write = s_.bad_write && (value & kBadWrite) == 0; break;
        case at("DORMANT"):
            if (value != kDormantCode && value != kWakeCode) s_.bad_write = true;  // also selects WAKE
            set_dormant(value == kDormantCode);
            break;
        case at("STARTUP"): s_.startup = value & kRegs.writable("STARTUP"); break;
        case at("COUNT"):
            s_.count_start = value & kRegs.writable("COUNT");
            s_.count_origin = s_.crystal.count(now());
            break;
        default: unmodelled(offset, true);
    }
}

void Xosc::clocks_changed() { s_.crystal.set_rate(now(), hz(), fabric_.clock_hz(ClockId::sys)); }

void Xosc::reset() {
    const std::uint32_t crystal = s_.crystal_hz;
    s_ = XoscState{};
    s_.crystal_hz = crystal;
    s_.crystal.set_count(now(), 0);
}

void Xosc::set_crystal(std::uint32_t hz) {
    s_.crystal_hz = hz;
    clocks_changed();
    if (s_.enabled && on_change) on_change();
}

}  // namespace rp2040
