// Accesses of two cores that run in one chain (cpu/pair.cpp), kept as bits until somebody else wants to know of them.
//
// The core that is ahead has told of accesses in cycles that the other has not come to yet. Which of two wins is
// settled when the second one is told of. Then everything that either core does before that cycle is known, for each
// tells of its accesses in order; so it does not matter which of them is simulated first.
#include <bit>

#include "bus/crossbar.hpp"

namespace rp2040 {

namespace {
/// The bits below bit `count`.
constexpr std::uint64_t bits_below(Cycles count) {
    return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}
/// Bits of the 64 cycles before the window that leave them when it moves.
constexpr std::uint64_t kLeaving = bits_below(32);
}  // namespace

/// Cycles of the window before the end of the port's last access in its history.
std::uint64_t Crossbar::history_bits(unsigned port) const {
    const Cycles until = s_.port[port].busy_until;
    return until <= window() ? 0 : bits_below(until - window());
}

/// Accesses in the window of which a core has told: not free for the other one.
std::uint64_t Crossbar::told(unsigned core, unsigned port) const {
    return turns_[core ^ 1]->taken[port] & ~history_bits(port);
}

/// Whether the last access of `port` before cycle `at` is among the bits, and nothing in its history comes later.
bool Crossbar::known_by_turns(Cycles at, unsigned port) const {
    const std::uint64_t now = (told(0, port) | told(1, port)) & bits_below(at - window());
    const std::uint64_t past = told_[0].past[port] | told_[1].past[port];
    if ((now | past) == 0) return false;
    const Cycles last = now != 0 ? window() + static_cast<unsigned>(63 - std::countl_zero(now))
                                 : window() - 1 - static_cast<unsigned>(std::countl_zero(past));
    return last >= s_.port[port].busy_until;
}

/// Whether `core` wins against the other one where both want `port` in cycle `at`: as wins(), by the bits alone.
bool Crossbar::wins_turn(unsigned core, Cycles at, unsigned port) const {
    const auto me = static_cast<BusMaster>(core), other = static_cast<BusMaster>(core ^ 1);
    const bool high = high_priority(me);
    if (high != high_priority(other)) return high;
    const std::uint64_t before = bits_below(at - window());
    const std::uint64_t mine = told(core, port) & before, theirs = told(core ^ 1, port) & before;
    // Of two, the one that was not last is first.
    if ((mine | theirs) != 0) return mine < theirs;
    return told_[core].past[port] < told_[core ^ 1].past[port];
}

/// Moves an access that `core` was granted in cycle `from`, and all that it did after it, by one cycle.
void Crossbar::delay_turns(unsigned core, Cycles from, unsigned port) {
    const std::uint64_t later = ~bits_below(from - window());
    told_[core].contested[port] |= later & -later;
    for (unsigned p = 0; p < kPorts; ++p) {
        const std::uint64_t moved = told(core, p) & later;
        std::uint64_t &taken = turns_[core ^ 1]->taken[p], &contested = told_[core].contested[p];
        taken = (taken & ~moved) | moved << 1;
        contested = (contested & ~later) | (contested & later) << 1;
    }
    ++s_.owed[core];
}

Cycles Crossbar::wait_turn(unsigned core, Cycles cycle, Port port) {
    const auto p = static_cast<unsigned>(port);
    if (s_.port[p].busy_until > cycle || !known_by_turns(cycle, p)) {
        const Cycles from = window();
        end_turns();
        const Cycles waits = access(static_cast<BusMaster>(core), cycle, port);
        set_window(from);
        return waits;
    }
    Cycles at = cycle;
    for (; (told(core ^ 1, p) >> (at - window()) & 1) != 0; ++at)
        if (wins_turn(core, at, p)) {
            delay_turns(core ^ 1, at, p);
            break;
        }
    const std::uint64_t bit = std::uint64_t{1} << (at - window());
    turns_[core ^ 1]->taken[p] |= bit;
    if (at != cycle) told_[core].contested[p] |= bit;
    return at - cycle;
}

/// Puts accesses of one port, those of core 0 in `first`, of core 1 in `second`, into its history, oldest first.
void Crossbar::put_back(unsigned port, std::uint64_t first, std::uint64_t second, std::uint64_t contested,
                        Cycles from) {
    PortState& p = s_.port[port];
    for (std::uint64_t left = first | second; left != 0; left &= left - 1) {
        const auto at = static_cast<unsigned>(std::countr_zero(left));
        const BusMaster master = (first >> at & 1) != 0 ? BusMaster::core0 : BusMaster::core1;
        const Cycles latest = p.busy_until;
        p.push({from + at, 1, master, true, (contested >> at & 1) != 0});
        if (from + at + 1 <= latest) {
            p.busy_until = latest;
            p.sort_in(kHistory - 1);
        }
    }
}

void Crossbar::set_window(Cycles cycle) {
    if (!ended_) {
        if (cycle - window() < 4 * kStep) {
            while (cycle - window() >= kStep) move_window();
            return;
        }
        end_turns();
    }
    ended_ = false;
    for (PortTurns* turns : turns_) turns->window = cycle;
    for (unsigned port = 0; port < kPorts; ++port) turns_[0]->taken[port] = turns_[1]->taken[port] = history_bits(port);
}

/// Half a window on. The history of a port holds the last accesses only: what is older than these may be forgotten.
void Crossbar::move_window() {
    Told &first = told_[0], &second = told_[1];
    for (unsigned port = 0; port < kPorts; ++port) {
        const std::array<std::uint64_t, 2> now{told(0, port), told(1, port)};
        const std::uint64_t past = first.past[port] | second.past[port];
        if ((now[0] | now[1] | past) != 0) {
            const bool enough = std::popcount(now[0] | now[1]) + std::popcount(past & ~kLeaving) >= int{kHistory};
            if (!enough)
                put_back(port, first.past[port] & kLeaving, second.past[port] & kLeaving,
                         first.contested_past[port] | second.contested_past[port], window() - 64);
            for (unsigned core = 0; core < 2; ++core) {
                Told& told = told_[core];
                told.past[port] = told.past[port] >> kStep | now[core] << kStep;
                told.contested_past[port] = told.contested_past[port] >> kStep | told.contested[port] << kStep;
                told.contested[port] >>= kStep;
            }
        }
        for (PortTurns* turns : turns_) turns->taken[port] >>= kStep;
    }
    for (PortTurns* turns : turns_) turns->window += kStep;
}

void Crossbar::end_turns() {
    if (ended_) return;
    for (unsigned port = 0; port < kPorts; ++port) {
        Told &first = told_[0], &second = told_[1];
        const std::uint64_t now[2] = {told(0, port), told(1, port)};
        if ((now[0] | now[1] | first.past[port] | second.past[port]) == 0) continue;
        if (static_cast<unsigned>(std::popcount(now[0] | now[1])) < kHistory)
            put_back(port, first.past[port], second.past[port],
                     first.contested_past[port] | second.contested_past[port], window() - 64);
        put_back(port, now[0], now[1], first.contested[port] | second.contested[port], window());
        for (Told& told : told_) told.past[port] = told.contested[port] = told.contested_past[port] = 0;
    }
    ended_ = true;
}

}  // namespace rp2040
