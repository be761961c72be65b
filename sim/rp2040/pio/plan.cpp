// When a block can next do something that others see: its event.
#include <algorithm>
#include <array>

#include "pio/fields.hpp"
#include "pio/pio.hpp"

namespace rp2040 {

using namespace pio;

namespace {
/// How many instructions that shift `bits` bits shift `left`, both 1 to 32: a product, for a division takes as long as
/// all the rest of a plan.
constexpr unsigned ceil_div(unsigned left, unsigned bits) {
    constexpr auto kInverse = [] {
        std::array<std::uint16_t, 33> inverse{};
        for (unsigned n = 1; n <= 32; ++n) inverse[n] = static_cast<std::uint16_t>((2048 + n - 1) / n);
        return inverse;
    }();
    return (left + bits - 1) * kInverse[bits] >> 11;
}
static_assert([] {
    for (unsigned left = 1; left <= 32; ++left)
        for (unsigned bits = 1; bits <= 32; ++bits)
            if (ceil_div(left, bits) != (left + bits - 1) / bits) return false;
    return true;
}());
}  // namespace

void Pio::refresh() {
    for (unsigned i = 0; i < 4; ++i) {
        const PioMachine& m = s_.sm[i];
        const bool code = ((code_dirty_ >> i) & 1) != 0;
        if (code) {
            for (unsigned pc = 0; pc < 32; ++pc) code_[i][pc] = pio_decode(s_.memory[pc], pc, i, m);
            asks_levels_[i] = pio_asks_levels(code_[i]);
            computes_jumps_[i] = std::any_of(code_[i].begin(), code_[i].end(), pio_jumps_anywhere);
            stalled_[i] = pio_decode(m.forced_pending ? m.forced : m.exec, m.pc, i, m);
            const unsigned side = side_count(m.pinctrl);
            reach_[i] = out_pins(m.pinctrl) | set_pins(m.pinctrl) | rotate_left(low_bits(side), side_base(m.pinctrl));
            const auto bit = static_cast<std::uint8_t>(1u << i);
            side_setters_ = static_cast<std::uint8_t>(side != 0 ? side_setters_ | bit : side_setters_ & ~bit);
        }
        // Enabling a machine marks its horizon again, so idle ones need none.
        if ((code || ((horizon_dirty_ >> i) & 1) != 0) && m.enabled) derive_or_recall(i);
    }
    code_dirty_ = horizon_dirty_ = 0;
}

/// Lower bound for the cycle in which machine `index` does something visible outside the block; `others` is the
/// earliest cycle in which anything could end its wait; `levels` says whether changes of its FIFOs' levels are visible.
Cycles Pio::visible_from(unsigned index, Cycles others, bool awaited, bool levels) const {
    const PioMachine& m = s_.sm[index];
    if (m.forced_pending) {
        if (!m.forced_dozes() || others == kNever || !pins_.may_change(waited_pins_)) return m.forced_at;
        return others + 1;
    }
    if (!m.enabled) return kNever;
    const bool autopush = (m.shiftctrl & kAutopush) != 0;
    const bool autopull = (m.shiftctrl & kAutopull) != 0;
    const unsigned pull_at = pull_threshold(m.shiftctrl);
    std::uint64_t first = m.next;
    if (m.asleep) {
        if (m.stall == PioStall::tx_empty || m.stall == PioStall::rx_full) return kNever;
        if (others == kNever) return kNever;
        if (m.stall == PioStall::pin && !pins_.may_change(waited_pins_)) return kNever;
        // Something that happens in cycle c is seen one cycle later at the earliest.
        first = std::max(first, tick_after(m, others));
    }
    if (levels && autopull && m.osr_count >= pull_at && !m.tx.empty()) return first >> 8;
    if (m.exec_pending || awaited) return first >> 8;
    const PioHorizon& h = horizon_of(index);
    std::uint64_t ticks = h.to_visible[m.pc];
    const auto cycle = [&] {
        return ticks >= PioHorizon::kFar ? kNever : (first + (m.delay_left + ticks) * divider_[index]) >> 8;
    };
    if (!levels) return cycle();
    if (!m.tx.empty()) ticks = std::min<std::uint64_t>(ticks, h.to_pull[m.pc]);
    if (!m.rx.full()) ticks = std::min<std::uint64_t>(ticks, h.to_push[m.pc]);
    if (autopush && !m.rx.full() && h.to_full[m.pc] < PioHorizon::kFar) {
        ticks = std::min<std::uint64_t>(ticks, h.to_out_isr[m.pc]);
        const unsigned push_at = push_threshold(m.shiftctrl);
        const unsigned left = push_at - std::min<unsigned>(m.isr_count, push_at);
        const std::uint64_t count = left == 0 ? 1 : ceil_div(left, h.in_bits);
        if (h.to_in[m.pc] < PioHorizon::kFar && (count == 1 || h.in_gap < PioHorizon::kFar))
            ticks = std::min(ticks, h.to_in[m.pc] + (count - 1) * h.in_gap);
    }
    if (autopull && !m.tx.empty()) {
        const unsigned left = pull_at - std::min<unsigned>(m.osr_count, pull_at);
        ticks = std::min<std::uint64_t>(ticks, h.to_shifted[left][m.pc]);
    }
    return cycle();
}

/// The same of the block.
Cycles Pio::seen_from(bool awaited, bool levels) const {
    Cycles others = kNever;
    if (std::any_of(s_.sm.begin(), s_.sm.end(), [](const PioMachine& m) {
            return (m.enabled && m.asleep && m.stall != PioStall::tx_empty && m.stall != PioStall::rx_full) ||
                   m.forced_dozes();
        })) {
        others = pins_.earliest_other(this);
        for (const auto& m : s_.sm) {
            if (m.forced_pending)
                others = std::min(others, m.forced_at);
            else if (m.enabled && !m.asleep)
                others = std::min(others, m.next >> 8);
        }
    }
    Cycles first = kNever;
    for (unsigned i = 0; i < 4; ++i) first = std::min(first, visible_from(i, others, awaited, levels));
    return first;
}

void Pio::plan() {
    if ((code_dirty_ | horizon_dirty_) != 0) refresh();
    if (s_.settled && !may_settle(s_.asked)) stir();
    update_next();
    const bool awaited = pins_.awaited(function_);
    unheard_ = !hears_levels();
    silent_ = unheard_ && !awaited && clocked() && shows_nothing();
    levels_until_ = 0;
    Cycles due = kNever;
    if (!silent_ && clocked() && !s_.settled && (next_ != kNever || waited_pins_ != 0)) {
        due = seen_from(awaited, !unheard_);
        if (s_.sticky_at != kNever && awaited) due = std::min(due, s_.sticky_at);
    }
    // What a tick in cycle c does is there from c + 1 on.
    if (due != kNever) ++due;
    if (fabric_.events().due(event()) != due) fabric_.events().schedule(event(), due);
}

}  // namespace rp2040
