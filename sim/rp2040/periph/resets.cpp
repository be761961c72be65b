#include "periph/resets.hpp"

#include "regs/resets.hpp"

namespace rp2040 {

namespace {
constexpr const regs::Block& kRegs = regs::kResets;
consteval std::uint32_t at(std::string_view name) { return kRegs.at(name); }
}  // namespace

std::uint32_t Resets::read(std::uint32_t offset) {
    switch (offset) {
        case at("RESET"): return s_.reset;
        case at("WDSEL"): return s_.wdsel;
        case at("RESET_DONE"): return ~s_.reset & ResetsState::kAll;
        default: unmodelled(offset, false);
    }
}

void Resets::write(std::uint32_t offset, std::uint32_t value) {
    switch (offset) {
        case at("RESET"): {
            const std::uint32_t changed = (s_.reset ^ value) & ResetsState::kAll;
            s_.reset = value & ResetsState::kAll;
            if (changed != 0) fabric_.reset_blocks(changed);
            break;
        }
        case at("WDSEL"): s_.wdsel = value & ResetsState::kAll; break;
        default: ignore_read_only(offset);
    }
}

void Resets::watchdog_fired() { write(at("RESET"), s_.reset | s_.wdsel); }

}  // namespace rp2040
