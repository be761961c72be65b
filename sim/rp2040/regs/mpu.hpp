// Rendered from platforms/rp2040/mpu.toml by `make chip`: change it there.
// Memory protection (datasheet 2.4.8).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kMpuFields[] = {
    // MPU_TYPE
    {"IREGION", 16, 8, Access::ro},
    {"DREGION", 8, 8, Access::ro, Verdict::full, 8},
    {"SEPARATE", 0, 1, Access::ro},
    // MPU_CTRL
    {"PRIVDEFENA", 2, 1, Access::rw},
    {"HFNMIENA", 1, 1, Access::rw},
    {"ENABLE", 0, 1, Access::rw},
    // MPU_RNR
    {"REGION", 0, 4, Access::rw},
    // MPU_RBAR
    {"ADDR", 8, 24, Access::rw},
    {"VALID", 4, 1, Access::rw},
    {"REGION", 0, 4, Access::rw},
    // MPU_RASR
    {"ATTRS", 16, 16, Access::rw},
    {"SRD", 8, 8, Access::rw},
    {"SIZE", 1, 5, Access::rw},
    {"ENABLE", 0, 1, Access::rw},
};
inline constexpr Register kMpuRegisters[] = {
    {"MPU_TYPE", 0x000, {kMpuFields, 3}},
    {"MPU_CTRL", 0x004, {kMpuFields + 3, 3}},
    {"MPU_RNR", 0x008, {kMpuFields + 6, 1}},
    {"MPU_RBAR", 0x00c, {kMpuFields + 7, 3}},
    {"MPU_RASR", 0x010, {kMpuFields + 10, 4}},
};
inline constexpr std::string_view kMpuInstances[] = {"MPU"};
inline constexpr std::uint32_t kMpuBases[] = {0xe000ed90};
inline constexpr Block kMpu{
    "MPU", kMpuInstances, kMpuBases, 0x14, kMpuRegisters};
// clang-format on

}  // namespace rp2040::regs
