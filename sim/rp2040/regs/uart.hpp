// Rendered from platforms/rp2040/uart.toml by `make chip`: change it there.
// UART, Arm PL011 (datasheet 4.2.8).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kUartFields[] = {
    // UARTDR
    {"OE", 11, 1, Access::ro},
    {"BE", 10, 1, Access::ro},
    {"PE", 9, 1, Access::ro},
    {"FE", 8, 1, Access::ro},
    {"DATA", 0, 8, Access::rf},
    // UARTRSR
    {"OE", 3, 1, Access::wc},
    {"BE", 2, 1, Access::wc},
    {"PE", 1, 1, Access::wc},
    {"FE", 0, 1, Access::wc},
    // UARTFR
    {"RI", 8, 1, Access::ro},
    {"TXFE", 7, 1, Access::ro, Verdict::full, 1},
    {"RXFF", 6, 1, Access::ro},
    {"TXFF", 5, 1, Access::ro},
    {"RXFE", 4, 1, Access::ro, Verdict::full, 1},
    {"BUSY", 3, 1, Access::ro},
    {"DCD", 2, 1, Access::ro},
    {"DSR", 1, 1, Access::ro},
    {"CTS", 0, 1, Access::ro},
    // UARTILPR
    {"ILPDVSR", 0, 8, Access::rw, Verdict::stored},
    // UARTIBRD
    {"BAUD_DIVINT", 0, 16, Access::rw},
    // UARTFBRD
    {"BAUD_DIVFRAC", 0, 6, Access::rw},
    // UARTLCR_H
    {"SPS", 7, 1, Access::rw},
    {"WLEN", 5, 2, Access::rw},
    {"FEN", 4, 1, Access::rw},
    {"STP2", 3, 1, Access::rw},
    {"EPS", 2, 1, Access::rw},
    {"PEN", 1, 1, Access::rw},
    {"BRK", 0, 1, Access::rw},
    // UARTCR
    {"CTSEN", 15, 1, Access::rw},
    {"RTSEN", 14, 1, Access::rw},
    {"OUT2", 13, 1, Access::rw, Verdict::stored},
    {"OUT1", 12, 1, Access::rw, Verdict::stored},
    {"RTS", 11, 1, Access::rw},
    {"DTR", 10, 1, Access::rw, Verdict::stored},
    {"RXE", 9, 1, Access::rw, Verdict::full, 1},
    {"TXE", 8, 1, Access::rw, Verdict::full, 1},
    {"LBE", 7, 1, Access::rw},
    {"SIRLP", 2, 1, Access::rw, Verdict::stored},
    {"SIREN", 1, 1, Access::rw, Verdict::refused, 0, 1, 0, "IrDA"},
    {"UARTEN", 0, 1, Access::rw},
    // UARTIFLS
    {"RXIFLSEL", 3, 3, Access::rw, Verdict::full, 2},
    {"TXIFLSEL", 0, 3, Access::rw, Verdict::full, 2},
    // UARTIMSC
    {"OEIM", 10, 1, Access::rw},
    {"BEIM", 9, 1, Access::rw},
    {"PEIM", 8, 1, Access::rw},
    {"FEIM", 7, 1, Access::rw},
    {"RTIM", 6, 1, Access::rw},
    {"TXIM", 5, 1, Access::rw},
    {"RXIM", 4, 1, Access::rw},
    {"DSRMIM", 3, 1, Access::rw, Verdict::stored},
    {"DCDMIM", 2, 1, Access::rw, Verdict::stored},
    {"CTSMIM", 1, 1, Access::rw},
    {"RIMIM", 0, 1, Access::rw, Verdict::stored},
    // UARTRIS
    {"OERIS", 10, 1, Access::ro},
    {"BERIS", 9, 1, Access::ro},
    {"PERIS", 8, 1, Access::ro},
    {"FERIS", 7, 1, Access::ro},
    {"RTRIS", 6, 1, Access::ro},
    {"TXRIS", 5, 1, Access::ro},
    {"RXRIS", 4, 1, Access::ro},
    {"DSRRMIS", 3, 1, Access::ro},
    {"DCDRMIS", 2, 1, Access::ro},
    {"CTSRMIS", 1, 1, Access::ro},
    {"RIRMIS", 0, 1, Access::ro},
    // UARTMIS
    {"OEMIS", 10, 1, Access::ro},
    {"BEMIS", 9, 1, Access::ro},
    {"PEMIS", 8, 1, Access::ro},
    {"FEMIS", 7, 1, Access::ro},
    {"RTMIS", 6, 1, Access::ro},
    {"TXMIS", 5, 1, Access::ro},
    {"RXMIS", 4, 1, Access::ro},
    {"DSRMMIS", 3, 1, Access::ro},
    {"DCDMMIS", 2, 1, Access::ro},
    {"CTSMMIS", 1, 1, Access::ro},
    {"RIMMIS", 0, 1, Access::ro},
    // UARTICR
    {"OEIC", 10, 1, Access::wc},
    {"BEIC", 9, 1, Access::wc},
    {"PEIC", 8, 1, Access::wc},
    {"FEIC", 7, 1, Access::wc},
    {"RTIC", 6, 1, Access::wc},
    {"TXIC", 5, 1, Access::wc},
    {"RXIC", 4, 1, Access::wc},
    {"DSRMIC", 3, 1, Access::wc},
    {"DCDMIC", 2, 1, Access::wc},
    {"CTSMIC", 1, 1, Access::wc},
    {"RIMIC", 0, 1, Access::wc},
    // UARTDMACR
    {"DMAONERR", 2, 1, Access::rw},
    {"TXDMAE", 1, 1, Access::rw},
    {"RXDMAE", 0, 1, Access::rw},
    // UARTPERIPHID0
    {"PARTNUMBER0", 0, 8, Access::ro, Verdict::full, 0x11},
    // UARTPERIPHID1
    {"DESIGNER0", 4, 4, Access::ro, Verdict::full, 1},
    {"PARTNUMBER1", 0, 4, Access::ro},
    // UARTPERIPHID2
    {"REVISION", 4, 4, Access::ro, Verdict::full, 3},
    {"DESIGNER1", 0, 4, Access::ro, Verdict::full, 4},
    // UARTPERIPHID3
    {"CONFIGURATION", 0, 8, Access::ro},
    // UARTPCELLID0
    {"UARTPCELLID0", 0, 8, Access::ro, Verdict::full, 0xd},
    // UARTPCELLID1
    {"UARTPCELLID1", 0, 8, Access::ro, Verdict::full, 0xf0},
    // UARTPCELLID2
    {"UARTPCELLID2", 0, 8, Access::ro, Verdict::full, 5},
    // UARTPCELLID3
    {"UARTPCELLID3", 0, 8, Access::ro, Verdict::full, 0xb1},
};
inline constexpr Register kUartRegisters[] = {
    {"UARTDR", 0x000, {kUartFields, 5}},
    {"UARTRSR", 0x004, {kUartFields + 5, 4}},
    {"UARTFR", 0x018, {kUartFields + 9, 9}},
    {"UARTILPR", 0x020, {kUartFields + 18, 1}},
    {"UARTIBRD", 0x024, {kUartFields + 19, 1}},
    {"UARTFBRD", 0x028, {kUartFields + 20, 1}},
    {"UARTLCR_H", 0x02c, {kUartFields + 21, 7}},
    {"UARTCR", 0x030, {kUartFields + 28, 12}},
    {"UARTIFLS", 0x034, {kUartFields + 40, 2}},
    {"UARTIMSC", 0x038, {kUartFields + 42, 11}},
    {"UARTRIS", 0x03c, {kUartFields + 53, 11}},
    {"UARTMIS", 0x040, {kUartFields + 64, 11}},
    {"UARTICR", 0x044, {kUartFields + 75, 11}},
    {"UARTDMACR", 0x048, {kUartFields + 86, 3}},
    {"UARTPERIPHID0", 0xfe0, {kUartFields + 89, 1}},
    {"UARTPERIPHID1", 0xfe4, {kUartFields + 90, 2}},
    {"UARTPERIPHID2", 0xfe8, {kUartFields + 92, 2}},
    {"UARTPERIPHID3", 0xfec, {kUartFields + 94, 1}},
    {"UARTPCELLID0", 0xff0, {kUartFields + 95, 1}},
    {"UARTPCELLID1", 0xff4, {kUartFields + 96, 1}},
    {"UARTPCELLID2", 0xff8, {kUartFields + 97, 1}},
    {"UARTPCELLID3", 0xffc, {kUartFields + 98, 1}},
};
inline constexpr std::string_view kUartInstances[] = {"UART0", "UART1"};
inline constexpr std::uint32_t kUartBases[] = {0x40034000, 0x40038000};
inline constexpr Block kUart{
    "UART", kUartInstances, kUartBases, 0x4000, kUartRegisters};
// clang-format on

}  // namespace rp2040::regs
