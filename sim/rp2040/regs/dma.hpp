// Rendered from platforms/rp2040/dma.toml by `make chip`: change it there.
// Direct memory access (datasheet 2.5.7).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kDmaFields[] = {
    // CH%_READ_ADDR
    {"READ_ADDR", 0, 32, Access::rw},
    // CH%_WRITE_ADDR
    {"WRITE_ADDR", 0, 32, Access::rw},
    // CH%_TRANS_COUNT
    {"TRANS_COUNT", 0, 32, Access::rw},
    // CH%_CTRL_TRIG
    {"AHB_ERROR", 31, 1, Access::ro},
    {"READ_ERROR", 30, 1, Access::wc},
    {"WRITE_ERROR", 29, 1, Access::wc},
    {"BUSY", 24, 1, Access::ro},
    {"SNIFF_EN", 23, 1, Access::rw},
    {"BSWAP", 22, 1, Access::rw},
    {"IRQ_QUIET", 21, 1, Access::rw},
    {"TREQ_SEL", 15, 6, Access::rw},
    {"CHAIN_TO", 11, 4, Access::rw, Verdict::full, kResetIsIndex},
    {"RING_SEL", 10, 1, Access::rw},
    {"RING_SIZE", 6, 4, Access::rw},
    {"INCR_WRITE", 5, 1, Access::rw},
    {"INCR_READ", 4, 1, Access::rw},
    {"DATA_SIZE", 2, 2, Access::rw},
    {"HIGH_PRIORITY", 1, 1, Access::rw},
    {"EN", 0, 1, Access::rw},
    // INTR
    {"INTR", 0, 16, Access::wc},
    // INTE%
    {"INTE%", 0, 16, Access::rw},
    // INTF%
    {"INTF%", 0, 16, Access::rw},
    // INTS%
    {"INTS%", 0, 16, Access::wc},
    // INTR1
    {"INTR1", 0, 16, Access::wc},
    // TIMER%
    {"X", 16, 16, Access::rw},
    {"Y", 0, 16, Access::rw},
    // MULTI_CHAN_TRIGGER
    {"MULTI_CHAN_TRIGGER", 0, 16, Access::sc},
    // SNIFF_CTRL
    {"OUT_INV", 11, 1, Access::rw},
    {"OUT_REV", 10, 1, Access::rw},
    {"BSWAP", 9, 1, Access::rw},
    {"CALC", 5, 4, Access::rw},
    {"DMACH", 1, 4, Access::rw},
    {"EN", 0, 1, Access::rw},
    // SNIFF_DATA
    {"SNIFF_DATA", 0, 32, Access::rw},
    // FIFO_LEVELS
    {"RAF_LVL", 16, 8, Access::ro},
    {"WAF_LVL", 8, 8, Access::ro},
    {"TDF_LVL", 0, 8, Access::ro},
    // CHAN_ABORT
    {"CHAN_ABORT", 0, 16, Access::sc},
    // N_CHANNELS
    {"N_CHANNELS", 0, 5, Access::ro, Verdict::full, 0xc},
    // CH%_DBG_CTDREQ
    {"CH%_DBG_CTDREQ", 0, 6, Access::wc},
    // CH%_DBG_TCR
    {"CH%_DBG_TCR", 0, 32, Access::ro},
};
inline constexpr Register kDmaRegisters[] = {
    {"CH%_READ_ADDR", 0x000, {kDmaFields, 1}, 12, 0x40},
    {"CH%_WRITE_ADDR", 0x004, {kDmaFields + 1, 1}, 12, 0x40},
    {"CH%_TRANS_COUNT", 0x008, {kDmaFields + 2, 1}, 12, 0x40},
    {"CH%_CTRL_TRIG", 0x00c, {kDmaFields + 3, 16}, 12, 0x40},
    {"CH%_AL1_CTRL", 0x010, {kDmaFields + 3, 16}, 12, 0x40},
    {"CH%_AL1_READ_ADDR", 0x014, {kDmaFields, 1}, 12, 0x40},
    {"CH%_AL1_WRITE_ADDR", 0x018, {kDmaFields + 1, 1}, 12, 0x40},
    {"CH%_AL1_TRANS_COUNT_TRIG", 0x01c, {kDmaFields + 2, 1}, 12, 0x40},
    {"CH%_AL2_CTRL", 0x020, {kDmaFields + 3, 16}, 12, 0x40},
    {"CH%_AL2_TRANS_COUNT", 0x024, {kDmaFields + 2, 1}, 12, 0x40},
    {"CH%_AL2_READ_ADDR", 0x028, {kDmaFields, 1}, 12, 0x40},
    {"CH%_AL2_WRITE_ADDR_TRIG", 0x02c, {kDmaFields + 1, 1}, 12, 0x40},
    {"CH%_AL3_CTRL", 0x030, {kDmaFields + 3, 16}, 12, 0x40},
    {"CH%_AL3_WRITE_ADDR", 0x034, {kDmaFields + 1, 1}, 12, 0x40},
    {"CH%_AL3_TRANS_COUNT", 0x038, {kDmaFields + 2, 1}, 12, 0x40},
    {"CH%_AL3_READ_ADDR_TRIG", 0x03c, {kDmaFields, 1}, 12, 0x40},
    {"INTR", 0x400, {kDmaFields + 19, 1}},
    {"INTE%", 0x404, {kDmaFields + 20, 1}, 2, 0x10},
    {"INTF%", 0x408, {kDmaFields + 21, 1}, 2, 0x10},
    {"INTS%", 0x40c, {kDmaFields + 22, 1}, 2, 0x10},
    {"INTR1", 0x410, {kDmaFields + 23, 1}},
    {"TIMER%", 0x420, {kDmaFields + 24, 2}, 4},
    {"MULTI_CHAN_TRIGGER", 0x430, {kDmaFields + 26, 1}},
    {"SNIFF_CTRL", 0x434, {kDmaFields + 27, 6}},
    {"SNIFF_DATA", 0x438, {kDmaFields + 33, 1}},
    {"FIFO_LEVELS", 0x440, {kDmaFields + 34, 3}},
    {"CHAN_ABORT", 0x444, {kDmaFields + 37, 1}},
    {"N_CHANNELS", 0x448, {kDmaFields + 38, 1}},
    {"CH%_DBG_CTDREQ", 0x800, {kDmaFields + 39, 1}, 12, 0x40},
    {"CH%_DBG_TCR", 0x804, {kDmaFields + 40, 1}, 12, 0x40},
};
inline constexpr std::string_view kDmaInstances[] = {"DMA"};
inline constexpr std::uint32_t kDmaBases[] = {0x50000000};
inline constexpr Block kDma{
    "DMA", kDmaInstances, kDmaBases, 0x4000, kDmaRegisters};
// clang-format on

}  // namespace rp2040::regs
