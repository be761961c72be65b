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
/// Of the older ones, the bits that leave them when the window moves.
constexpr std::uint64_t kLeaving = bits_below(32);

/// std::popcount, which calls a library where the host's instruction may be missing.
constexpr unsigned ones(std::uint64_t bits) {
    bits -= bits >> 1 & 0x5555555555555555u;
    bits = (bits & 0x3333333333333333u) + (bits >> 2 & 0x3333333333333333u);
    return static_cast<unsigned>(((bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0fu) * 0x0101010101010101u >> 56);
}
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
    const std::uint64_t past = told_[port][0].past | told_[port][1].past;
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
    return told_[port][core].past < told_[port][core ^ 1].past;
}

/// Moves an access that `core` was granted in cycle `from`, and all that it did after it, by one cycle.
void Crossbar::delay_turns(unsigned core, Cycles from, unsigned port) {
    const std::uint64_t later = ~bits_below(from - window());
    told_[port][core].contested |= later & -later;
    for (unsigned p = 0; p < kPorts; ++p) {
        const std::uint64_t moved = told(core, p) & later;
        std::uint64_t &taken = turns_[core ^ 1]->taken[p], &contested = told_[p][core].contested;
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
    if (at != cycle) told_[p][core].contested |= bit;
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
    for (unsigned port = 0; port < kPorts; ++port) {
        std::array<Told, 2>& both = told_[port];
        if ((turns_[0]->taken[port] | turns_[1]->taken[port] | both[0].past | both[1].past | both[0].older |
             both[1].older) == 0)
            continue;
        const std::array<std::uint64_t, 2> now{told(0, port), told(1, port)};
        const std::uint64_t past = both[0].past | both[1].past, older = both[0].older | both[1].older;
        if ((older & kLeaving) != 0 && ones(now[0] | now[1]) + ones(past) + ones(older & ~kLeaving) < kHistory)
            put_back(port, both[0].older & kLeaving, both[1].older & kLeaving,
                     both[0].contested_older | both[1].contested_older, window() - 128);
        for (unsigned core = 0; core < 2; ++core) {
            Told& told = both[core];
            told.older = told.older >> kStep | told.past << kStep;
            told.contested_older = told.contested_older >> kStep | told.contested_past << kStep;
            told.past = told.past >> kStep | now[core] << kStep;
            told.contested_past = told.contested_past >> kStep | told.contested << kStep;
            told.contested >>= kStep;
            turns_[core]->taken[port] >>= kStep;
        }
    }
    for (PortTurns* turns : turns_) turns->window += kStep;
}

void Crossbar::end_turns() {
    if (ended_) return;
    for (unsigned port = 0; port < kPorts; ++port) {
        auto& [first, second] = told_[port];
        const std::uint64_t now[2] = {told(0, port), told(1, port)};
        const std::uint64_t past = first.past | second.past, older = first.older | second.older;
        if ((now[0] | now[1] | past | older) == 0) continue;
        const unsigned newest = ones(now[0] | now[1]);
        if (older != 0 && newest + ones(past) < kHistory)
            put_back(port, first.older, second.older, first.contested_older | second.contested_older, window() - 128);
        if (past != 0 && newest < kHistory)
            put_back(port, first.past, second.past, first.contested_past | second.contested_past, window() - 64);
        put_back(port, now[0], now[1], first.contested | second.contested, window());
        first = second = {};
    }
    ended_ = true;
}

}  // namespace rp2040
