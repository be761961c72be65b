// One core beside the DMA, where that moves words between banks of SRAM: who waits for a port that both want, by what
// they have told of (crossbar_turns.cpp). The DMA's reads and writes are two masters, which may also meet each other.
//
// Two accesses never share a bit: where one that must give way would come upon one of another master, or leave the
// window, the history of the ports decides.
#include <bit>

#include "bus/crossbar_wait.hpp"

namespace rp2040 {

/// As wins() has it.
bool Crossbar::wins_beside(BusMaster challenger, BusMaster other, Cycles at, unsigned port) const {
    const bool high = high_priority(challenger);
    if (high != high_priority(other)) return high;
    // The cycle before `at` in the highest bit, those of the window in as many as it has.
    const auto turn = static_cast<int>(at % PortTurns::kCycles);
    const std::uint64_t past = ~bits_below(PortTurns::kCycles - (at - window()));
    const std::uint64_t core = std::rotr(told(beside_, port), turn) & past;
    const std::uint64_t dma = std::rotr(told(beside_ ^ 1, port), turn) & past;
    BusMaster last = BusMaster::core0;
    if ((core | dma) != 0) {
        const std::uint64_t reads = std::rotr(reads_[port], turn) & past;
        last = core > dma ? teller(beside_, false) : teller(beside_ ^ 1, reads > (dma ^ reads));
    } else if (const LastTold left = last_told(port); left.any) {
        last = left.master;
    } else {
        return wins(challenger, other, at, s_.port[port]);
    }
    return first_in_turn(challenger, other, last);
}

/// Moves an access of that master in cycle `from`, and all that it did after it, by one cycle; false: not by the bits.
bool Crossbar::delay_beside(BusMaster loser, Cycles from) {
    const std::uint64_t later = ~bits_before(from), last = bit_of(window() + PortTurns::kCycles - 1);
    const unsigned lane = is_core(loser) ? beside_ : beside_ ^ 1;
    PortBits &taken = turns_[lane ^ 1]->taken, &theirs = turns_[lane]->taken;
    struct Moves {
        unsigned port;
        std::uint64_t bits;
    };
    std::array<Moves, kPorts> moves;
    unsigned count = 0;
    for (unsigned p = 0; p < kPorts; ++p) {
        std::uint64_t moved = taken[p] & later;
        if (moved == 0) continue;
        moved &= ~history_[p];
        if (!is_core(loser)) moved &= loser == BusMaster::dma_read ? reads_[p] : ~reads_[p];
        if (moved == 0) continue;
        const std::uint64_t others = theirs[p] | (taken[p] & ~moved);
        if ((moved & last) != 0 || (std::rotl(moved, 1) & others) != 0) return false;
        moves[count++] = {p, moved};
    }
    for (unsigned n = 0; n < count; ++n) {
        const auto [p, moved] = moves[n];
        taken[p] = (taken[p] ^ moved) | std::rotl(moved, 1);
        if (loser == BusMaster::dma_read) reads_[p] = (reads_[p] ^ moved) | std::rotl(moved, 1);
    }
    if (is_core(loser))
        ++s_.owed[index(loser)];
    else
        delay_dma(loser, 1);
    return true;
}

Cycles Crossbar::meet_beside(BusMaster master, Cycles cycle, Port port) {
    if (!beside_dma() || history_until_ > cycle || !in_window(cycle)) return kNever;
    const auto p = static_cast<unsigned>(port);
    Cycles at = cycle;
    while (((turns_[0]->taken[p] | turns_[1]->taken[p]) & bit_of(at)) != 0) {
        const bool core = (told(beside_, p) & bit_of(at)) != 0;
        const BusMaster other = core ? teller(beside_, false) : teller(beside_ ^ 1, (reads_[p] & bit_of(at)) != 0);
        if (wins_beside(master, other, at, p)) {
            if (!delay_beside(other, at)) return kNever;
            break;
        }
        if (!in_window(++at)) return kNever;
    }
    turns_[beside_]->taken[p] |= bit_of(at);
    if (master == BusMaster::dma_read) reads_[p] |= bit_of(at);
    return at - cycle;
}

Cycles Crossbar::wait_beside(unsigned core, Cycles cycle, Port port) {
    const auto p = static_cast<unsigned>(port);
    Cycles at = cycle;
    for (; (turns_[core]->taken[p] & bit_of(at)) != 0; ++at) {
        const BusMaster other = teller(core ^ 1, (reads_[p] & bit_of(at)) != 0);
        if (wins_beside(static_cast<BusMaster>(core), other, at, p)) {
            if (!delay_beside(other, at)) return wait_history(core, cycle, port);
            break;
        }
    }
    turns_[core ^ 1]->taken[p] |= bit_of(at);
    return at - cycle;
}

}  // namespace rp2040
