// Accesses of two cores that run in turns (cpu/pair.cpp), or of one beside the DMA, kept as bits until somebody else
// wants to know of them.
//
// The core that is ahead has told of accesses in cycles that the other has not come to yet. Which of two wins is
// settled when the second one is told of. Then everything that either core does before that cycle is known, for each
// tells of its accesses in order; so it does not matter which of them is simulated first.
#include <algorithm>
#include <bit>

#include "bus/crossbar_wait.hpp"

namespace rp2040 {

inline std::uint64_t Crossbar::in_order(std::uint64_t bits) const {
    return std::rotr(bits, static_cast<int>(window() % PortTurns::kCycles));
}

/// Where no access of the window comes before, or by priority.
[[gnu::noinline]] bool Crossbar::wins_first_turn(unsigned core, Cycles at, unsigned port) const {
    if (any_first_by_priority_) return first_by_priority_[core];
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

[[gnu::noinline]] void Crossbar::delay_contested(unsigned core, Cycles from, unsigned port) {
    contested_[core][port] |= bit_of(from);
    for (std::uint64_t& contested : contested_[core]) {
        const std::uint64_t moved = contested & ~bits_before(from);
        contested = (contested ^ moved) | std::rotl(moved, 1);
    }
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

void Crossbar::set_window(Cycles cycle) {
    if (!ended_) {
        if (cycle - window() < PortTurns::kCycles) return move_window(static_cast<unsigned>(cycle - window()));
        end_turns();
    }
    ended_ = false;
    const bool first = high_priority(BusMaster::core0), second = high_priority(BusMaster::core1);
    first_by_priority_ = {first && !second, second && !first};
    any_first_by_priority_ = first != second;
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

/// Whether the history of any port has an access of a core that begins in that cycle or later.
bool Crossbar::in_history(unsigned core, Cycles from) const {
    const auto master = static_cast<BusMaster>(core);
    return std::any_of(s_.port.begin(), s_.port.end(), [&](const PortState& p) {
        for (unsigned n = kHistory; n-- > 0 && p.nth(n).until() > from;)
            if (p.nth(n).master == master && p.nth(n).from >= from) return true;
        return false;
    });
}

/// Counts those of the window that leave it.
void Crossbar::count_leaving(std::uint64_t leaving) {
    for (unsigned port = 0; port < kPorts; ++port) {
        const Left& left = left_[port];
        if (left.window != window()) continue;  // it has had none
        const std::uint64_t told = left.told[0] | left.told[1];
        left_[port].contested = (contested_[0][port] | contested_[1][port]) & told;
        count_turns(port, told, left.contested);
        for (PortBits& contested : contested_) contested[port] &= ~leaving;
    }
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
    const BusMaster master = teller(ours < theirs ? 1 : 0, (left.reads & bit_of(cycle)) != 0);
    return {true, (left.contested & bit_of(cycle)) != 0, master, cycle};
}

/// Less than a window on.
void Crossbar::move_window(unsigned cycles) {
    const std::uint64_t leaving = bits_before(window() + cycles), staying = ~leaving;
    for (unsigned port = 0; port < kPorts; ++port) {
        std::uint64_t &first = turns_[1]->taken[port], &second = turns_[0]->taken[port];
        if ((first | second) == 0) continue;
        const std::uint64_t told = leaving & ~history_[port];
        if (((first | second) & told) != 0)
            left_[port] = {window(), {first & told, second & told}, 0, reads_[port] & told};
        reads_[port] &= staying;
        first &= staying;
        second &= staying;
    }
    if (counting()) [[unlikely]]
        count_leaving(leaving);
    if (history_until_ > window())
        for (std::uint64_t& history : history_) history &= staying;
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
    beside_ = kNobody;
    ended_ = true;
}

/// Those of one port.
void Crossbar::end_turns(unsigned port) {
    const std::uint64_t any = (turns_[0]->taken[port] | turns_[1]->taken[port]) & ~history_[port];
    if ((any | left_[port].told[0] | left_[port].told[1]) == 0) return;
    const std::uint32_t length = told_length(port);
    if (const LastTold t = last_told(port); t.any) s_.port[port].add({t.cycle, length, t.master, true, t.contested});
    const std::uint64_t first = in_order(told(0, port)), second = in_order(told(1, port));
    const std::uint64_t contested = in_order(contested_[0][port] | contested_[1][port]), reads = in_order(reads_[port]);
    for (std::uint64_t left = first | second; left != 0; left &= left - 1) {
        const auto at = static_cast<unsigned>(std::countr_zero(left));
        const BusMaster master = teller((first >> at & 1) != 0 ? 0 : 1, (reads >> at & 1) != 0);
        s_.port[port].add({window() + at, length, master, true, (contested >> at & 1) != 0});
    }
    if (counting()) count_turns(port, first | second, contested & (first | second));
    for (PortTurns* turns : turns_) turns->taken[port] = history_[port];
    contested_[0][port] = contested_[1][port] = 0;
    reads_[port] = 0;
    left_[port] = {};
}

}  // namespace rp2040
