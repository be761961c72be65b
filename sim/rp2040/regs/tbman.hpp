// Rendered from platforms/rp2040/tbman.toml by `make chip`: change it there.
// Test bench manager (datasheet 2.22).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kTbmanFields[] = {
    // PLATFORM
    {"RESERVED", 2, 1, Access::ro, Verdict::full, 1},
    {"FPGA", 1, 1, Access::ro},
    {"ASIC", 0, 1, Access::ro, Verdict::full, 1},
};
inline constexpr Register kTbmanRegisters[] = {
    {"PLATFORM", 0x000, {kTbmanFields, 3}},
};
inline constexpr std::string_view kTbmanInstances[] = {"TBMAN"};
inline constexpr std::uint32_t kTbmanBases[] = {0x4006c000};
inline constexpr Block kTbman{
    "TBMAN", kTbmanInstances, kTbmanBases, 0x4000, kTbmanRegisters};
// clang-format on

}  // namespace rp2040::regs
