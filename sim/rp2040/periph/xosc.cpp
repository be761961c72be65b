#include "periph/xosc.hpp"

namespace rp2040 {

namespace {
constexpr std::uint32_t kCtrl = 0x00, kStatus = 0x04, kDormant = 0x08, kStartup = 0x0c, kCount = 0x1c;
constexpr std::uint32_t kEnableCode = 0xfab, kDisableCode = 0xd1e, kRange1To15MHz = 0xaa0;
constexpr std::uint32_t kWakeCode = 0x77616b65, kDormantCode = 0x636f6d61;
constexpr std::uint32_t kBadWrite = 1u << 24;
}  // namespace

bool Xosc::stable() const {
    if (hz() == 0) return false;
    const std::uint64_t delay = std::uint64_t{s_.startup & 0x3fff} * 256 * ((s_.startup >> 20) & 1u ? 4 : 1);
    return s_.crystal.count(now()) >= delay;
}

std::uint32_t Xosc::read(std::uint32_t offset) {
    switch (offset) {
        case kCtrl: return s_.ctrl;
        case kStatus: return (stable() ? 1u << 31 : 0) | (s_.bad_write ? kBadWrite : 0) | (s_.enabled ? 1u << 12 : 0);
        case kDormant: return s_.dormant ? kDormantCode : kWakeCode;
        case kStartup: return s_.startup;
        case kCount: {
            const std::uint64_t elapsed = s_.crystal.count(now()) - s_.count_origin;
            return elapsed >= s_.count_start ? 0 : s_.count_start - static_cast<std::uint32_t>(elapsed);
        }
        default: unmodelled(offset, false);
    }
}

void Xosc::write_ctrl(std::uint32_t value) {
    s_.ctrl = value & 0x00ffffff;
    const std::uint32_t code = s_.ctrl >> 12;
    if ((s_.ctrl & 0xfff) != kRange1To15MHz) s_.bad_write = true;
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
        case kCtrl: write_ctrl(value); break;
        case kStatus:
            // BADWRITE is write-to-clear; hw_clear_bits() arrives here with the bit already removed.
            s_.bad_write = false;
            break;
        case kDormant:
            if (value != kDormantCode && value != kWakeCode) s_.bad_write = true;  // also selects WAKE
            set_dormant(value == kDormantCode);
            break;
        case kStartup: s_.startup = value & 0x00103fff; break;
        case kCount:
            s_.count_start = value & 0xff;
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
