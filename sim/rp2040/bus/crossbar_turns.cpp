// Accesses of two cores that run in turns (cpu/pair.cpp), or of one beside the DMA, kept as bits until somebody else
// wants to know of them.
//
// The core that is ahead has told of accesses in cycles that the other has not come to yet. Which of two wins is
// settled when the second one is told of. Then everything that either core does before that cycle is known, for each
// tells of its accesses in order; so it does not matter which of them is simulated first.
#include <algorithm>
#include <bit>

#include "bus/crossbar.hpp"

namespace rp2040 {

namespace {
/// The bits below bit `count`.
constexpr std::uint64_t bits_below(Cycles count) {
    return count >= PortTurns::kCycles ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}
constexpr std::uint64_t bit_of(Cycles cycle) { return std::uint64_t{1} << cycle % PortTurns::kCycles; }
}  // namespace

inline std::uint64_t Crossbar::bits_before(Cycles cycle) const {
    return std::rotl(bits_below(cycle - window()), static_cast<int>(window() % PortTurns::kCycles));
}

inline std::uint64_t Crossbar::in_order(std::uint64_t bits) const {
    return std::rotr(bits, static_cast<int>(window() % PortTurns::kCycles));
}

/// Whether `core` wins against the other one where both want `port` in cycle `at`: as wins(), by the bits where any
/// tell of an access before, for all that is told of came after the history.
bool Crossbar::wins_turn(unsigned core, Cycles at, unsigned port) const {
    if (first_by_priority_[0] || first_by_priority_[1]) return first_by_priority_[core];
    const std::uint64_t before = bits_before(at);
    // Of two, the one that was not last is first.
    if (const auto mine = told(core, port) & before, theirs = told(core ^ 1, port) & before; (mine | theirs) != 0)
        return in_order(mine) < in_order(theirs);
    const auto me = static_cast<BusMaster>(core), other = static_cast<BusMaster>(core ^ 1);
    if (const LastTold last = last_told(port); last.any) return last.master != me;
    return wins(me, other, at, s_.port[port]);
}

void Crossbar::take_back_turns(unsigned core, Cycles from) {
    const std::uint64_t before = bits_before(from);
    for (unsigned p = 0; p < kPorts; ++p) {
        turns_[core ^ 1]->taken[p] &= before | history_[p];
        contested_[core][p] &= before;
    }
}

/// Moves an access that `core` was granted in cycle `from`, and all that it did after it, by one cycle.
void Crossbar::delay_turns(unsigned core, Cycles from, unsigned port) {
    const std::uint64_t later = ~bits_before(from);
    PortBits &taken = turns_[core ^ 1]->taken, &contested = contested_[core];
    contested[port] |= bit_of(from);
    any_contested_ = true;
    for (unsigned p = 0; p < kPorts; ++p) {
        if (taken[p] == 0) continue;
        std::uint64_t moved = taken[p] & ~history_[p] & later;
        asm("" : "+r"(moved));  // a word at a time: pairs of words that were stored singly make the host wait
        taken[p] = (taken[p] ^ moved) | std::rotl(moved, 1);
        if (const std::uint64_t waited = contested[p] & later; waited != 0)
            contested[p] = (contested[p] ^ waited) | std::rotl(waited, 1);
    }
    ++s_.owed[core];
}

Cycles Crossbar::wait_history(unsigned core, Cycles cycle, Port port) {
    end_turns();
    const Cycles waits = access(static_cast<BusMaster>(core), cycle, port);
    begin_turns(cycle + waits);
    return waits;
}

bool Crossbar::take_apb_read(unsigned core, Cycles cycle) {
    constexpr auto kApb = static_cast<unsigned>(Port::apb);
    // Those that begin in one of these cycles overlap with it, or with what it may wait for.
    constexpr int kNear = kApbReadCycles - 1;
    const std::uint64_t near =
        std::rotl(bits_below(2 * kNear + 1), static_cast<int>((cycle - kNear) % PortTurns::kCycles));
    if ((turns_[core]->taken[kApb] & near) != 0) return false;
    turns_[core ^ 1]->taken[kApb] |= bit_of(cycle);
    return true;
}

Cycles Crossbar::wait_turn(unsigned core, Cycles cycle, Port port) {
    const auto p = static_cast<unsigned>(port);
    // From `cycle` on the history of the port is over: the other core has told of all that is not free.
    std::uint64_t &mine = turns_[core ^ 1]->taken[p], &waited = contested_[core][p];
    std::uint64_t bit = bit_of(cycle);
    if ((turns_[core]->taken[p] & bit) == 0) {
        mine |= bit;
        return 0;
    }
    Cycles at = cycle;
    do {
        if (wins_turn(core, at, p)) {
            delay_turns(core ^ 1, at, p);
            break;
        }
        ++at;
        bit = std::rotl(bit, 1);
    } while ((turns_[core]->taken[p] & bit) != 0);
    mine |= bit;
    if (at != cycle) {
        waited |= bit;
        any_contested_ = true;
    }
    return at - cycle;
}

void Crossbar::set_window(Cycles cycle) {
    if (!ended_) {
        if (cycle - window() < PortTurns::kCycles) return move_window(static_cast<unsigned>(cycle - window()));
        end_turns();
    }
    ended_ = false;
    const bool first = high_priority(BusMaster::core0), second = high_priority(BusMaster::core1);
    first_by_priority_ = {first && !second, second && !first};
    for (PortTurns* turns : turns_) turns->window = cycle;
    history_until_ = 0;
    for (unsigned port = 0; port < kPorts; ++port) read_history(port);
}

void Crossbar::read_history(unsigned port) {
    const Cycles until = s_.port[port].busy_until;
    history_until_ = std::max(history_until_, until);
    history_[port] = until <= window() ? 0 : bits_before(until);
    turns_[0]->taken[port] = turns_[1]->taken[port] = history_[port];
}

/// Counts accesses that have been told of, and that nobody can take back any more.
void Crossbar::count_turns(unsigned port, std::uint64_t accesses, std::uint64_t contested) {
    for (int n = std::popcount(accesses); n > 0; --n) count(static_cast<Port>(port), false);
    for (int n = std::popcount(contested); n > 0; --n) count(static_cast<Port>(port), true);
}

/// Of the accesses that have left the window, who came last, and when.
Crossbar::LastTold Crossbar::last_told(unsigned port) const {
    const Left& left = left_[port];
    const int turn = static_cast<int>(left.window % PortTurns::kCycles);
    const std::uint64_t ours = std::rotr(left.told[0], turn), theirs = std::rotr(left.told[1], turn);
    if ((ours | theirs) == 0) return {};
    const auto at = static_cast<unsigned>(63 - std::countl_zero(ours | theirs));
    const Cycles cycle = left.window + at;
    return {true, (left.contested & bit_of(cycle)) != 0, ours < theirs ? BusMaster::core1 : BusMaster::core0, cycle};
}

/// Less than a window on.
void Crossbar::move_window(unsigned cycles) {
    const std::uint64_t leaving = bits_before(window() + cycles), staying = ~leaving;
    const bool history = history_until_ > window();
    for (unsigned port = 0; port < kPorts; ++port) {
        std::uint64_t &first = turns_[1]->taken[port], &second = turns_[0]->taken[port];
        if ((first | second) == 0) continue;
        const std::uint64_t told = history ? leaving & ~history_[port] : leaving, ours = first & told,
                            theirs = second & told;
        std::uint64_t contested = 0;
        if (any_contested_) {
            contested = (contested_[0][port] | contested_[1][port]) & (ours | theirs);
            contested_[0][port] &= staying;
            contested_[1][port] &= staying;
        }
        if ((ours | theirs) != 0) {
            left_[port] = {window(), {ours, theirs}, contested};
            if (counting()) count_turns(port, ours | theirs, contested);
        }
        first &= staying;
        second &= staying;
        if (history) history_[port] &= staying;
    }
    const Cycles end = window() + PortTurns::kCycles;
    for (PortTurns* turns : turns_) turns->window += cycles;
    if (history_until_ <= end) return;
    for (unsigned port = 0; port < kPorts; ++port) {  // an XIP miss takes longer than the window
        const Cycles until = s_.port[port].busy_until;
        if (until <= end) continue;
        const std::uint64_t entered = bits_before(until) & leaving;
        history_[port] |= entered;
        for (PortTurns* turns : turns_) turns->taken[port] |= entered;
    }
}

void Crossbar::end_turns() {
    if (ended_) return;
    for (unsigned port = 0; port < kPorts; ++port) end_turns(port);
    any_contested_ = false;
    ended_ = true;
}

/// Those of one port.
void Crossbar::end_turns(unsigned port) {
    const std::uint32_t length = told_length(port);
    if (const LastTold t = last_told(port); t.any) s_.port[port].add({t.cycle, length, t.master, true, t.contested});
    const std::uint64_t first = in_order(told(0, port)), second = in_order(told(1, port));
    const std::uint64_t contested = in_order(contested_[0][port] | contested_[1][port]);
    for (std::uint64_t left = first | second; left != 0; left &= left - 1) {
        const auto at = static_cast<unsigned>(std::countr_zero(left));
        const BusMaster master = (first >> at & 1) != 0 ? BusMaster::core0 : BusMaster::core1;
        s_.port[port].add({window() + at, length, master, true, (contested >> at & 1) != 0});
    }
    if (counting()) count_turns(port, first | second, contested & (first | second));
    for (PortTurns* turns : turns_) turns->taken[port] = history_[port];
    contested_[0][port] = contested_[1][port] = 0;
    left_[port] = {};
}

}  // namespace rp2040
