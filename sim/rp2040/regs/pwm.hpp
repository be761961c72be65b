// Rendered from platforms/rp2040/pwm.toml by `make chip`: change it there.
// Pulse width modulation (datasheet 4.5.3).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kPwmFields[] = {
    // CH%_CSR
    {"PH_ADV", 7, 1, Access::sc},
    {"PH_RET", 6, 1, Access::sc},
    {"DIVMODE", 4, 2, Access::rw},
    {"B_INV", 3, 1, Access::rw},
    {"A_INV", 2, 1, Access::rw},
    {"PH_CORRECT", 1, 1, Access::rw},
    {"EN", 0, 1, Access::rw},
    // CH%_DIV
    {"INT", 4, 8, Access::rw, Verdict::full, 1},
    {"FRAC", 0, 4, Access::rw},
    // CH%_CTR
    {"CH%_CTR", 0, 16, Access::rw},
    // CH%_CC
    {"B", 16, 16, Access::rw},
    {"A", 0, 16, Access::rw},
    // CH%_TOP
    {"CH%_TOP", 0, 16, Access::rw, Verdict::full, 0xffff},
    // EN
    {"CH%", 0, 1, Access::rw, Verdict::full, 0, 8, 1},
    // INTR
    {"CH%", 0, 1, Access::wc, Verdict::full, 0, 8, 1},
    // INTS
    {"CH%", 0, 1, Access::ro, Verdict::full, 0, 8, 1},
};
inline constexpr Register kPwmRegisters[] = {
    {"CH%_CSR", 0x000, {kPwmFields, 7}, 8, 0x14},
    {"CH%_DIV", 0x004, {kPwmFields + 7, 2}, 8, 0x14},
    {"CH%_CTR", 0x008, {kPwmFields + 9, 1}, 8, 0x14},
    {"CH%_CC", 0x00c, {kPwmFields + 10, 2}, 8, 0x14},
    {"CH%_TOP", 0x010, {kPwmFields + 12, 1}, 8, 0x14},
    {"EN", 0x0a0, {kPwmFields + 13, 1}},
    {"INTR", 0x0a4, {kPwmFields + 14, 1}},
    {"INTE", 0x0a8, {kPwmFields + 13, 1}},
    {"INTF", 0x0ac, {kPwmFields + 13, 1}},
    {"INTS", 0x0b0, {kPwmFields + 15, 1}},
};
inline constexpr std::string_view kPwmInstances[] = {"PWM"};
inline constexpr std::uint32_t kPwmBases[] = {0x40050000};
inline constexpr Block kPwm{
    "PWM", kPwmInstances, kPwmBases, 0x4000, kPwmRegisters};
// clang-format on

}  // namespace rp2040::regs
