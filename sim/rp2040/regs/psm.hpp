// Rendered from platforms/rp2040/psm.toml by `make chip`: change it there.
// Power-on state machine (datasheet 2.13.5).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kPsmFields[] = {
    // FRCE_ON
    {"PROC1", 16, 1, Access::rw, Verdict::stored},
    {"PROC0", 15, 1, Access::rw, Verdict::stored},
    {"SIO", 14, 1, Access::rw, Verdict::stored},
    {"VREG_AND_CHIP_RESET", 13, 1, Access::rw, Verdict::stored},
    {"XIP", 12, 1, Access::rw, Verdict::stored},
    {"SRAM5", 11, 1, Access::rw, Verdict::stored},
    {"SRAM4", 10, 1, Access::rw, Verdict::stored},
    {"SRAM3", 9, 1, Access::rw, Verdict::stored},
    {"SRAM2", 8, 1, Access::rw, Verdict::stored},
    {"SRAM1", 7, 1, Access::rw, Verdict::stored},
    {"SRAM0", 6, 1, Access::rw, Verdict::stored},
    {"ROM", 5, 1, Access::rw, Verdict::stored},
    {"BUSFABRIC", 4, 1, Access::rw, Verdict::stored},
    {"RESETS", 3, 1, Access::rw, Verdict::stored},
    {"CLOCKS", 2, 1, Access::rw, Verdict::stored},
    {"XOSC", 1, 1, Access::rw, Verdict::stored},
    {"ROSC", 0, 1, Access::rw, Verdict::stored},
    // FRCE_OFF
    {"PROC1", 16, 1, Access::rw},
    {"PROC0", 15, 1, Access::rw},
    {"SIO", 14, 1, Access::rw, Verdict::refused, 0, 1, 0, "power states of stages other than the processors"},
    {"VREG_AND_CHIP_RESET", 13, 1, Access::rw, Verdict::refused, 0, 1, 0, "power states of stages other than the processors"},
    {"XIP", 12, 1, Access::rw, Verdict::refused, 0, 1, 0, "power states of stages other than the processors"},
    {"SRAM5", 11, 1, Access::rw, Verdict::refused, 0, 1, 0, "power states of stages other than the processors"},
    {"SRAM4", 10, 1, Access::rw, Verdict::refused, 0, 1, 0, "power states of stages other than the processors"},
    {"SRAM3", 9, 1, Access::rw, Verdict::refused, 0, 1, 0, "power states of stages other than the processors"},
    {"SRAM2", 8, 1, Access::rw, Verdict::refused, 0, 1, 0, "power states of stages other than the processors"},
    {"SRAM1", 7, 1, Access::rw, Verdict::refused, 0, 1, 0, "power states of stages other than the processors"},
    {"SRAM0", 6, 1, Access::rw, Verdict::refused, 0, 1, 0, "power states of stages other than the processors"},
    {"ROM", 5, 1, Access::rw, Verdict::refused, 0, 1, 0, "power states of stages other than the processors"},
    {"BUSFABRIC", 4, 1, Access::rw, Verdict::refused, 0, 1, 0, "power states of stages other than the processors"},
    {"RESETS", 3, 1, Access::rw, Verdict::refused, 0, 1, 0, "power states of stages other than the processors"},
    {"CLOCKS", 2, 1, Access::rw, Verdict::refused, 0, 1, 0, "power states of stages other than the processors"},
    {"XOSC", 1, 1, Access::rw, Verdict::refused, 0, 1, 0, "power states of stages other than the processors"},
    {"ROSC", 0, 1, Access::rw, Verdict::refused, 0, 1, 0, "power states of stages other than the processors"},
    // WDSEL
    {"PROC1", 16, 1, Access::rw},
    {"PROC0", 15, 1, Access::rw},
    {"SIO", 14, 1, Access::rw},
    {"VREG_AND_CHIP_RESET", 13, 1, Access::rw},
    {"XIP", 12, 1, Access::rw},
    {"SRAM5", 11, 1, Access::rw, Verdict::stored},
    {"SRAM4", 10, 1, Access::rw, Verdict::stored},
    {"SRAM3", 9, 1, Access::rw, Verdict::stored},
    {"SRAM2", 8, 1, Access::rw, Verdict::stored},
    {"SRAM1", 7, 1, Access::rw, Verdict::stored},
    {"SRAM0", 6, 1, Access::rw, Verdict::stored},
    {"ROM", 5, 1, Access::rw, Verdict::stored},
    {"BUSFABRIC", 4, 1, Access::rw, Verdict::stored},
    {"RESETS", 3, 1, Access::rw},
    {"CLOCKS", 2, 1, Access::rw},
    {"XOSC", 1, 1, Access::rw},
    {"ROSC", 0, 1, Access::rw},
    // DONE
    {"PROC1", 16, 1, Access::ro},
    {"PROC0", 15, 1, Access::ro},
    {"SIO", 14, 1, Access::ro},
    {"VREG_AND_CHIP_RESET", 13, 1, Access::ro},
    {"XIP", 12, 1, Access::ro},
    {"SRAM5", 11, 1, Access::ro},
    {"SRAM4", 10, 1, Access::ro},
    {"SRAM3", 9, 1, Access::ro},
    {"SRAM2", 8, 1, Access::ro},
    {"SRAM1", 7, 1, Access::ro},
    {"SRAM0", 6, 1, Access::ro},
    {"ROM", 5, 1, Access::ro},
    {"BUSFABRIC", 4, 1, Access::ro},
    {"RESETS", 3, 1, Access::ro},
    {"CLOCKS", 2, 1, Access::ro},
    {"XOSC", 1, 1, Access::ro},
    {"ROSC", 0, 1, Access::ro},
};
inline constexpr Register kPsmRegisters[] = {
    {"FRCE_ON", 0x000, {kPsmFields, 17}},
    {"FRCE_OFF", 0x004, {kPsmFields + 17, 17}},
    {"WDSEL", 0x008, {kPsmFields + 34, 17}},
    {"DONE", 0x00c, {kPsmFields + 51, 17}},
};
inline constexpr std::string_view kPsmInstances[] = {"PSM"};
inline constexpr std::uint32_t kPsmBases[] = {0x40010000};
inline constexpr Block kPsm{
    "PSM", kPsmInstances, kPsmBases, 0x4000, kPsmRegisters};
// clang-format on

}  // namespace rp2040::regs
