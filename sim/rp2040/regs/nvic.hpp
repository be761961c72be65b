// Rendered from platforms/rp2040/nvic.toml by `make chip`: change it there.
// Interrupt controller (datasheet 2.4.8).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kNvicFields[] = {
    // NVIC_ISER
    {"SETENA", 0, 32, Access::rw},
    // NVIC_ICER
    {"CLRENA", 0, 32, Access::rw},
    // NVIC_ISPR
    {"SETPEND", 0, 32, Access::rw},
    // NVIC_ICPR
    {"CLRPEND", 0, 32, Access::rw},
    // NVIC_IPR%
    {"IP_3", 30, 2, Access::rw},
    {"IP_2", 22, 2, Access::rw},
    {"IP_1", 14, 2, Access::rw},
    {"IP_0", 6, 2, Access::rw},
};
inline constexpr Register kNvicRegisters[] = {
    {"NVIC_ISER", 0x000, {kNvicFields, 1}},
    {"NVIC_ICER", 0x080, {kNvicFields + 1, 1}},
    {"NVIC_ISPR", 0x100, {kNvicFields + 2, 1}},
    {"NVIC_ICPR", 0x180, {kNvicFields + 3, 1}},
    {"NVIC_IPR%", 0x300, {kNvicFields + 4, 4}, 8},
};
inline constexpr std::string_view kNvicInstances[] = {"NVIC"};
inline constexpr std::uint32_t kNvicBases[] = {0xe000e100};
inline constexpr Block kNvic{
    "NVIC", kNvicInstances, kNvicBases, 0x320, kNvicRegisters};
// clang-format on

}  // namespace rp2040::regs
