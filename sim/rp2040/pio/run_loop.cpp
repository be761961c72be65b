// Rounds of a loop whose every effect is known beforehand, all at once.
//
// A program that only moves pins, and takes in one bit of them a round, does the same in every round but for that bit.
// If nobody sees its pins, or only a watcher that answers a clock (a PDM microphone), the rounds before the next cycle
// in which anything else may look are done together: the watcher is asked for all its bits, they are shifted in, time
// moves on. The last round is always left to the ordinary steps, so that pins, their history and FIFOs are as these
// leave them. A round that fills the ISR is left to them as well, unless the cores sleep and a DMA channel waits for
// the word: then the channel takes it in the cycles in which it would have (Dma::take_word).
#include <algorithm>
#include <array>

#include "base/scope.hpp"
#include "dma/dma.hpp"
#include "pio/execute.hpp"

namespace rp2040 {

using namespace pio;

namespace {
constexpr unsigned kMost = 64;         // bits that are asked for at once
constexpr std::uint64_t kSettled = 5;  // cycles after which every instruction has seen a change of a pin
}  // namespace

/// Shifts in `count` bits, the first in bit 0 of `bits`, one by one.
static void shift_bits(PioMachine& m, std::uint32_t bits, unsigned count, bool right) {
    if (right)
        m.isr = static_cast<std::uint32_t>((std::uint64_t{bits} << 32 | m.isr) >> count);
    else
        m.isr = static_cast<std::uint32_t>(std::uint64_t{m.isr} << count | reverse_word(bits) >> (32 - count));
    m.isr_count = static_cast<std::uint8_t>(std::min(32u, m.isr_count + count));
}

/// Whether rounds from here on may be done together, and who answers in them.
bool Pio::begin_rounds(const PioMachine& m, unsigned index, Rounds& rounds) const {
    const PioLoop& loop = loop_[index];
    const bool shifts = loop.in_step >= 0;
    const PinMatrix::LoopWatch watch = pins_.watch_of_loop(function_, loop.pins);
    if (!watch.quiet || (shifts && (watch.watcher == nullptr || in_base(m.pinctrl) != watch.data_pin))) return false;
    if (shifts && loop.least_gap * divider_[index] < kSettled << 8) return false;

    // Outputs at the end of a round are those at its beginning.
    std::uint32_t out = s_.pad_out;
    rounds.watch = watch;
    rounds.edge_step = -1;
    rounds.moved = 0;
    for (unsigned n = 0; n < loop.length; ++n) {
        const std::uint32_t before = out;
        out = (out & ~loop.step[n].mask) | loop.step[n].value;
        rounds.moved |= out ^ before;
        if (watch.watcher == nullptr || ((out ^ before) >> watch.clock_pin & 1) == 0) continue;
        if (((out >> watch.clock_pin & 1) != 0) != watch.edge) continue;
        if (rounds.edge_step >= 0) return false;
        rounds.edge_step = static_cast<int>(n);
    }
    if (out != s_.pad_out) return false;
    if (watch.watcher == nullptr) return true;
    const bool drives = (s_.pad_oe >> watch.clock_pin & 1) != 0;
    return rounds.edge_step >= 0 && drives && shifts && pins_.last_change() + kSettled <= m.next >> 8;
}

/// Does `count` rounds; words go to `dma` if it is not null, else the ISR must have room for all bits.
void Pio::do_rounds(PioMachine& m, unsigned index, const Rounds& rounds, std::uint64_t count, Dma* dma) {
    const PioLoop& loop = loop_[index];
    const std::uint64_t divider = divider_[index], round = loop.ticks * divider;
    pins_.pulsed(rounds.moved & s_.pad_oe & pins_.selected(function_));
    if (rounds.watch.watcher == nullptr) {
        m.next += count * round;
        return;
    }
    const unsigned full = push_threshold(m.shiftctrl);
    // An IN before the round's edge sees the bit of the round before.
    const bool late = loop.in_step <= rounds.edge_step, right = (m.shiftctrl & kInRight) != 0;
    const std::uint64_t edge_at = loop.step[static_cast<unsigned>(rounds.edge_step)].at * divider,
                        in_at = loop.step[static_cast<unsigned>(loop.in_step)].at * divider;
    const bool rested = pins_.newest_level(rounds.watch.data_pin);
    const std::uint64_t resting = rested ? ~std::uint64_t{0} : 0;
    std::uint64_t before = rested, answered = 0;
    for (std::uint64_t left = count; left != 0;) {
        const auto now = static_cast<unsigned>(std::min<std::uint64_t>(left, kMost));
        const ClockEdges edges{m.next + edge_at + (1u << 8), round, now};
        const std::uint64_t levels = rounds.watch.watcher->clock_edges(edges);
        const std::uint64_t seen = late ? levels << 1 | before : levels;
        answered |= (levels ^ resting) << (kMost - now);
        before = levels >> (now - 1) & 1;
        for (unsigned n = 0; n < now;) {
            const unsigned room = dma == nullptr ? now : full - std::min<unsigned>(full, m.isr_count);
            const unsigned bits = std::clamp(room, 1u, std::min(now - n, 32u));
            shift_bits(m, static_cast<std::uint32_t>(seen >> n), bits, right);
            n += bits;
            if (dma == nullptr || m.isr_count < full) continue;
            m.rx.push(m.isr);
            dma->take_word(rx_dreq(index), m.rx.pop(), (m.next + in_at + (n - 1) * round) >> 8);
            m.isr = 0;
            m.isr_count = 0;
        }
        m.next += now * round;
        left -= now;
        if (left == 0) pins_.answer(rounds.watch.data_pin, before != 0, edges.at(now - 1));
    }
    if (answered != 0) pins_.pulsed(1u << rounds.watch.data_pin);
}

bool Pio::at_round(const PioMachine& m, unsigned index) const {
    const PioLoop& loop = loop_[index];
    return loop.length != 0 && m.pc == loop.start && m.delay_left == 0 && !m.exec_pending &&
           m.ticks == loop.last_ticks && recorder_ == nullptr;
}

bool Pio::run_loop(PioMachine& m, unsigned index) {
    if (!at_round(m, index)) return false;
    const PioLoop& loop = loop_[index];
    const std::uint64_t round = loop.ticks * std::uint64_t{divider_[index]};
    const Cycles limit = std::min<Cycles>(horizon(), (m.next >> 8) + (Cycles{1} << 32));
    std::uint64_t count = ((limit << 8) - m.next) / round;
    if (loop.in_step >= 0 && (m.shiftctrl & kAutopush) != 0) {
        const unsigned full = push_threshold(m.shiftctrl);
        count = std::min<std::uint64_t>(count, full - std::min<unsigned>(m.isr_count, full));
    }
    Rounds rounds;
    if (count < 3 || !begin_rounds(m, index, rounds)) return false;
    do_rounds(m, index, rounds, count - 1, nullptr);
    return true;
}

bool Pio::streams() const {
    if (alone_ < 0 || !clocked() || recorder_ != nullptr || (code_dirty_ | horizon_dirty_) != 0) return false;
    const auto index = static_cast<unsigned>(alone_);
    const PioMachine& m = s_.sm[index];
    return (m.shiftctrl & kAutopush) != 0 && horizon_of(index).to_in[m.pc] < PioHorizon::kFar && m.rx.empty() &&
           m.rx.depth != 0 && ((s_.inte[0] | s_.inte[1]) >> index & 1) == 0;
}

void Pio::stream(Cycles until, Dma& dma) {
    if (!streams()) return;
    const auto index = static_cast<unsigned>(alone_);
    if (loop_[index].in_step >= 0)
        stream_rounds(index, until, dma);
    else
        stream_steps(index, until, dma);
}

/// A program that does nothing else that others could see is run step by step, and its words taken at once.
void Pio::stream_steps(unsigned index, Cycles until, Dma& dma) {
    const PioMachine& m = s_.sm[index];
    const PioHorizon& h = horizon_of(index);
    if (std::min({h.to_visible[m.pc], h.to_pull[m.pc], h.to_push[m.pc]}) < PioHorizon::kFar ||
        (m.shiftctrl & kAutopull) != 0 || m.exec_pending || asks_levels_[index])
        return;
    if (dozing_ != 0 || waited_pins_ != 0 || !pins_.unseen()) return;
    for (unsigned i = 0; i < 4; ++i)
        if (s_.sm[i].forced_pending || (i != index && s_.sm[i].enabled)) return;
    // Words come so far apart that each is in memory before the next one could be seen in the FIFO.
    constexpr Cycles kApart = 4, kTransfer = 8, kLongest = 1 << 20;
    const unsigned full = push_threshold(m.shiftctrl), ins = (full + h.in_bits - 1) / h.in_bits;
    const std::uint64_t gap = h.in_gap >= PioHorizon::kFar ? 1u : h.in_gap, apart = ins * gap * divider_[index];
    if (apart < kApart << 8) return;
    const std::uint64_t words = dma.words_to_take(rx_dreq(index), rx_address(index));
    const Cycles from = m.next >> 8;
    if (words < 2 || until < from + 2 * kTransfer) return;
    until = std::min({until - kTransfer, from + kLongest, from + static_cast<Cycles>((words - 1) * apart >> 8)});
    sink_ = &dma;
    pins_.catch_up(until);
    sink_ = nullptr;
    replan();
}

void Pio::stream_rounds(unsigned index, Cycles until, Dma& dma) {
    PioMachine& m = s_.sm[index];
    const unsigned full = push_threshold(m.shiftctrl);
    const std::uint64_t round = loop_[index].ticks * std::uint64_t{divider_[index]};
    until = std::min(until, pins_.earliest_other(this));
    constexpr Cycles kTransfer = 8;  // more than a word's way from the FIFO to memory
    if (until <= m.next >> 8 || full < 4 || round * full < kTransfer << 8) return;
    // The DMA keeps a transfer, and the machine a word that is not full, for the ordinary way.
    const std::uint64_t words = dma.words_to_take(rx_dreq(index), rx_address(index));
    if (words == 0 || ((until << 8) - m.next) / round < 2 * full) return;
    pins_.run_alone(until, [&] {
        while (!at_round(m, index) && m.isr_count + 1u < full && m.next >> 8 < until) step(m, index);
        if (!at_round(m, index) || m.next >> 8 >= until) return;
        // So many rounds that two more fill no word, and that the last word is in memory.
        const std::uint64_t most = ((until << 8) - m.next) / round,
                            first = full - std::min<unsigned>(m.isr_count, full);
        if (most < first + full + 3) return;
        const std::uint64_t filled = std::min<std::uint64_t>(words, (most - first - 3) / full + 1);
        Rounds rounds;
        if (!begin_rounds(m, index, rounds)) return;
        do_rounds(m, index, rounds, first + (filled - 1) * full + 1, &dma);
        const std::uint8_t start = m.pc;
        do step(m, index);
        while (m.pc != start);
    });
    update_next();
    replan();
}

}  // namespace rp2040
