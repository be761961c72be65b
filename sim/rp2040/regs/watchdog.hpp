// Rendered from platforms/rp2040/watchdog.toml by `make chip`: change it there.
// Watchdog (datasheet 4.7.6).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kWatchdogFields[] = {
    // CTRL
    {"TRIGGER", 31, 1, Access::sc},
    {"ENABLE", 30, 1, Access::rw},
    {"PAUSE_DBG1", 26, 1, Access::rw, Verdict::stored, 1},
    {"PAUSE_DBG0", 25, 1, Access::rw, Verdict::stored, 1},
    {"PAUSE_JTAG", 24, 1, Access::rw, Verdict::stored, 1},
    {"TIME", 0, 24, Access::ro},
    // LOAD
    {"LOAD", 0, 24, Access::wo},
    // REASON
    {"FORCE", 1, 1, Access::ro},
    {"TIMER", 0, 1, Access::ro},
    // SCRATCH%
    {"SCRATCH%", 0, 32, Access::rw, Verdict::stored},
    // TICK
    {"COUNT", 11, 9, Access::ro},
    {"RUNNING", 10, 1, Access::ro},
    {"ENABLE", 9, 1, Access::rw, Verdict::full, 1},
    {"CYCLES", 0, 9, Access::rw},
};
inline constexpr Register kWatchdogRegisters[] = {
    {"CTRL", 0x000, {kWatchdogFields, 6}},
    {"LOAD", 0x004, {kWatchdogFields + 6, 1}},
    {"REASON", 0x008, {kWatchdogFields + 7, 2}},
    {"SCRATCH%", 0x00c, {kWatchdogFields + 9, 1}, 8},
    {"TICK", 0x02c, {kWatchdogFields + 10, 4}},
};
inline constexpr std::string_view kWatchdogInstances[] = {"WATCHDOG"};
inline constexpr std::uint32_t kWatchdogBases[] = {0x40058000};
inline constexpr Block kWatchdog{
    "WATCHDOG", kWatchdogInstances, kWatchdogBases, 0x4000, kWatchdogRegisters};
// clang-format on

}  // namespace rp2040::regs
