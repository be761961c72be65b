// Fields of the state machines' registers EXECCTRL, SHIFTCTRL, PINCTRL and CLKDIV (datasheet 3.7).
#pragma once

#include <algorithm>
#include <cstdint>

namespace rp2040::pio {

constexpr std::uint32_t field(std::uint32_t word, unsigned low, unsigned bits) {
    return word >> low & ((1u << bits) - 1);
}
/// Low `n` bits; all of them for 32 and more.
constexpr std::uint32_t low_bits(unsigned n) { return n >= 32 ? ~0u : (1u << n) - 1; }
/// Rotation that maps a field of pins from `base` on, wrapping from pin 31 to 0.
constexpr std::uint32_t rotate_left(std::uint32_t v, unsigned n) { return (v << (n & 31)) | (v >> ((32 - n) & 31)); }

// EXECCTRL.
inline constexpr std::uint32_t kOutSticky = 1u << 17, kInlineOutEn = 1u << 18, kSidePindir = 1u << 29,
                               kSideEn = 1u << 30, kExecStalled = 1u << 31;
inline constexpr std::uint32_t kStatusOfRx = 1u << 4, kExecctrlReserved = 3u << 5;
constexpr unsigned status_n(std::uint32_t execctrl) { return field(execctrl, 0, 4); }
constexpr unsigned wrap_bottom(std::uint32_t execctrl) { return field(execctrl, 7, 5); }
constexpr unsigned wrap_top(std::uint32_t execctrl) { return field(execctrl, 12, 5); }
constexpr unsigned out_en_sel(std::uint32_t execctrl) { return field(execctrl, 19, 5); }
constexpr unsigned jmp_pin(std::uint32_t execctrl) { return field(execctrl, 24, 5); }

// SHIFTCTRL.
inline constexpr std::uint32_t kAutopush = 1u << 16, kAutopull = 1u << 17, kInRight = 1u << 18, kOutRight = 1u << 19,
                               kJoinTx = 1u << 30, kJoinRx = 1u << 31, kShiftctrlMask = 0xffff0000;
/// Thresholds encode 32 as 0.
constexpr unsigned threshold(std::uint32_t bits) { return bits == 0 ? 32 : bits; }
constexpr unsigned push_threshold(std::uint32_t shiftctrl) { return threshold(field(shiftctrl, 20, 5)); }
constexpr unsigned pull_threshold(std::uint32_t shiftctrl) { return threshold(field(shiftctrl, 25, 5)); }

// PINCTRL.
constexpr unsigned out_base(std::uint32_t pinctrl) { return field(pinctrl, 0, 5); }
constexpr unsigned set_base(std::uint32_t pinctrl) { return field(pinctrl, 5, 5); }
constexpr unsigned side_base(std::uint32_t pinctrl) { return field(pinctrl, 10, 5); }
constexpr unsigned in_base(std::uint32_t pinctrl) { return field(pinctrl, 15, 5); }
constexpr unsigned out_count(std::uint32_t pinctrl) { return field(pinctrl, 20, 6); }
constexpr unsigned set_count(std::uint32_t pinctrl) { return field(pinctrl, 26, 3); }
/// Bits of the instruction's delay/side-set field that are side-set, SIDE_EN's included.
constexpr unsigned side_count(std::uint32_t pinctrl) { return std::min(field(pinctrl, 29, 3), 5u); }
constexpr std::uint32_t out_pins(std::uint32_t pinctrl) {
    return rotate_left(low_bits(out_count(pinctrl)), out_base(pinctrl));
}
constexpr std::uint32_t set_pins(std::uint32_t pinctrl) {
    return rotate_left(low_bits(set_count(pinctrl)), set_base(pinctrl));
}

/// CLKDIV in 1/256 cycles. INT = 0 stands for 65536, and FRAC must then be 0.
constexpr std::uint32_t divider(std::uint32_t clkdiv) {
    const std::uint32_t whole = field(clkdiv, 16, 16);
    return whole == 0 ? 65536u << 8 : whole << 8 | field(clkdiv, 8, 8);
}

}  // namespace rp2040::pio
