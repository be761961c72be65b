// Fields of the DMA channels' CTRL registers (datasheet 2.5.7), shared by dma.cpp and transfer.cpp.
#pragma once

#include "base/types.hpp"
#include "regs/dma.hpp"

namespace rp2040::dma {

consteval std::uint32_t bit(std::string_view field) { return regs::kDma.mask(field); }
inline constexpr std::uint32_t kEn = bit("CH0_CTRL_TRIG.EN"), kHighPriority = bit("CH0_CTRL_TRIG.HIGH_PRIORITY"),
                               kIncrRead = bit("CH0_CTRL_TRIG.INCR_READ"), kIncrWrite = bit("CH0_CTRL_TRIG.INCR_WRITE"),
                               kRingSel = bit("CH0_CTRL_TRIG.RING_SEL"), kIrqQuiet = bit("CH0_CTRL_TRIG.IRQ_QUIET"),
                               kBswap = bit("CH0_CTRL_TRIG.BSWAP"), kSniffEn = bit("CH0_CTRL_TRIG.SNIFF_EN"),
                               kBusy = bit("CH0_CTRL_TRIG.BUSY"), kWriteError = bit("CH0_CTRL_TRIG.WRITE_ERROR"),
                               kReadError = bit("CH0_CTRL_TRIG.READ_ERROR"), kAhbError = bit("CH0_CTRL_TRIG.AHB_ERROR");
inline constexpr regs::Bits kDataSize = regs::kDma.bits("CH0_CTRL_TRIG.DATA_SIZE"),
                            kTreqSel = regs::kDma.bits("CH0_CTRL_TRIG.TREQ_SEL"),
                            kChainTo = regs::kDma.bits("CH0_CTRL_TRIG.CHAIN_TO"),
                            kRingSize = regs::kDma.bits("CH0_CTRL_TRIG.RING_SIZE");

/// Values of TREQ_SEL beyond those of `Dreq`.
inline constexpr unsigned kTreqTimer0 = 0x3b, kTreqPermanent = 0x3f;
constexpr bool is_timer(unsigned treq) { return treq >= kTreqTimer0 && treq < kTreqPermanent; }
/// Requests of the PIO blocks, from 0 on.
inline constexpr unsigned kPioTreqs = 16;
inline constexpr auto kTreqPwm0 = static_cast<unsigned>(Dreq::pwm_wrap0),
                      kTreqPwm7 = static_cast<unsigned>(Dreq::pwm_wrap7);
inline constexpr std::uint32_t kMaxCredits = regs::kDma.mask("CH0_DBG_CTDREQ");

constexpr unsigned bytes(std::uint32_t ctrl) {
    const unsigned size = kDataSize.of(ctrl);
    return size == 0 ? 1 : size == 1 ? 2 : 4;
}
constexpr unsigned treq(std::uint32_t ctrl) { return kTreqSel.of(ctrl); }
constexpr unsigned chain_to(std::uint32_t ctrl) { return kChainTo.of(ctrl); }
constexpr unsigned ring_bits(std::uint32_t ctrl) { return kRingSize.of(ctrl); }
/// Length of the ring in which the read or the write address goes round; 0 without one.
constexpr std::uint32_t ring_bytes(std::uint32_t ctrl, bool is_write) {
    return ring_bits(ctrl) != 0 && ((ctrl & kRingSel) != 0) == is_write ? 1u << ring_bits(ctrl) : 0;
}
/// The read or the write address `by` bytes further on, if it counts.
constexpr std::uint32_t advance(std::uint32_t address, std::uint32_t ctrl, bool is_write, std::uint32_t by) {
    if ((ctrl & (is_write ? kIncrWrite : kIncrRead)) == 0) return address;
    const std::uint32_t ring = ring_bytes(ctrl, is_write);
    return ring == 0 ? address + by : (address & ~(ring - 1)) | ((address + by) & (ring - 1));
}

}  // namespace rp2040::dma
