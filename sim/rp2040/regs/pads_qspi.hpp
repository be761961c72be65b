// Rendered from platforms/rp2040/pads_qspi.toml by `make chip`: change it there.
// Pads of the flash pins (datasheet 2.19.6.4).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kPadsQspiFields[] = {
    // VOLTAGE_SELECT
    {"VOLTAGE_SELECT", 0, 1, Access::rw, Verdict::stored},
    // GPIO_QSPI_SCLK
    {"OD", 7, 1, Access::rw, Verdict::stored},
    {"IE", 6, 1, Access::rw, Verdict::stored, 1},
    {"DRIVE", 4, 2, Access::rw, Verdict::stored, 1},
    {"PUE", 3, 1, Access::rw, Verdict::stored},
    {"PDE", 2, 1, Access::rw, Verdict::stored, 1},
    {"SCHMITT", 1, 1, Access::rw, Verdict::stored, 1},
    {"SLEWFAST", 0, 1, Access::rw, Verdict::stored},
    // GPIO_QSPI_SD%
    {"OD", 7, 1, Access::rw, Verdict::stored},
    {"IE", 6, 1, Access::rw, Verdict::stored, 1},
    {"DRIVE", 4, 2, Access::rw, Verdict::stored, 1},
    {"PUE", 3, 1, Access::rw, Verdict::stored},
    {"PDE", 2, 1, Access::rw, Verdict::stored},
    {"SCHMITT", 1, 1, Access::rw, Verdict::stored, 1},
    {"SLEWFAST", 0, 1, Access::rw, Verdict::stored},
    // GPIO_QSPI_SS
    {"OD", 7, 1, Access::rw, Verdict::stored},
    {"IE", 6, 1, Access::rw, Verdict::stored, 1},
    {"DRIVE", 4, 2, Access::rw, Verdict::stored, 1},
    {"PUE", 3, 1, Access::rw, Verdict::stored, 1},
    {"PDE", 2, 1, Access::rw, Verdict::stored},
    {"SCHMITT", 1, 1, Access::rw, Verdict::stored, 1},
    {"SLEWFAST", 0, 1, Access::rw, Verdict::stored},
};
inline constexpr Register kPadsQspiRegisters[] = {
    {"VOLTAGE_SELECT", 0x000, {kPadsQspiFields, 1}},
    {"GPIO_QSPI_SCLK", 0x004, {kPadsQspiFields + 1, 7}},
    {"GPIO_QSPI_SD%", 0x008, {kPadsQspiFields + 8, 7}, 4},
    {"GPIO_QSPI_SS", 0x018, {kPadsQspiFields + 15, 7}},
};
inline constexpr std::string_view kPadsQspiInstances[] = {"PADS_QSPI"};
inline constexpr std::uint32_t kPadsQspiBases[] = {0x40020000};
inline constexpr Block kPadsQspi{
    "PADS_QSPI", kPadsQspiInstances, kPadsQspiBases, 0x4000, kPadsQspiRegisters};
// clang-format on

}  // namespace rp2040::regs
