// Rendered from platforms/rp2040/scb.toml by `make chip`: change it there.
// System control (datasheet 2.4.8).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kScbFields[] = {
    // CPUID
    {"IMPLEMENTER", 24, 8, Access::ro, Verdict::full, 0x41},
    {"VARIANT", 20, 4, Access::ro},
    {"ARCHITECTURE", 16, 4, Access::ro, Verdict::full, 0xc},
    {"PARTNO", 4, 12, Access::ro, Verdict::full, 0xc60},
    {"REVISION", 0, 4, Access::ro, Verdict::full, 1},
    // ICSR
    {"NMIPENDSET", 31, 1, Access::rw},
    {"PENDSVSET", 28, 1, Access::rw},
    {"PENDSVCLR", 27, 1, Access::rw},
    {"PENDSTSET", 26, 1, Access::rw},
    {"PENDSTCLR", 25, 1, Access::rw},
    {"ISRPREEMPT", 23, 1, Access::ro},
    {"ISRPENDING", 22, 1, Access::ro},
    {"VECTPENDING", 12, 9, Access::ro},
    {"VECTACTIVE", 0, 9, Access::ro},
    // VTOR
    {"TBLOFF", 8, 24, Access::rw},
    // AIRCR
    {"VECTKEY", 16, 16, Access::rw},
    {"ENDIANESS", 15, 1, Access::ro},
    {"SYSRESETREQ", 2, 1, Access::rw},
    {"VECTCLRACTIVE", 1, 1, Access::rw},
    // SCR
    {"SEVONPEND", 4, 1, Access::rw},
    {"SLEEPDEEP", 2, 1, Access::rw},
    {"SLEEPONEXIT", 1, 1, Access::rw},
    // CCR
    {"STKALIGN", 9, 1, Access::ro},
    {"UNALIGN_TRP", 3, 1, Access::ro},
    // SHPR2
    {"PRI_11", 30, 2, Access::rw},
    // SHPR3
    {"PRI_15", 30, 2, Access::rw},
    {"PRI_14", 22, 2, Access::rw},
    // SHCSR
    {"SVCALLPENDED", 15, 1, Access::rw},
};
inline constexpr Register kScbRegisters[] = {
    {"CPUID", 0x000, {kScbFields, 5}},
    {"ICSR", 0x004, {kScbFields + 5, 9}},
    {"VTOR", 0x008, {kScbFields + 14, 1}},
    {"AIRCR", 0x00c, {kScbFields + 15, 4}},
    {"SCR", 0x010, {kScbFields + 19, 3}},
    {"CCR", 0x014, {kScbFields + 22, 2}},
    {"SHPR2", 0x01c, {kScbFields + 24, 1}},
    {"SHPR3", 0x020, {kScbFields + 25, 2}},
    {"SHCSR", 0x024, {kScbFields + 27, 1}},
};
inline constexpr std::string_view kScbInstances[] = {"SCB"};
inline constexpr std::uint32_t kScbBases[] = {0xe000ed00};
inline constexpr Block kScb{
    "SCB", kScbInstances, kScbBases, 0x28, kScbRegisters};
// clang-format on

}  // namespace rp2040::regs
