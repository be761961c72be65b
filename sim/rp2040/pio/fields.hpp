// Fields of the state machines' registers EXECCTRL, SHIFTCTRL, PINCTRL and CLKDIV (datasheet 3.7).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "regs/pio.hpp"

namespace rp2040::pio {

constexpr std::uint32_t field(std::uint32_t word, unsigned low, unsigned bits) {
    return word >> low & ((1u << bits) - 1);
}
/// Low `n` bits; all of them for 32 and more.
constexpr std::uint32_t low_bits(unsigned n) { return n >= 32 ? ~0u : (1u << n) - 1; }
constexpr std::uint32_t reverse_word(std::uint32_t v) {
    v = ((v >> 1) & 0x55555555u) | ((v & 0x55555555u) << 1);
    v = ((v >> 2) & 0x33333333u) | ((v & 0x33333333u) << 2);
    v = ((v >> 4) & 0x0f0f0f0fu) | ((v & 0x0f0f0f0fu) << 4);
    return __builtin_bswap32(v);
}
/// Rotation that maps a field of pins from `base` on, wrapping from pin 31 to 0.
constexpr std::uint32_t rotate_left(std::uint32_t v, unsigned n) { return (v << (n & 31)) | (v >> ((32 - n) & 31)); }

consteval std::uint32_t bit(std::string_view path) { return regs::kPio.mask(path); }
/// The value of a field of a state machine's register.
#define PIO_FIELD(function, path) \
    constexpr unsigned function(std::uint32_t word) { return regs::kPio.bits(path).of(word); }

inline constexpr std::uint32_t kOutSticky = bit("SM0_EXECCTRL.OUT_STICKY"),
                               kInlineOutEn = bit("SM0_EXECCTRL.INLINE_OUT_EN"),
                               kSidePindir = bit("SM0_EXECCTRL.SIDE_PINDIR"), kSideEn = bit("SM0_EXECCTRL.SIDE_EN"),
                               kExecStalled = bit("SM0_EXECCTRL.EXEC_STALLED"),
                               kStatusOfRx = bit("SM0_EXECCTRL.STATUS_SEL");
inline constexpr std::uint32_t kExecctrlReserved = ~regs::kPio.mask("SM0_EXECCTRL");
PIO_FIELD(status_n, "SM0_EXECCTRL.STATUS_N")
PIO_FIELD(wrap_bottom, "SM0_EXECCTRL.WRAP_BOTTOM")
PIO_FIELD(wrap_top, "SM0_EXECCTRL.WRAP_TOP")
PIO_FIELD(out_en_sel, "SM0_EXECCTRL.OUT_EN_SEL")
PIO_FIELD(jmp_pin, "SM0_EXECCTRL.JMP_PIN")

inline constexpr std::uint32_t kAutopush = bit("SM0_SHIFTCTRL.AUTOPUSH"), kAutopull = bit("SM0_SHIFTCTRL.AUTOPULL"),
                               kInRight = bit("SM0_SHIFTCTRL.IN_SHIFTDIR"),
                               kOutRight = bit("SM0_SHIFTCTRL.OUT_SHIFTDIR"), kJoinTx = bit("SM0_SHIFTCTRL.FJOIN_TX"),
                               kJoinRx = bit("SM0_SHIFTCTRL.FJOIN_RX"),
                               kShiftctrlMask = regs::kPio.writable("SM0_SHIFTCTRL");
/// Thresholds encode 32 as 0.
constexpr unsigned threshold(std::uint32_t bits) { return bits == 0 ? 32 : bits; }
constexpr unsigned push_threshold(std::uint32_t shiftctrl) {
    return threshold(regs::kPio.bits("SM0_SHIFTCTRL.PUSH_THRESH").of(shiftctrl));
}
constexpr unsigned pull_threshold(std::uint32_t shiftctrl) {
    return threshold(regs::kPio.bits("SM0_SHIFTCTRL.PULL_THRESH").of(shiftctrl));
}

PIO_FIELD(out_base, "SM0_PINCTRL.OUT_BASE")
PIO_FIELD(set_base, "SM0_PINCTRL.SET_BASE")
PIO_FIELD(side_base, "SM0_PINCTRL.SIDESET_BASE")
PIO_FIELD(in_base, "SM0_PINCTRL.IN_BASE")
PIO_FIELD(out_count, "SM0_PINCTRL.OUT_COUNT")
PIO_FIELD(set_count, "SM0_PINCTRL.SET_COUNT")
#undef PIO_FIELD
/// Bits of the instruction's delay/side-set field that are side-set, SIDE_EN's included.
constexpr unsigned side_count(std::uint32_t pinctrl) {
    return std::min(regs::kPio.bits("SM0_PINCTRL.SIDESET_COUNT").of(pinctrl), 5u);
}
constexpr std::uint32_t out_pins(std::uint32_t pinctrl) {
    return rotate_left(low_bits(out_count(pinctrl)), out_base(pinctrl));
}
constexpr std::uint32_t set_pins(std::uint32_t pinctrl) {
    return rotate_left(low_bits(set_count(pinctrl)), set_base(pinctrl));
}

/// CLKDIV in 1/256 cycles. INT = 0 stands for 65536, and FRAC must then be 0.
constexpr std::uint32_t divider(std::uint32_t clkdiv) {
    const std::uint32_t whole = regs::kPio.bits("SM0_CLKDIV.INT").of(clkdiv);
    return whole == 0 ? 65536u << 8 : whole << 8 | regs::kPio.bits("SM0_CLKDIV.FRAC").of(clkdiv);
}

}  // namespace rp2040::pio
