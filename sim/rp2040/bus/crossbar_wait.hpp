// Which of two cores waits for a port that both want, by what they have told of (crossbar_turns.cpp). Apart, to be
// compiled into what asks for it: two cores that run code from flash meet there every few cycles.
#pragma once

#include <bit>

#include "bus/crossbar.hpp"

namespace rp2040 {

/// The bits below bit `count`.
constexpr std::uint64_t bits_below(Cycles count) {
    return count >= PortTurns::kCycles ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}
constexpr std::uint64_t bit_of(Cycles cycle) { return std::uint64_t{1} << cycle % PortTurns::kCycles; }

inline std::uint64_t Crossbar::bits_before(Cycles cycle) const {
    return std::rotl(bits_below(cycle - window()), static_cast<int>(window() % PortTurns::kCycles));
}

/// Moves an access that `core` was granted in cycle `from`, and all that it did after it, by one cycle.
inline void Crossbar::delay_turns(unsigned core, Cycles from, unsigned port) {
    const std::uint64_t later = ~bits_before(from);
    PortBits& taken = turns_[core ^ 1]->taken;
    for (unsigned p = 0; p < kPorts; ++p) {
        std::uint64_t moved = taken[p] & later;
        if (moved == 0) continue;
        moved &= ~history_[p];
        taken[p] = (taken[p] ^ moved) | std::rotl(moved, 1);
    }
    ++s_.owed[core];
    if (counting()) delay_contested(core, from, port);
}

/// Who wins is as wins() has it, by the bits where any tell of an access before, for all that is told of came after the
/// history.
inline Cycles Crossbar::wait_turn(unsigned core, Cycles cycle, Port port) {
    if (beside_dma()) [[unlikely]]
        return wait_beside(core, cycle, port);
    const auto p = static_cast<unsigned>(port);
    std::uint64_t& taken = turns_[core ^ 1]->taken[p];
    // From `cycle` on the history of the port is over: the other core has told of all that is not free.
    // That cycle in the lowest bit, the one before it in the highest, those of the window in as many as it has.
    const auto turn = static_cast<int>(cycle % PortTurns::kCycles);
    std::uint64_t mine = std::rotr(taken, turn), theirs = std::rotr(turns_[core]->taken[p], turn);
    std::uint64_t past = ~bits_below(PortTurns::kCycles - (cycle - window()));
    Cycles at = cycle;
    for (; (theirs & 1) != 0; ++at) {
        // Of two, the one that was not last is first; the history is in the bits of both.
        const bool wins =
            ((mine ^ theirs) & past) != 0 && !any_first_by_priority_ ? mine < theirs : wins_first_turn(core, at, p);
        if (wins) {
            delay_turns(core ^ 1, at, p);
            break;
        }
        mine = std::rotr(mine, 1);
        theirs = std::rotr(theirs, 1);
        past = past >> 1 | std::uint64_t{1} << 63;
    }
    taken |= bit_of(at);
    if (at != cycle && counting()) contested_[core][p] |= bit_of(at);
    return at - cycle;
}

}  // namespace rp2040
