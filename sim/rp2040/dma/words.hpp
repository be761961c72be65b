// One channel that moves words between banks of SRAM, beside a core that goes on (cpu/beside_dma.cpp).
//
// Nobody sees its steps but by what is in memory and by the ports that they take: no event, no register, no other
// block. So each is what Dma::step() would do, for one channel that is not at its last transfer, and without the way
// through events. Here, to be compiled into the loop that makes them; Banks are
//   std::uint8_t* sram;
//   const std::uint8_t* code_words;  // of SRAM that decoded code was made from: a store there is for others
//   template <bool is_write> Cycles take(Cycles now, std::uint32_t offset);  // a port; kNever: DmaBus::access() must
#pragma once

#include <algorithm>
#include <cstring>

#include "bus/memory_map.hpp"
#include "dma/dma.hpp"
#include "dma/fields.hpp"

namespace rp2040 {

namespace moved {
constexpr bool in_sram(std::uint32_t address) { return address - kSramBase < kSramSize; }
}  // namespace moved

template <class Banks>
inline void Dma::read_moved(Cycles now, Banks& banks) {
    s_.reading.under_way = false;
    std::uint32_t value = 0;
    const std::uint8_t* const from = banks.sram + (s_.reading.address - kSramBase);
    if (mover_.bytes == 4)
        std::memcpy(&value, from, 4);
    else
        std::memcpy(&value, from, mover_.bytes == 1 ? 1 : 2);
    s_.word[s_.words++] = {false, static_cast<std::uint8_t>(mover_.index), value, now + 2};
}

template <class Banks>
inline void Dma::write_moved(DmaState::Channel& c, Banks& banks) {
    s_.writing.under_way = false;
    const std::uint32_t data = s_.word[0].data;
    std::copy(s_.word.begin() + 1, s_.word.begin() + s_.words--, s_.word.begin());
    c.write_addr = (c.write_addr & ~mover_.ring[1]) | ((c.write_addr + mover_.step[1]) & mover_.ring[1]);
    --c.trans_count;
    --c.in_flight;
    std::uint8_t* const to = banks.sram + (s_.writing.address - kSramBase);
    if (mover_.bytes == 4)
        std::memcpy(to, &data, 4);
    else
        std::memcpy(to, &data, mover_.bytes == 1 ? 1 : 2);
}

/// Takes the port of an access; what takes no more than its first cycle is over then.
template <bool is_write, class Banks>
inline void Dma::begin_to_move(DmaState::Channel& c, Cycles now, Banks& banks) {
    const std::uint32_t address = (is_write ? c.write_addr : c.read_addr) & mover_.offset_mask;
    if constexpr (!is_write) {
        if (mover_.timer != nullptr) --c.credits;
        c.read_addr = (c.read_addr & ~mover_.ring[0]) | ((c.read_addr + mover_.step[0]) & mover_.ring[0]);
        --c.unread;
        ++c.in_flight;
    }
    Cycles waits = banks.template take<is_write>(now, address - kSramBase);
    if (waits == kNever) [[unlikely]]
        waits = bus_->access(now, address, is_write);
    const Cycles end = now + waits;
    (is_write ? s_.writing : s_.reading) = {true, false, static_cast<std::uint8_t>(mover_.index), address, end};
    (is_write ? s_.write_free : s_.read_free) = end + 1;
    if (waits != 0) return;
    if constexpr (is_write)
        write_moved(c, banks);
    else
        read_moved(now, banks);
}

template <class Banks>
bool Dma::move(Banks& banks) {
    Channel& c = s_.channel[mover_.index];
    if (c.unread < 2 || !moved::in_sram(c.read_addr) || !moved::in_sram(c.write_addr)) return false;
    if (banks.code_words[(c.write_addr - kSramBase) / 4] != 0) return false;
    const Cycles now = due_;
    stepped_ = now;
    if (mover_.timer != nullptr) {
        DmaState::Timer& timer = *mover_.timer;
        if (timer.at != now) {
            const Cycles first = timer.at + timer.cycles_to_pulse() + 1;
            if (const std::uint64_t pulses = timer.advance(now); pulses != 0) {
                if (c.credits == 0) c.ready = std::max(c.ready, first);
                c.credits = static_cast<std::uint32_t>(std::min<std::uint64_t>(c.credits + pulses, dma::kMaxCredits));
            }
        }
    }
    if (s_.writing.under_way && s_.writing.due <= now) write_moved(c, banks);
    if (s_.words != 0 && s_.word[0].due <= now && s_.write_free <= now) begin_to_move<true>(c, now, banks);
    if (s_.reading.under_way && s_.reading.due <= now) read_moved(now, banks);
    if (s_.words < s_.word.size() && s_.read_free <= now) {
        const bool reads = c.ready <= now && (mover_.timer == nullptr || c.credits != 0);
        s_.next_high = mover_.high && reads ? mover_.index + 1 : 0;
        if (reads) {
            if (!mover_.high) s_.next_low = (mover_.index + 1) % kDmaChannels;
            begin_to_move<false>(c, now, banks);
        }
    }
    due_ = next_move(now + 1);
    return true;
}

}  // namespace rp2040
