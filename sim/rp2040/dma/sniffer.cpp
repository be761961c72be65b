#include "dma/sniffer.hpp"

namespace rp2040 {

namespace {
/// One byte, most significant bit first, into a CRC register of `width` bits.
std::uint32_t crc_byte(std::uint32_t crc, std::uint32_t byte, unsigned width, std::uint32_t polynomial) {
    const std::uint32_t top = 1u << (width - 1);
    crc ^= byte << (width - 8);
    for (unsigned bit = 0; bit < 8; ++bit) crc = (crc & top) != 0 ? (crc << 1) ^ polynomial : crc << 1;
    return width == 32 ? crc : crc & ((1u << width) - 1);
}
}  // namespace

std::uint32_t sniff(std::uint32_t accumulator, SniffCalc calc, std::uint32_t value, unsigned bytes) {
    const std::uint32_t data = bytes == 4 ? value : value & ((1u << (8 * bytes)) - 1);
    switch (calc) {
        case SniffCalc::parity: return (accumulator ^ static_cast<std::uint32_t>(__builtin_parity(data))) & 1;
        case SniffCalc::sum: return accumulator + data;
        case SniffCalc::crc32:
        case SniffCalc::crc32r:
        case SniffCalc::crc16:
        case SniffCalc::crc16r: break;
        default: return accumulator;
    }
    const bool wide = calc == SniffCalc::crc32 || calc == SniffCalc::crc32r;
    const bool reversed = calc == SniffCalc::crc32r || calc == SniffCalc::crc16r;
    for (unsigned n = 0; n < bytes; ++n) {
        std::uint32_t byte = (data >> (8 * n)) & 0xff;
        if (reversed) byte = reverse_bits(byte) >> 24;
        accumulator =
            wide ? crc_byte(accumulator, byte, 32, 0x04c11db7) : crc_byte(accumulator & 0xffff, byte, 16, 0x1021);
    }
    return accumulator;
}

}  // namespace rp2040
