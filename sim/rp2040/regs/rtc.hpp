// Rendered from platforms/rp2040/rtc.toml by `make chip`: change it there.
// Real-time clock (datasheet 4.8.6).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kRtcFields[] = {
    // CLKDIV_M1
    {"CLKDIV_M1", 0, 16, Access::rw},
    // SETUP_0
    {"YEAR", 12, 12, Access::rw},
    {"MONTH", 8, 4, Access::rw},
    {"DAY", 0, 5, Access::rw},
    // SETUP_1
    {"DOTW", 24, 3, Access::rw},
    {"HOUR", 16, 5, Access::rw},
    {"MIN", 8, 6, Access::rw},
    {"SEC", 0, 6, Access::rw},
    // CTRL
    {"FORCE_NOTLEAPYEAR", 8, 1, Access::rw},
    {"LOAD", 4, 1, Access::sc},
    {"RTC_ACTIVE", 1, 1, Access::ro},
    {"RTC_ENABLE", 0, 1, Access::rw},
    // IRQ_SETUP_0
    {"MATCH_ACTIVE", 29, 1, Access::ro},
    {"MATCH_ENA", 28, 1, Access::rw},
    {"YEAR_ENA", 26, 1, Access::rw},
    {"MONTH_ENA", 25, 1, Access::rw},
    {"DAY_ENA", 24, 1, Access::rw},
    {"YEAR", 12, 12, Access::rw},
    {"MONTH", 8, 4, Access::rw},
    {"DAY", 0, 5, Access::rw},
    // IRQ_SETUP_1
    {"DOTW_ENA", 31, 1, Access::rw},
    {"HOUR_ENA", 30, 1, Access::rw},
    {"MIN_ENA", 29, 1, Access::rw},
    {"SEC_ENA", 28, 1, Access::rw},
    {"DOTW", 24, 3, Access::rw},
    {"HOUR", 16, 5, Access::rw},
    {"MIN", 8, 6, Access::rw},
    {"SEC", 0, 6, Access::rw},
    // RTC_1
    {"YEAR", 12, 12, Access::ro},
    {"MONTH", 8, 4, Access::ro},
    {"DAY", 0, 5, Access::ro},
    // RTC_0
    {"DOTW", 24, 3, Access::rp},
    {"HOUR", 16, 5, Access::rp},
    {"MIN", 8, 6, Access::rp},
    {"SEC", 0, 6, Access::rp},
    // INTR
    {"RTC", 0, 1, Access::ro},
    // INTE
    {"RTC", 0, 1, Access::rw},
};
inline constexpr Register kRtcRegisters[] = {
    {"CLKDIV_M1", 0x000, {kRtcFields, 1}},
    {"SETUP_0", 0x004, {kRtcFields + 1, 3}},
    {"SETUP_1", 0x008, {kRtcFields + 4, 4}},
    {"CTRL", 0x00c, {kRtcFields + 8, 4}},
    {"IRQ_SETUP_0", 0x010, {kRtcFields + 12, 8}},
    {"IRQ_SETUP_1", 0x014, {kRtcFields + 20, 8}},
    {"RTC_1", 0x018, {kRtcFields + 28, 3}},
    {"RTC_0", 0x01c, {kRtcFields + 31, 4}},
    {"INTR", 0x020, {kRtcFields + 35, 1}},
    {"INTE", 0x024, {kRtcFields + 36, 1}},
    {"INTF", 0x028, {kRtcFields + 36, 1}},
    {"INTS", 0x02c, {kRtcFields + 35, 1}},
};
inline constexpr std::string_view kRtcInstances[] = {"RTC"};
inline constexpr std::uint32_t kRtcBases[] = {0x4005c000};
inline constexpr Block kRtc{
    "RTC", kRtcInstances, kRtcBases, 0x4000, kRtcRegisters};
// clang-format on

}  // namespace rp2040::regs
