// The DMA's sniff hardware: a checksum over one channel's data (datasheet 2.5.5.2).
#pragma once

#include <cstdint>

namespace rp2040 {

struct SnifferState {
    std::uint32_t ctrl = 0;
    std::uint32_t data = 0;  // Accumulator as written, before OUT_REV and OUT_INV.
};

/// SNIFF_CTRL.CALC.
enum class SniffCalc : std::uint8_t { crc32 = 0, crc32r = 1, crc16 = 2, crc16r = 3, parity = 14, sum = 15 };

/// The accumulator after `bytes` (1, 2 or 4) bytes of `value`. The CRCs take the least significant byte of a transfer
/// first, which is the order in memory; within a byte the most significant bit first, in the R modes the least
/// significant (as measured on silicon with 32-bit transfers, raspberrypi/pico-sdk issue 576).
[[nodiscard]] std::uint32_t sniff(std::uint32_t accumulator, SniffCalc calc, std::uint32_t value, unsigned bytes);

[[nodiscard]] constexpr std::uint32_t reverse_bits(std::uint32_t v) {
    v = ((v >> 1) & 0x55555555u) | ((v & 0x55555555u) << 1);
    v = ((v >> 2) & 0x33333333u) | ((v & 0x33333333u) << 2);
    v = ((v >> 4) & 0x0f0f0f0fu) | ((v & 0x0f0f0f0fu) << 4);
    return __builtin_bswap32(v);
}

}  // namespace rp2040
