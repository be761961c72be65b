// Programs that come back to a state in which they were: what lies between happens again and again.
//
// If nobody sees a block's pins, no FIFO changes and nothing from outside comes before some cycle, then what the block
// does is decided by its state and by the levels of the last few cycles. Two equal states, P cycles apart, are followed
// by the same P cycles for as long as that holds, so whole periods are passed over. The first and the last one are run
// by the ordinary steps, which leave pins, their history and the latches of edges as they must be.
//
// Where DMA moves words (stream.hpp) the same is said of all but the words, if the program does not ask what they are.
#include <algorithm>
#include <array>

#include "pio/fields.hpp"
#include "pio/pio.hpp"

namespace rp2040 {

namespace {
constexpr Cycles kWorthwhile = 1024;  ///< Cycles for which no search is begun.
constexpr Cycles kSlice = 64;         ///< Between two states that are compared.

/// Whether what the program has brought is the same.
bool same_rx(const PioFifo& a, const PioFifo& b) {
    if (a.count != b.count) return false;
    for (unsigned n = 0; n < a.count; ++n)
        if (a.word[(a.head + n) & 7] != b.word[(b.head + n) & 7]) return false;
    return true;
}

/// All of a machine that its program changes, but for its time and for words that it has got.
bool same_but_words(const PioMachine& a, const PioMachine& b) {
    return a.pc == b.pc && a.x == b.x && a.y == b.y && a.isr == b.isr && a.isr_count == b.isr_count &&
           a.osr_count == b.osr_count && a.ticks == b.ticks && a.delay_left == b.delay_left && a.asleep == b.asleep &&
           a.stall == b.stall && a.irq_raised == b.irq_raised && a.exec_pending == b.exec_pending && a.exec == b.exec &&
           a.sticky_out_mask == b.sticky_out_mask && a.sticky_dir_mask == b.sticky_dir_mask &&
           a.tx.count == b.tx.count && same_rx(a.rx, b.rx);
}

bool same_words(const PioMachine& a, const PioMachine& b) {
    return a.osr == b.osr && a.sticky_out == b.sticky_out && a.sticky_dir == b.sticky_dir && a.tx.head == b.tx.head &&
           a.rx.head == b.rx.head;
}

/// A machine that has slept all the time keeps its place in time.
bool slept(const PioMachine& before, const PioMachine& now) { return now.asleep && before.next == now.next; }
}  // namespace

/// Pins that enabled machines can write.
std::uint32_t Pio::reached() const {
    std::uint32_t reach = 0;
    for (unsigned i = 0; i < 4; ++i)
        if (s_.sm[i].enabled) reach |= reach_[i];
    return reach;
}

/// Whether nobody learns of what the block does with its pins, and it does nothing out of its order.
bool Pio::unseen() const {
    if (recorder_ != nullptr || sink_ != nullptr || any_sticky_) return false;
    if (std::any_of(s_.sm.begin(), s_.sm.end(), [](const PioMachine& m) { return m.forced_pending; })) return false;
    return pins_.unseen(function_, reached());
}

bool Pio::may_recur() const {
    // A loop with its microphone has a way of its own (run_loop.cpp).
    return unseen() && (alone_ < 0 || loop_[static_cast<unsigned>(alone_)].length == 0);
}

Pio::Recurrence::Levels Pio::levels_at(Cycles cycle) const {
    Recurrence::Levels levels{};
    for (Cycles n = 0; n < levels.size(); ++n) levels[n] = pins_.input_at(cycle - std::min(cycle, n));
    return levels;
}

Pio::Recurrence Pio::state_at(Cycles cycle) const { return {s_, cycle, levels_at(cycle)}; }

/// `dependence` says what matters; `words` whether those do which it has got.
bool Pio::recurs(const Recurrence& before, Cycles cycle, const PioDependence& dependence, bool words) const {
    const PioState& s = before.state;
    const Cycles apart = cycle - before.cycle;
    for (unsigned i = 0; i < 4; ++i) {
        const PioMachine &a = s.sm[i], &b = s_.sm[i];
        if (!b.enabled) continue;
        if (!slept(a, b) && a.next + (apart << 8) != b.next) return false;
        if (!same_but_words(a, b) || (words && !same_words(a, b))) return false;
    }
    if (s.irq != s_.irq || s.fdebug != s_.fdebug) return false;
    if (!dependence.shows_data && (s.pad_out != s_.pad_out || s.pad_oe != s_.pad_oe)) return false;
    return !dependence.on_pins || before.levels == levels_at(cycle);
}

/// What has been done since, and before cycle `now`, has been done again for so many cycles.
void Pio::pass_over(const Recurrence& before, Cycles now, Cycles cycles) {
    for (unsigned i = 0; i < 4; ++i) {
        PioMachine& m = s_.sm[i];
        if (m.enabled && !slept(before.state.sm[i], m)) m.next += cycles << 8;
    }
    pins_.pass_over(before.cycle, now, cycles);
    forget_loops();
    update_next();
}

/// Steps up to the horizon, or to a state from which the rest could be told.
void Pio::run_recurring() {
    if (next_ == kNever || next_ + kWorthwhile >= pins_.horizon() || !may_recur()) return;
    if (period_ == 0) period_search_ = kSlice;
    Recurrence anchor = state_at(next_);
    for (Cycles now = anchor.cycle; next_ < pins_.horizon();) {
        const Cycles slice = now + (period_ != 0 ? period_ : kSlice);
        if (slice >= pins_.horizon()) return;
        run_to(slice);
        if (!may_recur()) return;
        now = std::max(slice, next_);  // rounds of a delay loop may have been counted beyond
        if (now >= pins_.horizon()) return;
        if (recurs(anchor, now, kPioDependsOnAll, true)) {
            period_ = now - anchor.cycle;
            const Cycles left = std::min(pins_.horizon(), now + (Cycles{1} << 40)) - now;
            if (left >= 2 * period_) pass_over(anchor, now, (left / period_ - 1) * period_);
            return;
        }
        if (period_ != 0 || now - anchor.cycle >= period_search_) {
            period_search_ = period_ != 0 ? kSlice : 2 * period_search_;
            period_ = 0;
            anchor = state_at(now);
        }
    }
}

PioDependence Pio::dependence() const {
    PioDependence all;
    for (unsigned i = 0; i < 4; ++i) {
        const PioMachine& m = s_.sm[i];
        if (!m.enabled) continue;
        const PioDependence one = pio_dependence(code_[i], 1u << m.pc | 1u << pio::wrap_bottom(m.execctrl));
        all.on_code |= one.on_code || m.exec_pending || m.forced_pending;
        all.on_data |= one.on_data || all.on_code;
        all.on_pins |= one.on_pins;
        all.shows_data |= one.shows_data;
        all.turns_pins |= one.turns_pins;
    }
    return all;
}

bool Pio::reads_pins() const {
    const PioDependence all = dependence();
    return all.on_pins || all.on_code;
}

std::optional<Pio::Recurrence> Pio::begin_stream(Cycles cycle) {
    pins_.catch_up(cycle);
    if (!clocked() || (code_dirty_ | horizon_dirty_) != 0 || !unseen()) return std::nullopt;
    const PioDependence all = dependence();
    if (all.on_data || (all.on_pins && (all.shows_data || pins_.earliest_other(this) != kNever))) return std::nullopt;
    return state_at(cycle);
}

bool Pio::stream_recurs(const Recurrence& before, Cycles cycle) {
    pins_.catch_up(cycle);
    const PioDependence all = dependence();
    // Words that are still to come may move pins that have not moved yet.
    const std::uint32_t driven = all.turns_pins ? ~0u : s_.pad_oe;
    return recurs(before, cycle, all, false) && (!all.shows_data || pins_.latched(function_, reached() & driven));
}

void Pio::repeat_stream(const Recurrence& before, Cycles now, Cycles cycles) {
    pass_over(before, now, cycles);
    plan();
}

}  // namespace rp2040
