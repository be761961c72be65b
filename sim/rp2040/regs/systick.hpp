// Rendered from platforms/rp2040/systick.toml by `make chip`: change it there.
// System timer (datasheet 2.4.8).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kSystickFields[] = {
    // SYST_CSR
    {"COUNTFLAG", 16, 1, Access::ro},
    {"CLKSOURCE", 2, 1, Access::rw},
    {"TICKINT", 1, 1, Access::rw},
    {"ENABLE", 0, 1, Access::rw},
    // SYST_RVR
    {"RELOAD", 0, 24, Access::rw},
    // SYST_CVR
    {"CURRENT", 0, 24, Access::rw},
    // SYST_CALIB
    {"NOREF", 31, 1, Access::ro},
    {"SKEW", 30, 1, Access::ro},
    {"TENMS", 0, 24, Access::ro},
};
inline constexpr Register kSystickRegisters[] = {
    {"SYST_CSR", 0x000, {kSystickFields, 4}},
    {"SYST_RVR", 0x004, {kSystickFields + 4, 1}},
    {"SYST_CVR", 0x008, {kSystickFields + 5, 1}},
    {"SYST_CALIB", 0x00c, {kSystickFields + 6, 3}},
};
inline constexpr std::string_view kSystickInstances[] = {"SYSTICK"};
inline constexpr std::uint32_t kSystickBases[] = {0xe000e010};
inline constexpr Block kSystick{
    "SYSTICK", kSystickInstances, kSystickBases, 0x10, kSystickRegisters};
// clang-format on

}  // namespace rp2040::regs
