// Rendered from platforms/rp2040/xosc.toml by `make chip`: change it there.
// Crystal oscillator (datasheet 2.16.7).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kXoscFields[] = {
    // CTRL
    {"ENABLE", 12, 12, Access::rw},
    {"FREQ_RANGE", 0, 12, Access::rw},
    // STATUS
    {"STABLE", 31, 1, Access::ro},
    {"BADWRITE", 24, 1, Access::wc},
    {"ENABLED", 12, 1, Access::ro},
    {"FREQ_RANGE", 0, 2, Access::ro},
    // DORMANT
    {"DORMANT", 0, 32, Access::rw, Verdict::full, 0x77616b65},
    // STARTUP
    {"X4", 20, 1, Access::rw},
    {"DELAY", 0, 14, Access::rw, Verdict::full, 0xc4},
    // COUNT
    {"COUNT", 0, 8, Access::rw},
};
inline constexpr Register kXoscRegisters[] = {
    {"CTRL", 0x000, {kXoscFields, 2}},
    {"STATUS", 0x004, {kXoscFields + 2, 4}},
    {"DORMANT", 0x008, {kXoscFields + 6, 1}},
    {"STARTUP", 0x00c, {kXoscFields + 7, 2}},
    {"COUNT", 0x01c, {kXoscFields + 9, 1}},
};
inline constexpr std::string_view kXoscInstances[] = {"XOSC"};
inline constexpr std::uint32_t kXoscBases[] = {0x40024000};
inline constexpr Block kXosc{
    "XOSC", kXoscInstances, kXoscBases, 0x4000, kXoscRegisters};
// clang-format on

}  // namespace rp2040::regs
