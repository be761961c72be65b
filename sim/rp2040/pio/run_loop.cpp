// Rounds of a loop whose every effect is known beforehand, all at once.
//
// A program that only moves pins, and takes in one bit of them a round, does the same in every round but for that bit.
// If nobody sees its pins, or only a watcher that answers a clock (a PDM microphone), the rounds before the next cycle
// in which anything else may look are done together: the watcher is asked for all its bits, they are shifted in, time
// moves on. The last round is always left to the ordinary steps, so that pins, their history and FIFOs are as these
// leave them; so is a round that fills the ISR.
#include <algorithm>
#include <array>

#include "pio/execute.hpp"

namespace rp2040 {

using namespace pio;

bool Pio::run_loop(PioMachine& m, unsigned index) {
    constexpr unsigned kMost = 64;         // rounds at once: more than fill the ISR
    constexpr std::uint64_t kSettled = 5;  // cycles after which every instruction has seen a change of a pin
    const PioLoop& loop = loop_[index];
    const std::uint64_t divider = divider_[index], round = loop.ticks * divider;
    if (m.delay_left != 0 || m.exec_pending || m.ticks != loop.last_ticks || recorder_ != nullptr) return false;
    const Cycles horizon = std::min<Cycles>(pins_.horizon(), (m.next >> 8) + (Cycles{1} << 32));
    std::uint64_t rounds = ((horizon << 8) - m.next) / round;
    const bool shifts = loop.in_step >= 0;
    if (shifts) {
        if (loop.least_gap * divider < kSettled << 8) return false;
        rounds = std::min<std::uint64_t>(rounds, kMost);
        if ((m.shiftctrl & kAutopush) != 0) {
            const unsigned full = push_threshold(m.shiftctrl);
            rounds = std::min<std::uint64_t>(rounds, full - std::min<unsigned>(m.isr_count, full));
        }
    }
    if (rounds < 3) return false;
    --rounds;  // the last one is left to ordinary steps
    const PinMatrix::LoopWatch watch = pins_.watch_of_loop(function_, loop.pins);
    if (!watch.quiet || (shifts && (watch.watcher == nullptr || in_base(m.pinctrl) != watch.data_pin))) return false;

    // Outputs at the end of a round are those at its beginning.
    std::uint32_t out = s_.pad_out;
    int edge_step = -1;
    std::uint32_t moved = 0;
    for (unsigned n = 0; n < loop.length; ++n) {
        const std::uint32_t before = out;
        out = (out & ~loop.step[n].mask) | loop.step[n].value;
        moved |= out ^ before;
        if (watch.watcher == nullptr || ((out ^ before) >> watch.clock_pin & 1) == 0) continue;
        if (((out >> watch.clock_pin & 1) != 0) != watch.edge) continue;
        if (edge_step >= 0) return false;
        edge_step = static_cast<int>(n);
    }
    if (out != s_.pad_out) return false;
    if (watch.watcher != nullptr) {
        const bool drives = (s_.pad_oe >> watch.clock_pin & 1) != 0;
        if (edge_step < 0 || !drives || !shifts || rounds > kMost) return false;
        if (pins_.last_change() + kSettled > m.next >> 8) return false;
        std::array<Cycles, kMost> when;
        std::array<bool, kMost> level;
        std::uint64_t tick = m.next + loop.step[static_cast<unsigned>(edge_step)].at * divider;
        for (std::uint64_t n = 0; n < rounds; ++n, tick += round) when[n] = (tick >> 8) + 1;
        const bool rested = pins_.newest_level(watch.data_pin);
        watch.watcher->clock_edges({when.data(), rounds}, {level.data(), rounds});
        // An IN before the round's edge sees the bit of the round before.
        const bool late = loop.in_step <= edge_step;
        const bool right = (m.shiftctrl & kInRight) != 0;
        for (std::uint64_t n = 0; n < rounds; ++n) {
            const std::uint32_t bit = late ? (n == 0 ? rested : level[n - 1]) : level[n];
            m.isr = right ? m.isr >> 1 | bit << 31 : m.isr << 1 | bit;
        }
        m.isr_count = static_cast<std::uint8_t>(std::min<std::uint64_t>(32, m.isr_count + rounds));
        if (std::find(level.begin(), level.begin() + static_cast<std::ptrdiff_t>(rounds), !rested) !=
            level.begin() + static_cast<std::ptrdiff_t>(rounds))
            pins_.pulsed(1u << watch.data_pin);
        pins_.answer(watch.data_pin, level[rounds - 1], when[rounds - 1]);
    }
    pins_.pulsed(moved & s_.pad_oe & pins_.selected(function_));
    m.next += rounds * round;
    return true;
}

}  // namespace rp2040
