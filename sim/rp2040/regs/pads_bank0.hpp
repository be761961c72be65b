// Rendered from platforms/rp2040/pads_bank0.toml by `make chip`: change it there.
// Pads of the user pins (datasheet 2.19.6.3).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kPadsBank0Fields[] = {
    // VOLTAGE_SELECT
    {"VOLTAGE_SELECT", 0, 1, Access::rw, Verdict::stored},
    // GPIO%
    {"OD", 7, 1, Access::rw},
    {"IE", 6, 1, Access::rw, Verdict::full, 1},
    {"DRIVE", 4, 2, Access::rw, Verdict::stored, 1},
    {"PUE", 3, 1, Access::rw},
    {"PDE", 2, 1, Access::rw, Verdict::full, 1},
    {"SCHMITT", 1, 1, Access::rw, Verdict::stored, 1},
    {"SLEWFAST", 0, 1, Access::rw, Verdict::stored},
    // SWCLK
    {"OD", 7, 1, Access::rw, Verdict::stored, 1},
    {"IE", 6, 1, Access::rw, Verdict::stored, 1},
    {"DRIVE", 4, 2, Access::rw, Verdict::stored, 1},
    {"PUE", 3, 1, Access::rw, Verdict::stored, 1},
    {"PDE", 2, 1, Access::rw, Verdict::stored},
    {"SCHMITT", 1, 1, Access::rw, Verdict::stored, 1},
    {"SLEWFAST", 0, 1, Access::rw, Verdict::stored},
    // SWD
    {"OD", 7, 1, Access::rw, Verdict::stored},
    {"IE", 6, 1, Access::rw, Verdict::stored, 1},
    {"DRIVE", 4, 2, Access::rw, Verdict::stored, 1},
    {"PUE", 3, 1, Access::rw, Verdict::stored, 1},
    {"PDE", 2, 1, Access::rw, Verdict::stored},
    {"SCHMITT", 1, 1, Access::rw, Verdict::stored, 1},
    {"SLEWFAST", 0, 1, Access::rw, Verdict::stored},
};
inline constexpr Register kPadsBank0Registers[] = {
    {"VOLTAGE_SELECT", 0x000, {kPadsBank0Fields, 1}},
    {"GPIO%", 0x004, {kPadsBank0Fields + 1, 7}, 30},
    {"SWCLK", 0x07c, {kPadsBank0Fields + 8, 7}},
    {"SWD", 0x080, {kPadsBank0Fields + 15, 7}},
};
inline constexpr std::string_view kPadsBank0Instances[] = {"PADS_BANK0"};
inline constexpr std::uint32_t kPadsBank0Bases[] = {0x4001c000};
inline constexpr Block kPadsBank0{
    "PADS_BANK0", kPadsBank0Instances, kPadsBank0Bases, 0x4000, kPadsBank0Registers};
// clang-format on

}  // namespace rp2040::regs
