// Fields of the DMA channels' CTRL registers (datasheet 2.5.7), shared by dma.cpp and transfer.cpp.
#pragma once

#include <cstdint>

namespace rp2040::dma {

inline constexpr std::uint32_t kEn = 1u << 0, kHighPriority = 1u << 1, kIncrRead = 1u << 4, kIncrWrite = 1u << 5,
                               kRingSel = 1u << 10, kIrqQuiet = 1u << 21, kBswap = 1u << 22, kSniffEn = 1u << 23,
                               kBusy = 1u << 24, kWriteError = 1u << 29, kReadError = 1u << 30, kAhbError = 1u << 31;

inline constexpr unsigned kTreqTimer0 = 0x3b, kTreqPermanent = 0x3f;
inline constexpr unsigned kTreqPwm0 = 24, kTreqPwm7 = 31;
inline constexpr std::uint32_t kMaxCredits = 63;

constexpr unsigned bytes(std::uint32_t ctrl) {
    const unsigned size = (ctrl >> 2) & 3;
    return size == 0 ? 1 : size == 1 ? 2 : 4;
}
constexpr unsigned treq(std::uint32_t ctrl) { return (ctrl >> 15) & 0x3f; }
constexpr unsigned chain_to(std::uint32_t ctrl) { return (ctrl >> 11) & 0xf; }
constexpr unsigned ring_bits(std::uint32_t ctrl) { return (ctrl >> 6) & 0xf; }

}  // namespace rp2040::dma
