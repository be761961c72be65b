// One channel that moves words between banks of SRAM, beside a core that goes on (cpu/beside_dma.cpp).
//
// Nobody sees its steps but by what is in memory and by the ports that they take: no event, no register, no other
// block. So each is what step() would do, for one channel that is not at its last transfer, and without the way through
// events.
#include <algorithm>
#include <cstring>

#include "bus/crossbar.hpp"
#include "bus/memory_map.hpp"
#include "dma/dma.hpp"
#include "dma/fields.hpp"

namespace rp2040 {

using namespace dma;

namespace {
constexpr bool is_timer(unsigned treq) { return treq >= kTreqTimer0 && treq < kTreqPermanent; }
constexpr bool in_sram(std::uint32_t address) { return address - kSramBase < kSramSize; }
}  // namespace

bool Dma::begin_moving() {
    if (busy_ == 0 || (busy_ & (busy_ - 1)) != 0 || recorder_ != nullptr || !clocked()) return false;
    const auto index = static_cast<unsigned>(__builtin_ctz(busy_));
    const Channel& c = s_.channel[index];
    const unsigned source = treq(c.ctrl);
    if (source != kTreqPermanent && !(is_timer(source) && s_.timer[source - kTreqTimer0].runs())) return false;
    if ((c.ctrl & kEn) == 0 || (c.ctrl & kBswap) != 0 || ((s_.sniffer.ctrl & 1) != 0 && (c.ctrl & kSniffEn) != 0))
        return false;
    if (c.unread < 2 || !in_sram(c.read_addr) || !in_sram(c.write_addr)) return false;
    for (const DmaState::Access* access : {&s_.reading, &s_.writing})
        if (access->under_way && (access->channel != index || access->last || !in_sram(access->address))) return false;
    for (unsigned n = 0; n < s_.words; ++n)
        if (s_.word[n].channel != index || s_.word[n].last) return false;
    const std::uint32_t size = bytes(c.ctrl);
    const auto ring = [&](bool is_write) { return ring_bytes(c.ctrl, is_write) - 1; };
    mover_ = {index,
              size,
              ~(size - 1),
              {(c.ctrl & kIncrRead) != 0 ? size : 0, (c.ctrl & kIncrWrite) != 0 ? size : 0},
              {ring(false), ring(true)},
              is_timer(source) ? &s_.timer[source - kTreqTimer0] : nullptr,
              (c.ctrl & kHighPriority) != 0};
    moving_ = true;
    stepped_ = 0;
    due_ = fabric_.events().due(EventId::dma);
    return true;
}

void Dma::end_moving() {
    moving_ = false;
    if (stepped_ == 0 && fabric_.events().due(EventId::dma) == due_) return;
    if (stepped_ != 0) {
        advance_timers(stepped_);  // those that pace no channel
        fabric_.events().pass_to(stepped_);
    }
    fabric_.events().schedule(EventId::dma, due_);
}

Cycles Dma::next_move(Cycles earliest) const {
    const Channel& c = s_.channel[mover_.index];
    Cycles due = kNever;
    if (s_.reading.under_way) due = s_.reading.due;
    if (s_.writing.under_way)
        due = std::min(due, s_.writing.due);
    else if (s_.words != 0)
        due = std::min(due, std::max(s_.word[0].due, s_.write_free));
    if (s_.words < s_.word.size() && !s_.reading.under_way) {
        Cycles start = std::max(c.ready, s_.read_free);
        if (const DmaState::Timer* timer = mover_.timer; timer != nullptr && c.credits == 0)
            start = std::max(start, timer->at + timer->cycles_to_pulse() + 1);
        due = std::min(due, start);
    }
    return std::max(due, earliest);
}

inline void Dma::read_moved(Cycles now, const Banks& banks) {
    s_.reading.under_way = false;
    std::uint32_t value = 0;
    const std::uint8_t* const from = banks.sram + (s_.reading.address - kSramBase);
    if (mover_.bytes == 4)
        std::memcpy(&value, from, 4);
    else
        std::memcpy(&value, from, mover_.bytes == 1 ? 1 : 2);
    s_.word[s_.words++] = {false, static_cast<std::uint8_t>(mover_.index), value, now + 2};
}

inline void Dma::write_moved(Channel& c, const Banks& banks) {
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
template <bool is_write>
inline void Dma::begin_to_move(Channel& c, Cycles now, const Banks& banks) {
    const std::uint32_t address = (is_write ? c.write_addr : c.read_addr) & mover_.offset_mask;
    if constexpr (!is_write) {
        if (mover_.timer != nullptr) --c.credits;
        c.read_addr = (c.read_addr & ~mover_.ring[0]) | ((c.read_addr + mover_.step[0]) & mover_.ring[0]);
        --c.unread;
        ++c.in_flight;
    }
    constexpr BusMaster kMaster = is_write ? BusMaster::dma_write : BusMaster::dma_read;
    Cycles waits = banks.crossbar.take_beside(kMaster, now, port_in_sram(address - kSramBase));
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

bool Dma::move(const Banks& banks) {
    Channel& c = s_.channel[mover_.index];
    if (c.unread < 2 || !in_sram(c.read_addr) || !in_sram(c.write_addr)) return false;
    if (banks.code_words[(c.write_addr - kSramBase) / 4] != 0) return false;
    const Cycles now = due_;
    stepped_ = now;
    if (mover_.timer != nullptr) {
        DmaState::Timer& timer = *mover_.timer;
        const Cycles elapsed = now - timer.at;
        if (elapsed != 0) {
            const Cycles first = timer.at + timer.cycles_to_pulse() + 1;
            std::uint64_t fired = elapsed;
            if (timer.x() < timer.y()) {
                const std::uint64_t x = timer.x(), y = timer.y(), total = timer.phase + x * elapsed;
                fired = total < y ? 0 : total < 2 * y ? 1 : total / y;
                timer.phase = static_cast<std::uint32_t>(total - fired * y);
            }
            if (fired != 0) {
                if (c.credits == 0) c.ready = std::max(c.ready, first);
                c.credits = static_cast<std::uint32_t>(std::min<std::uint64_t>(c.credits + fired, kMaxCredits));
            }
        }
        timer.at = now;
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
