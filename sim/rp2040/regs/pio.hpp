// Rendered from platforms/rp2040/pio.toml by `make chip`: change it there.
// Programmable input and output (datasheet 3.7).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kPioFields[] = {
    // CTRL
    {"CLKDIV_RESTART", 8, 4, Access::sc},
    {"SM_RESTART", 4, 4, Access::sc},
    {"SM_ENABLE", 0, 4, Access::rw},
    // FSTAT
    {"TXEMPTY", 24, 4, Access::ro, Verdict::full, 0xf},
    {"TXFULL", 16, 4, Access::ro},
    {"RXEMPTY", 8, 4, Access::ro, Verdict::full, 0xf},
    {"RXFULL", 0, 4, Access::ro},
    // FDEBUG
    {"TXSTALL", 24, 4, Access::wc},
    {"TXOVER", 16, 4, Access::wc},
    {"RXUNDER", 8, 4, Access::wc},
    {"RXSTALL", 0, 4, Access::wc},
    // FLEVEL
    {"RX3", 28, 4, Access::ro},
    {"TX3", 24, 4, Access::ro},
    {"RX2", 20, 4, Access::ro},
    {"TX2", 16, 4, Access::ro},
    {"RX1", 12, 4, Access::ro},
    {"TX1", 8, 4, Access::ro},
    {"RX0", 4, 4, Access::ro},
    {"TX0", 0, 4, Access::ro},
    // TXF%
    {"TXF%", 0, 32, Access::rf},
    // RXF%
    {"RXF%", 0, 32, Access::rp},
    // IRQ
    {"IRQ", 0, 8, Access::wc},
    // IRQ_FORCE
    {"IRQ_FORCE", 0, 8, Access::sc},
    // INPUT_SYNC_BYPASS
    {"INPUT_SYNC_BYPASS", 0, 32, Access::rw},
    // DBG_PADOUT
    {"DBG_PADOUT", 0, 32, Access::ro},
    // DBG_PADOE
    {"DBG_PADOE", 0, 32, Access::ro},
    // DBG_CFGINFO
    {"IMEM_SIZE", 16, 6, Access::ro},
    {"SM_COUNT", 8, 4, Access::ro},
    {"FIFO_DEPTH", 0, 6, Access::ro},
    // INSTR_MEM%
    {"INSTR_MEM%", 0, 16, Access::wo},
    // SM%_CLKDIV
    {"INT", 16, 16, Access::rw, Verdict::full, 1},
    {"FRAC", 8, 8, Access::rw},
    // SM%_EXECCTRL
    {"EXEC_STALLED", 31, 1, Access::ro},
    {"SIDE_EN", 30, 1, Access::rw},
    {"SIDE_PINDIR", 29, 1, Access::rw},
    {"JMP_PIN", 24, 5, Access::rw},
    {"OUT_EN_SEL", 19, 5, Access::rw},
    {"INLINE_OUT_EN", 18, 1, Access::rw},
    {"OUT_STICKY", 17, 1, Access::rw},
    {"WRAP_TOP", 12, 5, Access::rw, Verdict::full, 0x1f},
    {"WRAP_BOTTOM", 7, 5, Access::rw},
    {"STATUS_SEL", 4, 1, Access::rw},
    {"STATUS_N", 0, 4, Access::rw},
    // SM%_SHIFTCTRL
    {"FJOIN_RX", 31, 1, Access::rw},
    {"FJOIN_TX", 30, 1, Access::rw},
    {"PULL_THRESH", 25, 5, Access::rw},
    {"PUSH_THRESH", 20, 5, Access::rw},
    {"OUT_SHIFTDIR", 19, 1, Access::rw, Verdict::full, 1},
    {"IN_SHIFTDIR", 18, 1, Access::rw, Verdict::full, 1},
    {"AUTOPULL", 17, 1, Access::rw},
    {"AUTOPUSH", 16, 1, Access::rw},
    // SM%_ADDR
    {"SM%_ADDR", 0, 5, Access::ro},
    // SM%_INSTR
    {"SM%_INSTR", 0, 16, Access::rw},
    // SM%_PINCTRL
    {"SIDESET_COUNT", 29, 3, Access::rw},
    {"SET_COUNT", 26, 3, Access::rw, Verdict::full, 5},
    {"OUT_COUNT", 20, 6, Access::rw},
    {"IN_BASE", 15, 5, Access::rw},
    {"SIDESET_BASE", 10, 5, Access::rw},
    {"SET_BASE", 5, 5, Access::rw},
    {"OUT_BASE", 0, 5, Access::rw},
    // INTR
    {"SM%", 8, 1, Access::ro, Verdict::full, 0, 4, 1},
    {"SM%_TXNFULL", 4, 1, Access::ro, Verdict::full, 0, 4, 1},
    {"SM%_RXNEMPTY", 0, 1, Access::ro, Verdict::full, 0, 4, 1},
    // IRQ%_INTE
    {"SM%", 8, 1, Access::rw, Verdict::full, 0, 4, 1},
    {"SM%_TXNFULL", 4, 1, Access::rw, Verdict::full, 0, 4, 1},
    {"SM%_RXNEMPTY", 0, 1, Access::rw, Verdict::full, 0, 4, 1},
};
inline constexpr Register kPioRegisters[] = {
    {"CTRL", 0x000, {kPioFields, 3}},
    {"FSTAT", 0x004, {kPioFields + 3, 4}},
    {"FDEBUG", 0x008, {kPioFields + 7, 4}},
    {"FLEVEL", 0x00c, {kPioFields + 11, 8}},
    {"TXF%", 0x010, {kPioFields + 19, 1}, 4},
    {"RXF%", 0x020, {kPioFields + 20, 1}, 4},
    {"IRQ", 0x030, {kPioFields + 21, 1}},
    {"IRQ_FORCE", 0x034, {kPioFields + 22, 1}},
    {"INPUT_SYNC_BYPASS", 0x038, {kPioFields + 23, 1}},
    {"DBG_PADOUT", 0x03c, {kPioFields + 24, 1}},
    {"DBG_PADOE", 0x040, {kPioFields + 25, 1}},
    {"DBG_CFGINFO", 0x044, {kPioFields + 26, 3}},
    {"INSTR_MEM%", 0x048, {kPioFields + 29, 1}, 32},
    {"SM%_CLKDIV", 0x0c8, {kPioFields + 30, 2}, 4, 0x18},
    {"SM%_EXECCTRL", 0x0cc, {kPioFields + 32, 11}, 4, 0x18},
    {"SM%_SHIFTCTRL", 0x0d0, {kPioFields + 43, 8}, 4, 0x18},
    {"SM%_ADDR", 0x0d4, {kPioFields + 51, 1}, 4, 0x18},
    {"SM%_INSTR", 0x0d8, {kPioFields + 52, 1}, 4, 0x18},
    {"SM%_PINCTRL", 0x0dc, {kPioFields + 53, 7}, 4, 0x18},
    {"INTR", 0x128, {kPioFields + 60, 3}},
    {"IRQ%_INTE", 0x12c, {kPioFields + 63, 3}, 2, 0xc},
    {"IRQ%_INTF", 0x130, {kPioFields + 63, 3}, 2, 0xc},
    {"IRQ%_INTS", 0x134, {kPioFields + 60, 3}, 2, 0xc},
};
inline constexpr std::string_view kPioInstances[] = {"PIO0", "PIO1"};
inline constexpr std::uint32_t kPioBases[] = {0x50200000, 0x50300000};
inline constexpr Block kPio{
    "PIO", kPioInstances, kPioBases, 0x4000, kPioRegisters};
// clang-format on

}  // namespace rp2040::regs
