// FIFOs of whose levels nobody must learn at once: no interrupt and no channel of the DMA waits for them.
//
// Then no event comes when a word is taken or brought. A register with levels in it is read by bringing the block up to
// date; a loop that polls one is told, when it asks, up to which cycle nothing can change. If a block's programs can do
// nothing else that others must learn of, a word for a FIFO need not even make it think of its next event.
#include <algorithm>

#include "pio/fields.hpp"
#include "pio/pio.hpp"

namespace rp2040 {

using namespace pio;

namespace {
constexpr std::uint32_t kLevelIrqs = 0xff;  ///< Of INTE: a FIFO is not empty, not full.
constexpr unsigned kDreqs = 8;              ///< Of a block.
}  // namespace

/// Whether an event must come for each change of a level.
bool Pio::hears_levels() const {
    if (recorder_ != nullptr || ((s_.inte[0] | s_.inte[1]) & kLevelIrqs) != 0) return true;
    if ((fabric_.paced_by_pio() >> (kDreqs * index_) & low_bits(kDreqs)) != 0) return true;
    for (unsigned i = 0; i < 4; ++i)
        if (asks_levels_[i] && s_.sm[i].enabled) return true;
    return false;
}

/// Whether no program can come to anything but its pins and FIFOs.
bool Pio::shows_nothing() const {
    for (unsigned i = 0; i < 4; ++i) {
        const PioMachine& m = s_.sm[i];
        if (m.forced_pending) return false;
        if (!m.enabled) continue;
        if (m.exec_pending || horizon_of(i).to_visible[m.pc] < PioHorizon::kFar) return false;
    }
    return true;
}

void Pio::levels_heard() {
    if (!unheard_) return;
    pins_.catch_up(now());
    plan();
}

/// Up to which cycle reads of FSTAT find what they find now, if nothing acts on the block.
Cycles Pio::levels_until() const {
    if (levels_until_ > now() || !clocked() || (code_dirty_ | horizon_dirty_) != 0) return levels_until_;
    const Cycles first = seen_from(false, true);
    return levels_until_ = first == kNever ? kNever : first + 1;
}

/// A lower bound for the cycle in which a machine may find a FIFO empty or full, having not found it so before.
Cycles Pio::stalls_from(unsigned index) const {
    const PioMachine& m = s_.sm[index];
    if (m.forced_pending) return 0;
    if (!m.enabled) return kNever;
    if (m.asleep) return m.stall == PioStall::tx_empty || m.stall == PioStall::rx_full ? kNever : 0;
    if (m.exec_pending || asks_levels_[index]) return 0;
    const PioHorizon& h = horizon_of(index);
    std::uint64_t ticks = std::min({h.to_visible[m.pc], h.to_pull[m.pc], h.to_push[m.pc]});
    if ((m.shiftctrl & kAutopush) != 0) ticks = std::min<std::uint64_t>(ticks, h.to_in[m.pc]);
    if ((m.shiftctrl & kAutopull) != 0) ticks = std::min<std::uint64_t>(ticks, h.to_shifted[0][m.pc]);
    if (ticks >= PioHorizon::kFar) return kNever;
    if (looping_[index] != kNotLooping && m.delay_left == 0) {
        const PioCounting& loop = countings_[index].by_last[looping_[index]];
        if (m.pc == loop.head) ticks += std::min<std::uint64_t>(loop.rounds(m.x, m.y), 1u << 30) * loop.ticks;
    }
    return (m.next + (m.delay_left + ticks) * divider_[index]) >> 8;
}

/// Up to which cycle reads of FDEBUG find what they find now, if nothing acts on the block.
Cycles Pio::stalls_until() const {
    if (!clocked() || (code_dirty_ | horizon_dirty_) != 0) return 0;
    Cycles first = kNever;
    for (unsigned i = 0; i < 4; ++i) first = std::min(first, stalls_from(i));
    return first == kNever ? kNever : first + 1;
}

/// A FIFO that was empty or full has got or lost a word, or there is no event that would say so.
void Pio::acted_on_fifo() {
    if (!silent_) return replan();
    stir();
    update_next();
    levels_until_ = 0;
    pins_.plan_waiting(this);
}

}  // namespace rp2040
