// Rendered from platforms/rp2040/ssi.toml by `make chip`: change it there.
// Serial interface to the flash, Synopsys DW_apb_ssi (datasheet 4.10.13).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kXipSsiFields[] = {
    // CTRLR0
    {"SSTE", 24, 1, Access::rw, Verdict::stored},
    {"SPI_FRF", 21, 2, Access::rw},
    {"DFS_32", 16, 5, Access::rw},
    {"CFS", 12, 4, Access::rw, Verdict::stored},
    {"SRL", 11, 1, Access::rw, Verdict::refused, 0, 1, 0, "test mode"},
    {"SLV_OE", 10, 1, Access::rw, Verdict::stored},
    {"TMOD", 8, 2, Access::rw},
    {"SCPOL", 7, 1, Access::rw, Verdict::stored},
    {"SCPH", 6, 1, Access::rw, Verdict::stored},
    {"FRF", 4, 2, Access::rw, Verdict::refused, 0, 1, 0, "frame formats other than Motorola SPI"},
    {"DFS", 0, 4, Access::rw, Verdict::stored},
    // CTRLR1
    {"NDF", 0, 16, Access::rw},
    // SSIENR
    {"SSI_EN", 0, 1, Access::rw},
    // MWCR
    {"MHS", 2, 1, Access::rw, Verdict::refused, 0, 1, 0, "National Semiconductor's Microwire"},
    {"MDD", 1, 1, Access::rw, Verdict::refused, 0, 1, 0, "National Semiconductor's Microwire"},
    {"MWMOD", 0, 1, Access::rw, Verdict::refused, 0, 1, 0, "National Semiconductor's Microwire"},
    // SER
    {"SER", 0, 1, Access::rw},
    // BAUDR
    {"SCKDV", 0, 16, Access::rw},
    // TXFTLR
    {"TFT", 0, 8, Access::rw},
    // RXFTLR
    {"RFT", 0, 8, Access::rw},
    // TXFLR
    {"TFTFL", 0, 8, Access::ro},
    // RXFLR
    {"RXTFL", 0, 8, Access::ro},
    // SR
    {"DCOL", 6, 1, Access::ro},
    {"TXE", 5, 1, Access::ro},
    {"RFF", 4, 1, Access::ro},
    {"RFNE", 3, 1, Access::ro},
    {"TFE", 2, 1, Access::ro},
    {"TFNF", 1, 1, Access::ro},
    {"BUSY", 0, 1, Access::ro},
    // IMR
    {"MSTIM", 5, 1, Access::rw, Verdict::stored},
    {"RXFIM", 4, 1, Access::rw},
    {"RXOIM", 3, 1, Access::rw},
    {"RXUIM", 2, 1, Access::rw},
    {"TXOIM", 1, 1, Access::rw},
    {"TXEIM", 0, 1, Access::rw},
    // ISR
    {"MSTIS", 5, 1, Access::ro},
    {"RXFIS", 4, 1, Access::ro},
    {"RXOIS", 3, 1, Access::ro},
    {"RXUIS", 2, 1, Access::ro},
    {"TXOIS", 1, 1, Access::ro},
    {"TXEIS", 0, 1, Access::ro},
    // RISR
    {"MSTIR", 5, 1, Access::ro},
    {"RXFIR", 4, 1, Access::ro},
    {"RXOIR", 3, 1, Access::ro},
    {"RXUIR", 2, 1, Access::ro},
    {"TXOIR", 1, 1, Access::ro},
    {"TXEIR", 0, 1, Access::ro},
    // TXOICR
    {"TXOICR", 0, 1, Access::ro},
    // RXOICR
    {"RXOICR", 0, 1, Access::ro},
    // RXUICR
    {"RXUICR", 0, 1, Access::ro},
    // MSTICR
    {"MSTICR", 0, 1, Access::ro},
    // ICR
    {"ICR", 0, 1, Access::ro},
    // DMACR
    {"TDMAE", 1, 1, Access::rw},
    {"RDMAE", 0, 1, Access::rw},
    // DMATDLR
    {"DMATDL", 0, 8, Access::rw, Verdict::stored},
    // DMARDLR
    {"DMARDL", 0, 8, Access::rw, Verdict::stored},
    // IDR
    {"IDCODE", 0, 32, Access::ro, Verdict::full, 0x51535049},
    // SSI_VERSION_ID
    {"SSI_COMP_VERSION", 0, 32, Access::ro, Verdict::full, 0x3430312a},
    // DR%
    {"DR", 0, 32, Access::rf},
    // RX_SAMPLE_DLY
    {"RSD", 0, 8, Access::rw, Verdict::stored},
    // SPI_CTRLR0
    {"XIP_CMD", 24, 8, Access::rw, Verdict::stored, 3},
    {"SPI_RXDS_EN", 18, 1, Access::rw, Verdict::refused, 0, 1, 0, "double data rate"},
    {"INST_DDR_EN", 17, 1, Access::rw, Verdict::refused, 0, 1, 0, "double data rate"},
    {"SPI_DDR_EN", 16, 1, Access::rw, Verdict::refused, 0, 1, 0, "double data rate"},
    {"WAIT_CYCLES", 11, 5, Access::rw},
    {"INST_L", 8, 2, Access::rw},
    {"ADDR_L", 2, 4, Access::rw},
    {"TRANS_TYPE", 0, 2, Access::rw},
    // TXD_DRIVE_EDGE
    {"TDE", 0, 8, Access::rw, Verdict::stored},
};
inline constexpr Register kXipSsiRegisters[] = {
    {"CTRLR0", 0x000, {kXipSsiFields, 11}},
    {"CTRLR1", 0x004, {kXipSsiFields + 11, 1}},
    {"SSIENR", 0x008, {kXipSsiFields + 12, 1}},
    {"MWCR", 0x00c, {kXipSsiFields + 13, 3}},
    {"SER", 0x010, {kXipSsiFields + 16, 1}},
    {"BAUDR", 0x014, {kXipSsiFields + 17, 1}},
    {"TXFTLR", 0x018, {kXipSsiFields + 18, 1}},
    {"RXFTLR", 0x01c, {kXipSsiFields + 19, 1}},
    {"TXFLR", 0x020, {kXipSsiFields + 20, 1}},
    {"RXFLR", 0x024, {kXipSsiFields + 21, 1}},
    {"SR", 0x028, {kXipSsiFields + 22, 7}},
    {"IMR", 0x02c, {kXipSsiFields + 29, 6}},
    {"ISR", 0x030, {kXipSsiFields + 35, 6}},
    {"RISR", 0x034, {kXipSsiFields + 41, 6}},
    {"TXOICR", 0x038, {kXipSsiFields + 47, 1}},
    {"RXOICR", 0x03c, {kXipSsiFields + 48, 1}},
    {"RXUICR", 0x040, {kXipSsiFields + 49, 1}},
    {"MSTICR", 0x044, {kXipSsiFields + 50, 1}},
    {"ICR", 0x048, {kXipSsiFields + 51, 1}},
    {"DMACR", 0x04c, {kXipSsiFields + 52, 2}},
    {"DMATDLR", 0x050, {kXipSsiFields + 54, 1}},
    {"DMARDLR", 0x054, {kXipSsiFields + 55, 1}},
    {"IDR", 0x058, {kXipSsiFields + 56, 1}},
    {"SSI_VERSION_ID", 0x05c, {kXipSsiFields + 57, 1}},
    {"DR%", 0x060, {kXipSsiFields + 58, 1}, 36},
    {"RX_SAMPLE_DLY", 0x0f0, {kXipSsiFields + 59, 1}},
    {"SPI_CTRLR0", 0x0f4, {kXipSsiFields + 60, 8}},
    {"TXD_DRIVE_EDGE", 0x0f8, {kXipSsiFields + 68, 1}},
};
inline constexpr std::string_view kXipSsiInstances[] = {"XIP_SSI"};
inline constexpr std::uint32_t kXipSsiBases[] = {0x18000000};
inline constexpr Block kXipSsi{
    "XIP_SSI", kXipSsiInstances, kXipSsiBases, 0x4000, kXipSsiRegisters};
// clang-format on

}  // namespace rp2040::regs
