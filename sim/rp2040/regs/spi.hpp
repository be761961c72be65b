// Rendered from platforms/rp2040/spi.toml by `make chip`: change it there.
// SPI, Arm PL022 (datasheet 4.4.4).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kSpiFields[] = {
    // SSPCR0
    {"SCR", 8, 8, Access::rw},
    {"SPH", 7, 1, Access::rw},
    {"SPO", 6, 1, Access::rw},
    {"FRF", 4, 2, Access::rw, Verdict::refused, 0, 1, 0, "frame formats other than Motorola SPI"},
    {"DSS", 0, 4, Access::rw},
    // SSPCR1
    {"SOD", 3, 1, Access::rw},
    {"MS", 2, 1, Access::rw},
    {"SSE", 1, 1, Access::rw},
    {"LBM", 0, 1, Access::rw},
    // SSPDR
    {"DATA", 0, 16, Access::rf},
    // SSPSR
    {"BSY", 4, 1, Access::ro},
    {"RFF", 3, 1, Access::ro},
    {"RNE", 2, 1, Access::ro},
    {"TNF", 1, 1, Access::ro, Verdict::full, 1},
    {"TFE", 0, 1, Access::ro, Verdict::full, 1},
    // SSPCPSR
    {"CPSDVSR", 0, 8, Access::rw},
    // SSPIMSC
    {"TXIM", 3, 1, Access::rw},
    {"RXIM", 2, 1, Access::rw},
    {"RTIM", 1, 1, Access::rw},
    {"RORIM", 0, 1, Access::rw},
    // SSPRIS
    {"TXRIS", 3, 1, Access::ro, Verdict::full, 1},
    {"RXRIS", 2, 1, Access::ro},
    {"RTRIS", 1, 1, Access::ro},
    {"RORRIS", 0, 1, Access::ro},
    // SSPMIS
    {"TXMIS", 3, 1, Access::ro},
    {"RXMIS", 2, 1, Access::ro},
    {"RTMIS", 1, 1, Access::ro},
    {"RORMIS", 0, 1, Access::ro},
    // SSPICR
    {"RTIC", 1, 1, Access::wc},
    {"RORIC", 0, 1, Access::wc},
    // SSPDMACR
    {"TXDMAE", 1, 1, Access::rw},
    {"RXDMAE", 0, 1, Access::rw},
    // SSPPERIPHID0
    {"PARTNUMBER0", 0, 8, Access::ro, Verdict::full, 0x22},
    // SSPPERIPHID1
    {"DESIGNER0", 4, 4, Access::ro, Verdict::full, 1},
    {"PARTNUMBER1", 0, 4, Access::ro},
    // SSPPERIPHID2
    {"REVISION", 4, 4, Access::ro, Verdict::full, 3},
    {"DESIGNER1", 0, 4, Access::ro, Verdict::full, 4},
    // SSPPERIPHID3
    {"CONFIGURATION", 0, 8, Access::ro},
    // SSPPCELLID0
    {"SSPPCELLID0", 0, 8, Access::ro, Verdict::full, 0xd},
    // SSPPCELLID1
    {"SSPPCELLID1", 0, 8, Access::ro, Verdict::full, 0xf0},
    // SSPPCELLID2
    {"SSPPCELLID2", 0, 8, Access::ro, Verdict::full, 5},
    // SSPPCELLID3
    {"SSPPCELLID3", 0, 8, Access::ro, Verdict::full, 0xb1},
};
inline constexpr Register kSpiRegisters[] = {
    {"SSPCR0", 0x000, {kSpiFields, 5}},
    {"SSPCR1", 0x004, {kSpiFields + 5, 4}},
    {"SSPDR", 0x008, {kSpiFields + 9, 1}},
    {"SSPSR", 0x00c, {kSpiFields + 10, 5}},
    {"SSPCPSR", 0x010, {kSpiFields + 15, 1}},
    {"SSPIMSC", 0x014, {kSpiFields + 16, 4}},
    {"SSPRIS", 0x018, {kSpiFields + 20, 4}},
    {"SSPMIS", 0x01c, {kSpiFields + 24, 4}},
    {"SSPICR", 0x020, {kSpiFields + 28, 2}},
    {"SSPDMACR", 0x024, {kSpiFields + 30, 2}},
    {"SSPPERIPHID0", 0xfe0, {kSpiFields + 32, 1}},
    {"SSPPERIPHID1", 0xfe4, {kSpiFields + 33, 2}},
    {"SSPPERIPHID2", 0xfe8, {kSpiFields + 35, 2}},
    {"SSPPERIPHID3", 0xfec, {kSpiFields + 37, 1}},
    {"SSPPCELLID0", 0xff0, {kSpiFields + 38, 1}},
    {"SSPPCELLID1", 0xff4, {kSpiFields + 39, 1}},
    {"SSPPCELLID2", 0xff8, {kSpiFields + 40, 1}},
    {"SSPPCELLID3", 0xffc, {kSpiFields + 41, 1}},
};
inline constexpr std::string_view kSpiInstances[] = {"SPI0", "SPI1"};
inline constexpr std::uint32_t kSpiBases[] = {0x4003c000, 0x40040000};
inline constexpr Block kSpi{
    "SPI", kSpiInstances, kSpiBases, 0x4000, kSpiRegisters};
// clang-format on

}  // namespace rp2040::regs
