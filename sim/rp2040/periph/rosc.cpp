#include "periph/rosc.hpp"

#include <bit>

namespace rp2040 {

namespace {
constexpr std::uint32_t kCtrl = 0x00, kFreqa = 0x04, kFreqb = 0x08, kDormant = 0x0c, kDiv = 0x10, kPhase = 0x14,
                        kStatus = 0x18, kRandombit = 0x1c, kCount = 0x20;
constexpr std::uint32_t kEnableCode = 0xfab, kDisableCode = 0xd1e;
constexpr std::uint32_t kPassword = 0x9696;
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
    const unsigned ring = stages(s_.ctrl & 0xfff);
    // A stage of drive strength n (one plus the set bits of its DS field) takes 1/n of a weak stage's time.
    // Delays are summed in twelfths so that 1, 1/2, 1/3 and 1/4 are whole numbers.
    std::uint64_t delay = 0;
    for (unsigned stage = 0; stage < (ring == 0 ? 8 : ring); ++stage) {
        const std::uint32_t reg = stage < 4 ? s_.freqa : s_.freqb;
        const bool applied = (reg >> 16) == kPassword;
        const auto ds = (reg >> (4 * (stage % 4))) & 7u;
        delay += 12u / (applied ? 1u + static_cast<unsigned>(std::popcount(ds)) : 1u);
    }
    const std::uint32_t code = s_.div - 0xaa0;
    const std::uint32_t divider = code == 0 ? 32 : code < 32 ? code : 31;
    return static_cast<std::uint32_t>(std::uint64_t{kNominalRingHz} * 96 / (delay * divider));
}

std::uint32_t Rosc::peek(std::uint32_t offset) {
    switch (offset) {
        case kCtrl: return s_.ctrl;
        case kFreqa: return s_.freqa;
        case kFreqb: return s_.freqb;
        case kDormant: return s_.dormant ? kDormantCode : kWakeCode;
        case kDiv: return s_.div;
        case kPhase: return s_.phase;
        case kStatus:
            return (hz() != 0 ? 1u << 31 | 1u << 16 : 0) | (s_.enabled ? 1u << 12 : 0) | (s_.bad_write ? 1u << 24 : 0);
        case kRandombit: return s_.random & 1u;
        case kCount: {
            const std::uint64_t elapsed = s_.ring.count(now()) - s_.count_origin;
            return elapsed >= s_.count_start ? 0 : s_.count_start - static_cast<std::uint32_t>(elapsed);
        }
        default: unmodelled(offset, false);
    }
}

std::uint32_t Rosc::read(std::uint32_t offset) {
    const std::uint32_t value = peek(offset);
    if (offset == kRandombit && s_.enabled) {
        const std::uint32_t lsb = s_.random & 1u;  // x^32 + x^22 + x^2 + x + 1, Galois form.
        s_.random = (s_.random >> 1) ^ (lsb != 0 ? 0x80200003u : 0u);
    }
    return value;
}

void Rosc::write_ctrl(std::uint32_t value) {
    const std::uint32_t old_range = s_.ctrl & 0xfff;
    s_.ctrl = value & 0x00ffffff;
    if (stages(s_.ctrl & 0xfff) == 0) {
        s_.bad_write = true;
        s_.ctrl = (s_.ctrl & ~0xfffu) | old_range;
    }
    const std::uint32_t code = s_.ctrl >> 12;
    if (code != kEnableCode && code != kDisableCode && code != 0) s_.bad_write = true;
    s_.enabled = code != kDisableCode;  // an invalid code enables it as well
}

void Rosc::write(std::uint32_t offset, std::uint32_t value) {
    const std::uint32_t old_hz = hz();
    switch (offset) {
        case kCtrl: write_ctrl(value); break;
        case kFreqa: s_.freqa = value & 0xffff7777; break;
        case kFreqb: s_.freqb = value & 0xffff7777; break;
        case kDormant:
            if (value != kDormantCode && value != kWakeCode) s_.bad_write = true;  // also selects WAKE
            s_.dormant = value == kDormantCode && s_.enabled;
            break;
        case kDiv: s_.div = value & 0xfff; break;
        case kPhase: s_.phase = value & 0xfff; break;
        case kStatus: s_.bad_write = false; break;
        case kRandombit: break;
        case kCount:
            s_.count_start = value & 0xff;
            s_.count_origin = s_.ring.count(now());
            break;
        default: unmodelled(offset, true);
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
