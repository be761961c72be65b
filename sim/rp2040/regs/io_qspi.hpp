// Rendered from platforms/rp2040/io_qspi.toml by `make chip`: change it there.
// Functions and interrupts of the flash pins (datasheet 2.19.6.2).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kIoQspiFields[] = {
    // GPIO_QSPI_SCLK_STATUS
    {"IRQTOPROC", 26, 1, Access::ro},
    {"IRQFROMPAD", 24, 1, Access::ro},
    {"INTOPERI", 19, 1, Access::ro},
    {"INFROMPAD", 17, 1, Access::ro},
    {"OETOPAD", 13, 1, Access::ro},
    {"OEFROMPERI", 12, 1, Access::ro},
    {"OUTTOPAD", 9, 1, Access::ro},
    {"OUTFROMPERI", 8, 1, Access::ro},
    // GPIO_QSPI_SCLK_CTRL
    {"IRQOVER", 28, 2, Access::rw},
    {"INOVER", 16, 2, Access::rw},
    {"OEOVER", 12, 2, Access::rw},
    {"OUTOVER", 8, 2, Access::rw},
    {"FUNCSEL", 0, 5, Access::rw, Verdict::stored, 0x1f},
    // INTR
    {"GPIO_QSPI_SD3_EDGE_HIGH", 23, 1, Access::wc},
    {"GPIO_QSPI_SD3_EDGE_LOW", 22, 1, Access::wc},
    {"GPIO_QSPI_SD3_LEVEL_HIGH", 21, 1, Access::ro},
    {"GPIO_QSPI_SD3_LEVEL_LOW", 20, 1, Access::ro},
    {"GPIO_QSPI_SD2_EDGE_HIGH", 19, 1, Access::wc},
    {"GPIO_QSPI_SD2_EDGE_LOW", 18, 1, Access::wc},
    {"GPIO_QSPI_SD2_LEVEL_HIGH", 17, 1, Access::ro},
    {"GPIO_QSPI_SD2_LEVEL_LOW", 16, 1, Access::ro},
    {"GPIO_QSPI_SD1_EDGE_HIGH", 15, 1, Access::wc},
    {"GPIO_QSPI_SD1_EDGE_LOW", 14, 1, Access::wc},
    {"GPIO_QSPI_SD1_LEVEL_HIGH", 13, 1, Access::ro},
    {"GPIO_QSPI_SD1_LEVEL_LOW", 12, 1, Access::ro},
    {"GPIO_QSPI_SD0_EDGE_HIGH", 11, 1, Access::wc},
    {"GPIO_QSPI_SD0_EDGE_LOW", 10, 1, Access::wc},
    {"GPIO_QSPI_SD0_LEVEL_HIGH", 9, 1, Access::ro},
    {"GPIO_QSPI_SD0_LEVEL_LOW", 8, 1, Access::ro},
    {"GPIO_QSPI_SS_EDGE_HIGH", 7, 1, Access::wc},
    {"GPIO_QSPI_SS_EDGE_LOW", 6, 1, Access::wc},
    {"GPIO_QSPI_SS_LEVEL_HIGH", 5, 1, Access::ro},
    {"GPIO_QSPI_SS_LEVEL_LOW", 4, 1, Access::ro},
    {"GPIO_QSPI_SCLK_EDGE_HIGH", 3, 1, Access::wc},
    {"GPIO_QSPI_SCLK_EDGE_LOW", 2, 1, Access::wc},
    {"GPIO_QSPI_SCLK_LEVEL_HIGH", 1, 1, Access::ro},
    {"GPIO_QSPI_SCLK_LEVEL_LOW", 0, 1, Access::ro},
    // PROC%_INTE
    {"GPIO_QSPI_SD3_EDGE_HIGH", 23, 1, Access::rw},
    {"GPIO_QSPI_SD3_EDGE_LOW", 22, 1, Access::rw},
    {"GPIO_QSPI_SD3_LEVEL_HIGH", 21, 1, Access::rw},
    {"GPIO_QSPI_SD3_LEVEL_LOW", 20, 1, Access::rw},
    {"GPIO_QSPI_SD2_EDGE_HIGH", 19, 1, Access::rw},
    {"GPIO_QSPI_SD2_EDGE_LOW", 18, 1, Access::rw},
    {"GPIO_QSPI_SD2_LEVEL_HIGH", 17, 1, Access::rw},
    {"GPIO_QSPI_SD2_LEVEL_LOW", 16, 1, Access::rw},
    {"GPIO_QSPI_SD1_EDGE_HIGH", 15, 1, Access::rw},
    {"GPIO_QSPI_SD1_EDGE_LOW", 14, 1, Access::rw},
    {"GPIO_QSPI_SD1_LEVEL_HIGH", 13, 1, Access::rw},
    {"GPIO_QSPI_SD1_LEVEL_LOW", 12, 1, Access::rw},
    {"GPIO_QSPI_SD0_EDGE_HIGH", 11, 1, Access::rw},
    {"GPIO_QSPI_SD0_EDGE_LOW", 10, 1, Access::rw},
    {"GPIO_QSPI_SD0_LEVEL_HIGH", 9, 1, Access::rw},
    {"GPIO_QSPI_SD0_LEVEL_LOW", 8, 1, Access::rw},
    {"GPIO_QSPI_SS_EDGE_HIGH", 7, 1, Access::rw},
    {"GPIO_QSPI_SS_EDGE_LOW", 6, 1, Access::rw},
    {"GPIO_QSPI_SS_LEVEL_HIGH", 5, 1, Access::rw},
    {"GPIO_QSPI_SS_LEVEL_LOW", 4, 1, Access::rw},
    {"GPIO_QSPI_SCLK_EDGE_HIGH", 3, 1, Access::rw},
    {"GPIO_QSPI_SCLK_EDGE_LOW", 2, 1, Access::rw},
    {"GPIO_QSPI_SCLK_LEVEL_HIGH", 1, 1, Access::rw},
    {"GPIO_QSPI_SCLK_LEVEL_LOW", 0, 1, Access::rw},
    // PROC%_INTS
    {"GPIO_QSPI_SD3_EDGE_HIGH", 23, 1, Access::ro},
    {"GPIO_QSPI_SD3_EDGE_LOW", 22, 1, Access::ro},
    {"GPIO_QSPI_SD3_LEVEL_HIGH", 21, 1, Access::ro},
    {"GPIO_QSPI_SD3_LEVEL_LOW", 20, 1, Access::ro},
    {"GPIO_QSPI_SD2_EDGE_HIGH", 19, 1, Access::ro},
    {"GPIO_QSPI_SD2_EDGE_LOW", 18, 1, Access::ro},
    {"GPIO_QSPI_SD2_LEVEL_HIGH", 17, 1, Access::ro},
    {"GPIO_QSPI_SD2_LEVEL_LOW", 16, 1, Access::ro},
    {"GPIO_QSPI_SD1_EDGE_HIGH", 15, 1, Access::ro},
    {"GPIO_QSPI_SD1_EDGE_LOW", 14, 1, Access::ro},
    {"GPIO_QSPI_SD1_LEVEL_HIGH", 13, 1, Access::ro},
    {"GPIO_QSPI_SD1_LEVEL_LOW", 12, 1, Access::ro},
    {"GPIO_QSPI_SD0_EDGE_HIGH", 11, 1, Access::ro},
    {"GPIO_QSPI_SD0_EDGE_LOW", 10, 1, Access::ro},
    {"GPIO_QSPI_SD0_LEVEL_HIGH", 9, 1, Access::ro},
    {"GPIO_QSPI_SD0_LEVEL_LOW", 8, 1, Access::ro},
    {"GPIO_QSPI_SS_EDGE_HIGH", 7, 1, Access::ro},
    {"GPIO_QSPI_SS_EDGE_LOW", 6, 1, Access::ro},
    {"GPIO_QSPI_SS_LEVEL_HIGH", 5, 1, Access::ro},
    {"GPIO_QSPI_SS_LEVEL_LOW", 4, 1, Access::ro},
    {"GPIO_QSPI_SCLK_EDGE_HIGH", 3, 1, Access::ro},
    {"GPIO_QSPI_SCLK_EDGE_LOW", 2, 1, Access::ro},
    {"GPIO_QSPI_SCLK_LEVEL_HIGH", 1, 1, Access::ro},
    {"GPIO_QSPI_SCLK_LEVEL_LOW", 0, 1, Access::ro},
};
inline constexpr Register kIoQspiRegisters[] = {
    {"GPIO_QSPI_SCLK_STATUS", 0x000, {kIoQspiFields, 8}},
    {"GPIO_QSPI_SCLK_CTRL", 0x004, {kIoQspiFields + 8, 5}},
    {"GPIO_QSPI_SS_STATUS", 0x008, {kIoQspiFields, 8}},
    {"GPIO_QSPI_SS_CTRL", 0x00c, {kIoQspiFields + 8, 5}},
    {"GPIO_QSPI_SD%_STATUS", 0x010, {kIoQspiFields, 8}, 4, 0x8},
    {"GPIO_QSPI_SD%_CTRL", 0x014, {kIoQspiFields + 8, 5}, 4, 0x8},
    {"INTR", 0x030, {kIoQspiFields + 13, 24}},
    {"PROC%_INTE", 0x034, {kIoQspiFields + 37, 24}, 2, 0xc},
    {"PROC%_INTF", 0x038, {kIoQspiFields + 37, 24}, 2, 0xc},
    {"PROC%_INTS", 0x03c, {kIoQspiFields + 61, 24}, 2, 0xc},
    {"DORMANT_WAKE_INTE", 0x04c, {kIoQspiFields + 37, 24}},
    {"DORMANT_WAKE_INTF", 0x050, {kIoQspiFields + 37, 24}},
    {"DORMANT_WAKE_INTS", 0x054, {kIoQspiFields + 61, 24}},
};
inline constexpr std::string_view kIoQspiInstances[] = {"IO_QSPI"};
inline constexpr std::uint32_t kIoQspiBases[] = {0x40018000};
inline constexpr Block kIoQspi{
    "IO_QSPI", kIoQspiInstances, kIoQspiBases, 0x4000, kIoQspiRegisters};
// clang-format on

}  // namespace rp2040::regs
