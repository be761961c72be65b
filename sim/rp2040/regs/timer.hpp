// Rendered from platforms/rp2040/timer.toml by `make chip`: change it there.
// Microsecond timer (datasheet 4.6.5).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kTimerFields[] = {
    // TIMEHW
    {"TIMEHW", 0, 32, Access::wo},
    // TIMELW
    {"TIMELW", 0, 32, Access::wo},
    // TIMEHR
    {"TIMEHR", 0, 32, Access::ro},
    // TIMELR
    {"TIMELR", 0, 32, Access::rp},
    // ALARM%
    {"ALARM%", 0, 32, Access::rw},
    // ARMED
    {"ARMED", 0, 4, Access::wc},
    // TIMERAWH
    {"TIMERAWH", 0, 32, Access::ro},
    // TIMERAWL
    {"TIMERAWL", 0, 32, Access::ro},
    // DBGPAUSE
    {"DBG1", 2, 1, Access::rw, Verdict::stored, 1},
    {"DBG0", 1, 1, Access::rw, Verdict::stored, 1},
    {"RESERVED", 0, 1, Access::ro, Verdict::full, 1},
    // PAUSE
    {"PAUSE", 0, 1, Access::rw},
    // INTR
    {"ALARM_%", 0, 1, Access::wc, Verdict::full, 0, 4, 1},
    // INTE
    {"ALARM_%", 0, 1, Access::rw, Verdict::full, 0, 4, 1},
    // INTS
    {"ALARM_%", 0, 1, Access::ro, Verdict::full, 0, 4, 1},
};
inline constexpr Register kTimerRegisters[] = {
    {"TIMEHW", 0x000, {kTimerFields, 1}},
    {"TIMELW", 0x004, {kTimerFields + 1, 1}},
    {"TIMEHR", 0x008, {kTimerFields + 2, 1}},
    {"TIMELR", 0x00c, {kTimerFields + 3, 1}},
    {"ALARM%", 0x010, {kTimerFields + 4, 1}, 4},
    {"ARMED", 0x020, {kTimerFields + 5, 1}},
    {"TIMERAWH", 0x024, {kTimerFields + 6, 1}},
    {"TIMERAWL", 0x028, {kTimerFields + 7, 1}},
    {"DBGPAUSE", 0x02c, {kTimerFields + 8, 3}},
    {"PAUSE", 0x030, {kTimerFields + 11, 1}},
    {"INTR", 0x034, {kTimerFields + 12, 1}},
    {"INTE", 0x038, {kTimerFields + 13, 1}},
    {"INTF", 0x03c, {kTimerFields + 13, 1}},
    {"INTS", 0x040, {kTimerFields + 14, 1}},
};
inline constexpr std::string_view kTimerInstances[] = {"TIMER"};
inline constexpr std::uint32_t kTimerBases[] = {0x40054000};
inline constexpr Block kTimer{
    "TIMER", kTimerInstances, kTimerBases, 0x4000, kTimerRegisters};
// clang-format on

}  // namespace rp2040::regs
