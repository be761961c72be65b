// Rendered from platforms/rp2040/sysinfo.toml by `make chip`: change it there.
// Identification (datasheet 2.20.2).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kSysinfoFields[] = {
    // CHIP_ID
    {"REVISION", 28, 4, Access::ro, Verdict::full, 2},
    {"PART", 12, 16, Access::ro, Verdict::full, 2},
    {"MANUFACTURER", 0, 12, Access::ro, Verdict::full, 0x927},
    // PLATFORM
    {"ASIC", 1, 1, Access::ro, Verdict::full, 1},
    {"FPGA", 0, 1, Access::ro},
    // GITREF_RP2040
    {"GITREF_RP2040", 0, 32, Access::ro},
};
inline constexpr Register kSysinfoRegisters[] = {
    {"CHIP_ID", 0x000, {kSysinfoFields, 3}},
    {"PLATFORM", 0x004, {kSysinfoFields + 3, 2}},
    {"GITREF_RP2040", 0x010, {kSysinfoFields + 5, 1}},
    {"GITREF", 0x040, {kSysinfoFields + 5, 1}},
};
inline constexpr std::string_view kSysinfoInstances[] = {"SYSINFO"};
inline constexpr std::uint32_t kSysinfoBases[] = {0x40000000};
inline constexpr Block kSysinfo{
    "SYSINFO", kSysinfoInstances, kSysinfoBases, 0x4000, kSysinfoRegisters};
// clang-format on

}  // namespace rp2040::regs
