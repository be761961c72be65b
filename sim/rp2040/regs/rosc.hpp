// Rendered from platforms/rp2040/rosc.toml by `make chip`: change it there.
// Ring oscillator (datasheet 2.17.8).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kRoscFields[] = {
    // CTRL
    {"ENABLE", 12, 12, Access::rw},
    {"FREQ_RANGE", 0, 12, Access::rw, Verdict::full, 0xaa0},
    // FREQA
    {"PASSWD", 16, 16, Access::rw},
    {"DS3", 12, 3, Access::rw},
    {"DS2", 8, 3, Access::rw},
    {"DS1", 4, 3, Access::rw},
    {"DS0", 0, 3, Access::rw},
    // FREQB
    {"PASSWD", 16, 16, Access::rw},
    {"DS7", 12, 3, Access::rw},
    {"DS6", 8, 3, Access::rw},
    {"DS5", 4, 3, Access::rw},
    {"DS4", 0, 3, Access::rw},
    // DORMANT
    {"DORMANT", 0, 32, Access::rw, Verdict::full, 0x77616b65},
    // DIV
    {"DIV", 0, 12, Access::rw, Verdict::full, 0xab0},
    // PHASE
    {"PASSWD", 4, 8, Access::rw, Verdict::stored},
    {"ENABLE", 3, 1, Access::rw, Verdict::stored, 1},
    {"FLIP", 2, 1, Access::rw, Verdict::stored},
    {"SHIFT", 0, 2, Access::rw, Verdict::stored},
    // STATUS
    {"STABLE", 31, 1, Access::ro},
    {"BADWRITE", 24, 1, Access::wc},
    {"DIV_RUNNING", 16, 1, Access::ro},
    {"ENABLED", 12, 1, Access::ro},
    // RANDOMBIT
    {"RANDOMBIT", 0, 1, Access::ro, Verdict::full, 1},
    // COUNT
    {"COUNT", 0, 8, Access::rw},
};
inline constexpr Register kRoscRegisters[] = {
    {"CTRL", 0x000, {kRoscFields, 2}},
    {"FREQA", 0x004, {kRoscFields + 2, 5}},
    {"FREQB", 0x008, {kRoscFields + 7, 5}},
    {"DORMANT", 0x00c, {kRoscFields + 12, 1}},
    {"DIV", 0x010, {kRoscFields + 13, 1}},
    {"PHASE", 0x014, {kRoscFields + 14, 4}},
    {"STATUS", 0x018, {kRoscFields + 18, 4}},
    {"RANDOMBIT", 0x01c, {kRoscFields + 22, 1}},
    {"COUNT", 0x020, {kRoscFields + 23, 1}},
};
inline constexpr std::string_view kRoscInstances[] = {"ROSC"};
inline constexpr std::uint32_t kRoscBases[] = {0x40060000};
inline constexpr Block kRosc{
    "ROSC", kRoscInstances, kRoscBases, 0x4000, kRoscRegisters};
// clang-format on

}  // namespace rp2040::regs
