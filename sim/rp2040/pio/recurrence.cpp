// Programs that come back to a state in which they were: what lies between happens again and again.
//
// If nobody sees a block's pins, no FIFO changes and nothing from outside comes before some cycle, then what the block
// does is decided by its state and by the levels of the last few cycles. Two equal states, P cycles apart, are followed
// by the same P cycles for as long as that holds, so whole periods are passed over. The first and the last one are run
// by the ordinary steps, which leave pins, their history and the latches of edges as they must be.
#include <algorithm>
#include <array>

#include "pio/pio.hpp"

namespace rp2040 {

namespace {
constexpr Cycles kWorthwhile = 1024;  ///< Cycles for which no search is begun.
constexpr Cycles kSlice = 64;         ///< Between two states that are compared.

bool same_fifo(const PioFifo& a, const PioFifo& b) { return a.head == b.head && a.count == b.count; }

/// All of a machine that its program changes, but for its time.
bool same_machine(const PioMachine& a, const PioMachine& b) {
    return a.pc == b.pc && a.x == b.x && a.y == b.y && a.isr == b.isr && a.osr == b.osr && a.isr_count == b.isr_count &&
           a.osr_count == b.osr_count && a.ticks == b.ticks && a.delay_left == b.delay_left && a.asleep == b.asleep &&
           a.stall == b.stall && a.irq_raised == b.irq_raised && a.exec_pending == b.exec_pending && a.exec == b.exec &&
           a.sticky_out_mask == b.sticky_out_mask && a.sticky_out == b.sticky_out &&
           a.sticky_dir_mask == b.sticky_dir_mask && a.sticky_dir == b.sticky_dir && same_fifo(a.tx, b.tx) &&
           same_fifo(a.rx, b.rx);
}
}  // namespace

/// Whether all that can come before the horizon is the block's own doing, and nobody learns of it.
bool Pio::may_recur() const {
    if (recorder_ != nullptr || sink_ != nullptr || any_sticky_) return false;
    std::uint32_t reach = 0;
    for (unsigned i = 0; i < 4; ++i) {
        const PioMachine& m = s_.sm[i];
        if (m.forced_pending) return false;
        if (m.enabled) reach |= reach_[i];
    }
    // A loop with its microphone has a way of its own (run_loop.cpp).
    if (alone_ >= 0 && loop_[static_cast<unsigned>(alone_)].length != 0) return false;
    return pins_.unseen(function_, reach);
}

Pio::Recurrence Pio::state_at(Cycles cycle) const {
    Recurrence r{s_, cycle, {}};
    for (Cycles n = 0; n < Recurrence::kSeen; ++n) r.levels[n] = pins_.input_at(cycle - std::min(cycle, n));
    return r;
}

bool Pio::recurs(const Recurrence& before, Cycles cycle) const {
    const PioState& s = before.state;
    const Cycles apart = cycle - before.cycle;
    for (unsigned i = 0; i < 4; ++i) {
        const PioMachine &a = s.sm[i], &b = s_.sm[i];
        if (!b.enabled) continue;
        const bool rested = b.asleep && a.next == b.next;
        if ((!rested && a.next + (apart << 8) != b.next) || !same_machine(a, b)) return false;
    }
    if (s.pad_out != s_.pad_out || s.pad_oe != s_.pad_oe || s.irq != s_.irq || s.fdebug != s_.fdebug) return false;
    for (Cycles n = 0; n < Recurrence::kSeen; ++n)
        if (before.levels[n] != pins_.input_at(cycle - std::min(cycle, n))) return false;
    return true;
}

/// Passes over as many periods as leave one more before the horizon.
void Pio::repeat(const Recurrence& before, Cycles cycle) {
    const Cycles period = cycle - before.cycle, horizon = std::min(pins_.horizon(), cycle + (Cycles{1} << 40));
    if (horizon < cycle + 2 * period) return;
    const Cycles skipped = ((horizon - cycle) / period - 1) * period;
    for (unsigned i = 0; i < 4; ++i) {
        PioMachine& m = s_.sm[i];
        if (m.enabled && !(m.asleep && before.state.sm[i].next == m.next)) m.next += skipped << 8;
    }
    pins_.pass_over(before.cycle, skipped);
    update_next();
}

/// Steps up to the horizon, or to a state from which the rest could be told.
void Pio::run_recurring() {
    if (next_ == kNever || next_ + kWorthwhile >= pins_.horizon() || !may_recur()) return;
    if (period_ == 0) period_search_ = kSlice;
    Recurrence anchor = state_at(next_);
    Cycles since = anchor.cycle;
    while (next_ < pins_.horizon()) {
        const Cycles slice = since + (period_ != 0 ? period_ : kSlice);
        if (slice >= pins_.horizon()) break;
        run_to(slice);
        if (!may_recur()) return;
        since = slice;
        if (recurs(anchor, since)) {
            period_ = since - anchor.cycle;
            repeat(anchor, since);
            return;
        }
        if (period_ != 0 || since - anchor.cycle >= period_search_) {
            period_search_ = period_ != 0 ? kSlice : 2 * period_search_;
            period_ = 0;
            anchor = state_at(since);
        }
    }
}

}  // namespace rp2040
