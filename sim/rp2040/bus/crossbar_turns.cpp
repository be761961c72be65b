// Accesses of two cores that run in turns (cpu/pair.cpp), kept as bits until somebody else wants to know of them.
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

/// Whether `core` wins against the other one where both want `port` in cycle `at`: as wins(), by the bits where any
/// tell of an access before, for all that is told of came after the history.
bool Crossbar::wins_turn(unsigned core, Cycles at, unsigned port) const {
    const auto me = static_cast<BusMaster>(core), other = static_cast<BusMaster>(core ^ 1);
    const bool high = high_priority(me);
    if (high != high_priority(other)) return high;
    const std::uint64_t before = bits_below(at - window());
    // Of two, the one that was not last is first.
    if (const auto mine = told(core, port) & before, theirs = told(core ^ 1, port) & before; (mine | theirs) != 0)
        return mine < theirs;
    if (told_[port].any) return told_[port].last_master != me;
    return wins(me, other, at, s_.port[port]);
}

void Crossbar::take_back_turns(unsigned core, Cycles from) {
    const std::uint64_t before = bits_below(from - window());
    for (unsigned p = 0; p < kPorts; ++p) {
        turns_[core ^ 1]->taken[p] &= before | history_bits(p);
        told_[p].contested[core] &= before;
    }
}

/// Moves an access that `core` was granted in cycle `from`, and all that it did after it, by one cycle.
void Crossbar::delay_turns(unsigned core, Cycles from, unsigned port) {
    const std::uint64_t later = ~bits_below(from - window());
    told_[port].contested[core] |= later & -later;
    for (unsigned p = 0; p < kPorts; ++p) {
        const std::uint64_t moved = told(core, p) & later;
        std::uint64_t &taken = turns_[core ^ 1]->taken[p], &contested = told_[p].contested[core];
        taken = (taken & ~moved) | moved << 1;
        contested = (contested & ~later) | (contested & later) << 1;
    }
    ++s_.owed[core];
}

Cycles Crossbar::wait_turn(unsigned core, Cycles cycle, Port port) {
    const auto p = static_cast<unsigned>(port);
    if (!known_by_turns(cycle, port)) {
        end_turns();
        const Cycles waits = access(static_cast<BusMaster>(core), cycle, port);
        begin_turns(cycle + waits);
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
    if (at != cycle) told_[p].contested[core] |= bit;
    return at - cycle;
}

void Crossbar::set_window(Cycles cycle) {
    if (!ended_) {
        if (cycle - window() < 64) return move_window(static_cast<unsigned>(cycle - window()));
        end_turns();
    }
    ended_ = false;
    for (PortTurns* turns : turns_) turns->window = cycle;
    for (unsigned port = 0; port < kPorts; ++port) turns_[0]->taken[port] = turns_[1]->taken[port] = history_bits(port);
}

/// Less than a window on.
void Crossbar::move_window(unsigned cycles) {
    const std::uint64_t leaving = bits_below(cycles);
    for (unsigned port = 0; port < kPorts; ++port) {
        std::uint64_t &first = turns_[1]->taken[port], &second = turns_[0]->taken[port];
        if ((first | second) == 0) continue;
        Told& t = told_[port];
        const std::uint64_t ours = told(0, port) & leaving, theirs = told(1, port) & leaving;
        if ((ours | theirs) != 0) {
            const auto at = static_cast<unsigned>(63 - std::countl_zero(ours | theirs));
            const unsigned core = ours < theirs ? 1 : 0;
            t.any = true;
            t.last = window() + at;
            t.last_master = static_cast<BusMaster>(core);
            t.last_contested = (t.contested[core] >> at & 1) != 0;
        }
        first >>= cycles;
        second >>= cycles;
        for (std::uint64_t& contested : t.contested) contested >>= cycles;
    }
    for (PortTurns* turns : turns_) turns->window += cycles;
}

void Crossbar::end_turns() {
    if (ended_) return;
    for (unsigned port = 0; port < kPorts; ++port) {
        Told& t = told_[port];
        const std::uint64_t first = told(0, port), second = told(1, port), contested = t.contested[0] | t.contested[1];
        if (t.any) s_.port[port].add({t.last, 1, t.last_master, true, t.last_contested});
        for (std::uint64_t left = first | second; left != 0; left &= left - 1) {
            const auto at = static_cast<unsigned>(std::countr_zero(left));
            const BusMaster master = (first >> at & 1) != 0 ? BusMaster::core0 : BusMaster::core1;
            s_.port[port].add({window() + at, 1, master, true, (contested >> at & 1) != 0});
        }
        t = {};
    }
    ended_ = true;
}

}  // namespace rp2040
