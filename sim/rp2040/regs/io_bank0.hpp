// Rendered from platforms/rp2040/io_bank0.toml by `make chip`: change it there.
// Functions and interrupts of the user pins (datasheet 2.19.6.1).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kIoBank0Fields[] = {
    // GPIO%_STATUS
    {"IRQTOPROC", 26, 1, Access::ro},
    {"IRQFROMPAD", 24, 1, Access::ro},
    {"INTOPERI", 19, 1, Access::ro},
    {"INFROMPAD", 17, 1, Access::ro},
    {"OETOPAD", 13, 1, Access::ro},
    {"OEFROMPERI", 12, 1, Access::ro},
    {"OUTTOPAD", 9, 1, Access::ro},
    {"OUTFROMPERI", 8, 1, Access::ro},
    // GPIO%_CTRL
    {"IRQOVER", 28, 2, Access::rw},
    {"INOVER", 16, 2, Access::rw},
    {"OEOVER", 12, 2, Access::rw},
    {"OUTOVER", 8, 2, Access::rw},
    {"FUNCSEL", 0, 5, Access::rw, Verdict::full, 0x1f},
    // INTR%
    {"GPIO%_EDGE_HIGH", 3, 1, Access::wc, Verdict::full, 0, 8, 4},
    {"GPIO%_EDGE_LOW", 2, 1, Access::wc, Verdict::full, 0, 8, 4},
    {"GPIO%_LEVEL_HIGH", 1, 1, Access::ro, Verdict::full, 0, 8, 4},
    {"GPIO%_LEVEL_LOW", 0, 1, Access::ro, Verdict::full, 0, 8, 4},
    // PROC0_INTE%
    {"GPIO%_EDGE_HIGH", 3, 1, Access::rw, Verdict::full, 0, 8, 4},
    {"GPIO%_EDGE_LOW", 2, 1, Access::rw, Verdict::full, 0, 8, 4},
    {"GPIO%_LEVEL_HIGH", 1, 1, Access::rw, Verdict::full, 0, 8, 4},
    {"GPIO%_LEVEL_LOW", 0, 1, Access::rw, Verdict::full, 0, 8, 4},
    // PROC0_INTS%
    {"GPIO%_EDGE_HIGH", 3, 1, Access::ro, Verdict::full, 0, 8, 4},
    {"GPIO%_EDGE_LOW", 2, 1, Access::ro, Verdict::full, 0, 8, 4},
    {"GPIO%_LEVEL_HIGH", 1, 1, Access::ro, Verdict::full, 0, 8, 4},
    {"GPIO%_LEVEL_LOW", 0, 1, Access::ro, Verdict::full, 0, 8, 4},
};
inline constexpr Register kIoBank0Registers[] = {
    {"GPIO%_STATUS", 0x000, {kIoBank0Fields, 8}, 30, 0x8},
    {"GPIO%_CTRL", 0x004, {kIoBank0Fields + 8, 5}, 30, 0x8},
    {"INTR%", 0x0f0, {kIoBank0Fields + 13, 4}, 4, 0x4, 0, 30},
    {"PROC0_INTE%", 0x100, {kIoBank0Fields + 17, 4}, 4, 0x4, 0, 30},
    {"PROC0_INTF%", 0x110, {kIoBank0Fields + 17, 4}, 4, 0x4, 0, 30},
    {"PROC0_INTS%", 0x120, {kIoBank0Fields + 21, 4}, 4, 0x4, 0, 30},
    {"PROC1_INTE%", 0x130, {kIoBank0Fields + 17, 4}, 4, 0x4, 0, 30},
    {"PROC1_INTF%", 0x140, {kIoBank0Fields + 17, 4}, 4, 0x4, 0, 30},
    {"PROC1_INTS%", 0x150, {kIoBank0Fields + 21, 4}, 4, 0x4, 0, 30},
    {"DORMANT_WAKE_INTE%", 0x160, {kIoBank0Fields + 17, 4}, 4, 0x4, 0, 30},
    {"DORMANT_WAKE_INTF%", 0x170, {kIoBank0Fields + 17, 4}, 4, 0x4, 0, 30},
    {"DORMANT_WAKE_INTS%", 0x180, {kIoBank0Fields + 21, 4}, 4, 0x4, 0, 30},
};
inline constexpr std::string_view kIoBank0Instances[] = {"IO_BANK0"};
inline constexpr std::uint32_t kIoBank0Bases[] = {0x40014000};
inline constexpr Block kIoBank0{
    "IO_BANK0", kIoBank0Instances, kIoBank0Bases, 0x4000, kIoBank0Registers};
// clang-format on

}  // namespace rp2040::regs
