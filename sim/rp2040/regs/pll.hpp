// Rendered from platforms/rp2040/pll.toml by `make chip`: change it there.
// Phase-locked loop (datasheet 2.18.4).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kPllFields[] = {
    // CS
    {"LOCK", 31, 1, Access::ro},
    {"BYPASS", 8, 1, Access::rw},
    {"REFDIV", 0, 6, Access::rw, Verdict::full, 1},
    // PWR
    {"VCOPD", 5, 1, Access::rw, Verdict::full, 1},
    {"POSTDIVPD", 3, 1, Access::rw, Verdict::full, 1},
    {"DSMPD", 2, 1, Access::rw, Verdict::stored, 1},
    {"PD", 0, 1, Access::rw, Verdict::full, 1},
    // FBDIV_INT
    {"FBDIV_INT", 0, 12, Access::rw},
    // PRIM
    {"POSTDIV1", 16, 3, Access::rw, Verdict::full, 7},
    {"POSTDIV2", 12, 3, Access::rw, Verdict::full, 7},
};
inline constexpr Register kPllRegisters[] = {
    {"CS", 0x000, {kPllFields, 3}},
    {"PWR", 0x004, {kPllFields + 3, 4}},
    {"FBDIV_INT", 0x008, {kPllFields + 7, 1}},
    {"PRIM", 0x00c, {kPllFields + 8, 2}},
};
inline constexpr std::string_view kPllInstances[] = {"PLL_SYS", "PLL_USB"};
inline constexpr std::uint32_t kPllBases[] = {0x40028000, 0x4002c000};
inline constexpr Block kPll{
    "PLL", kPllInstances, kPllBases, 0x4000, kPllRegisters};
// clang-format on

}  // namespace rp2040::regs
