// Rendered from platforms/rp2040/adc.toml by `make chip`: change it there.
// Analogue-to-digital converter (datasheet 4.9.6).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kAdcFields[] = {
    // CS
    {"RROBIN", 16, 5, Access::rw},
    {"AINSEL", 12, 3, Access::rw},
    {"ERR_STICKY", 10, 1, Access::wc, Verdict::stored},
    {"ERR", 9, 1, Access::ro},
    {"READY", 8, 1, Access::ro},
    {"START_MANY", 3, 1, Access::rw},
    {"START_ONCE", 2, 1, Access::sc},
    {"TS_EN", 1, 1, Access::rw},
    {"EN", 0, 1, Access::rw},
    // RESULT
    {"RESULT", 0, 12, Access::ro},
    // FCS
    {"THRESH", 24, 4, Access::rw},
    {"LEVEL", 16, 4, Access::ro},
    {"OVER", 11, 1, Access::wc},
    {"UNDER", 10, 1, Access::wc},
    {"FULL", 9, 1, Access::ro},
    {"EMPTY", 8, 1, Access::ro},
    {"DREQ_EN", 3, 1, Access::rw},
    {"ERR", 2, 1, Access::rw, Verdict::stored},
    {"SHIFT", 1, 1, Access::rw},
    {"EN", 0, 1, Access::rw},
    // FIFO
    {"ERR", 15, 1, Access::rp},
    {"VAL", 0, 12, Access::rp},
    // DIV
    {"INT", 8, 16, Access::rw},
    {"FRAC", 0, 8, Access::rw},
    // INTR
    {"FIFO", 0, 1, Access::ro},
    // INTE
    {"FIFO", 0, 1, Access::rw},
};
inline constexpr Register kAdcRegisters[] = {
    {"CS", 0x000, {kAdcFields, 9}},
    {"RESULT", 0x004, {kAdcFields + 9, 1}},
    {"FCS", 0x008, {kAdcFields + 10, 10}},
    {"FIFO", 0x00c, {kAdcFields + 20, 2}},
    {"DIV", 0x010, {kAdcFields + 22, 2}},
    {"INTR", 0x014, {kAdcFields + 24, 1}},
    {"INTE", 0x018, {kAdcFields + 25, 1}},
    {"INTF", 0x01c, {kAdcFields + 25, 1}},
    {"INTS", 0x020, {kAdcFields + 24, 1}},
};
inline constexpr std::string_view kAdcInstances[] = {"ADC"};
inline constexpr std::uint32_t kAdcBases[] = {0x4004c000};
inline constexpr Block kAdc{
    "ADC", kAdcInstances, kAdcBases, 0x4000, kAdcRegisters};
// clang-format on

}  // namespace rp2040::regs
