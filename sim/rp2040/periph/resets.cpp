#include "periph/resets.hpp"

namespace rp2040 {

namespace {
constexpr std::uint32_t kReset = 0x0, kWdsel = 0x4, kResetDone = 0x8;
}

std::uint32_t Resets::read(std::uint32_t offset) {
    switch (offset) {
        case kReset: return s_.reset;
        case kWdsel: return s_.wdsel;
        case kResetDone: return ~s_.reset & ResetsState::kAll;
        default: unmodelled(offset, false);
    }
}

void Resets::write(std::uint32_t offset, std::uint32_t value) {
    switch (offset) {
        case kReset: {
            const std::uint32_t changed = (s_.reset ^ value) & ResetsState::kAll;
            s_.reset = value & ResetsState::kAll;
            if (changed != 0) fabric_.reset_blocks(changed);
            break;
        }
        case kWdsel: s_.wdsel = value & ResetsState::kAll; break;
        case kResetDone: break;
        default: unmodelled(offset, true);
    }
}

void Resets::watchdog_fired() { write(kReset, s_.reset | s_.wdsel); }

}  // namespace rp2040
