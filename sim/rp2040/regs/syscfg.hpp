// Rendered from platforms/rp2040/syscfg.toml by `make chip`: change it there.
// System configuration (datasheet 2.21.2).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kSyscfgFields[] = {
    // PROC%_NMI_MASK
    {"PROC%_NMI_MASK", 0, 32, Access::rw},
    // PROC_CONFIG
    {"PROC1_DAP_INSTID", 28, 4, Access::rw, Verdict::stored, 1},
    {"PROC0_DAP_INSTID", 24, 4, Access::rw, Verdict::stored},
    {"PROC1_HALTED", 1, 1, Access::ro},
    {"PROC0_HALTED", 0, 1, Access::ro},
    // PROC_IN_SYNC_BYPASS
    {"PROC_IN_SYNC_BYPASS", 0, 30, Access::rw},
    // PROC_IN_SYNC_BYPASS_HI
    {"PROC_IN_SYNC_BYPASS_HI", 0, 6, Access::rw, Verdict::stored},
    // DBGFORCE
    {"PROC1_ATTACH", 7, 1, Access::rw, Verdict::stored},
    {"PROC1_SWCLK", 6, 1, Access::rw, Verdict::stored, 1},
    {"PROC1_SWDI", 5, 1, Access::rw, Verdict::stored, 1},
    {"PROC1_SWDO", 4, 1, Access::ro},
    {"PROC0_ATTACH", 3, 1, Access::rw, Verdict::stored},
    {"PROC0_SWCLK", 2, 1, Access::rw, Verdict::stored, 1},
    {"PROC0_SWDI", 1, 1, Access::rw, Verdict::stored, 1},
    {"PROC0_SWDO", 0, 1, Access::ro},
    // MEMPOWERDOWN
    {"ROM", 7, 1, Access::rw, Verdict::refused, 0, 1, 0, "powering memories down"},
    {"USB", 6, 1, Access::rw, Verdict::refused, 0, 1, 0, "powering memories down"},
    {"SRAM5", 5, 1, Access::rw, Verdict::refused, 0, 1, 0, "powering memories down"},
    {"SRAM4", 4, 1, Access::rw, Verdict::refused, 0, 1, 0, "powering memories down"},
    {"SRAM3", 3, 1, Access::rw, Verdict::refused, 0, 1, 0, "powering memories down"},
    {"SRAM2", 2, 1, Access::rw, Verdict::refused, 0, 1, 0, "powering memories down"},
    {"SRAM1", 1, 1, Access::rw, Verdict::refused, 0, 1, 0, "powering memories down"},
    {"SRAM0", 0, 1, Access::rw, Verdict::refused, 0, 1, 0, "powering memories down"},
};
inline constexpr Register kSyscfgRegisters[] = {
    {"PROC%_NMI_MASK", 0x000, {kSyscfgFields, 1}, 2},
    {"PROC_CONFIG", 0x008, {kSyscfgFields + 1, 4}},
    {"PROC_IN_SYNC_BYPASS", 0x00c, {kSyscfgFields + 5, 1}},
    {"PROC_IN_SYNC_BYPASS_HI", 0x010, {kSyscfgFields + 6, 1}},
    {"DBGFORCE", 0x014, {kSyscfgFields + 7, 8}},
    {"MEMPOWERDOWN", 0x018, {kSyscfgFields + 15, 8}},
};
inline constexpr std::string_view kSyscfgInstances[] = {"SYSCFG"};
inline constexpr std::uint32_t kSyscfgBases[] = {0x40004000};
inline constexpr Block kSyscfg{
    "SYSCFG", kSyscfgInstances, kSyscfgBases, 0x4000, kSyscfgRegisters};
// clang-format on

}  // namespace rp2040::regs
