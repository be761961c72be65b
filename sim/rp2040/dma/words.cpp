// When one channel that moves words between banks of SRAM can do so by the steps of words.hpp, and the time of the
// next.
#include "dma/words.hpp"

#include <algorithm>

#include "dma/fields.hpp"

namespace rp2040 {

using namespace dma;
using moved::in_sram;

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

}  // namespace rp2040
