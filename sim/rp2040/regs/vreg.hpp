// Rendered from platforms/rp2040/vreg.toml by `make chip`: change it there.
// Voltage regulator and chip reset (datasheet 2.10.6).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kVregAndChipResetFields[] = {
    // VREG
    {"ROK", 12, 1, Access::ro, Verdict::full, 1},
    {"VSEL", 4, 4, Access::rw, Verdict::stored, 0xb},
    {"HIZ", 1, 1, Access::rw, Verdict::stored},
    {"EN", 0, 1, Access::rw, Verdict::stored, 1},
    // BOD
    {"VSEL", 4, 4, Access::rw, Verdict::stored, 9},
    {"EN", 0, 1, Access::rw, Verdict::stored, 1},
    // CHIP_RESET
    {"PSM_RESTART_FLAG", 24, 1, Access::wc, Verdict::stored},
    {"HAD_PSM_RESTART", 20, 1, Access::ro},
    {"HAD_RUN", 16, 1, Access::ro},
    {"HAD_POR", 8, 1, Access::ro, Verdict::full, 1},
};
inline constexpr Register kVregAndChipResetRegisters[] = {
    {"VREG", 0x000, {kVregAndChipResetFields, 4}},
    {"BOD", 0x004, {kVregAndChipResetFields + 4, 2}},
    {"CHIP_RESET", 0x008, {kVregAndChipResetFields + 6, 4}},
};
inline constexpr std::string_view kVregAndChipResetInstances[] = {"VREG_AND_CHIP_RESET"};
inline constexpr std::uint32_t kVregAndChipResetBases[] = {0x40064000};
inline constexpr Block kVregAndChipReset{
    "VREG_AND_CHIP_RESET", kVregAndChipResetInstances, kVregAndChipResetBases, 0x4000, kVregAndChipResetRegisters};
// clang-format on

}  // namespace rp2040::regs
