// One core beside the DMA, or while bus accesses are counted: the chains of two cores (pair_execute.cpp), with nobody
// else in turn.
//
// Where the DMA only moves words from bank to bank of SRAM, its steps are made between the chains, without the way
// through events and the chip's loop; both tell the crossbar of their accesses in the same window
// (crossbar_beside.cpp).
#include <algorithm>
#include <utility>

#include "bus/bus.hpp"
#include "cpu/cpu.hpp"
#include "cpu/pair.hpp"
#include "dma/words.hpp"

namespace rp2040 {

namespace {
/// All words are the core's own.
std::uint8_t* all_mine() {
    static constinit auto kAllMine = [] {
        decltype(Pair::owners) owners{};
        owners.fill(owner::only(0) | owner::only(1));
        return owners;
    }();
    return kAllMine.data();
}

struct Banks {
    Crossbar& crossbar;
    std::uint8_t* sram;
    const std::uint8_t* code_words;
    template <bool is_write>
    Cycles take(Cycles now, std::uint32_t offset) {
        return crossbar.take_beside(is_write ? BusMaster::dma_write : BusMaster::dma_read, now, port_in_sram(offset));
    }
};
}  // namespace

/// Instructions in a chain as far as they may meet the DMA or are counted, the other core being at rest. False where
/// each needs more than that.
bool Cpu::run_shared() {
    if (!simple() || peer->runnable()) return false;
    if (run_beside_dma()) return true;
    const Cycles event = fabric_.events().next();
    const bool near = crossbar_.dma_active() && cycles + kLongestInstruction >= event;
    const Cycles shared_until = near || crossbar_.counting() ? kNever : crossbar_.dma_busy_until();
    pair->end = std::min(limit_, event);
    crossbar_.begin_turns(cycles);
    ahead_from = kNever;
    undo.count = 0;
    deadline = std::min({pair->end, shared_until, crossbar_.turns_end()});
    const Unchained unchained(*this);
    std::uint8_t* const shared = std::exchange(owners, all_mine());
    pair->execute(*this);
    owners = shared;
    return true;
}

/// The DMA's events come as before, in the order of time, until something else must be looked at.
void Pair::leave_dma() {
    if (std::exchange(beside_dma, false)) dma.end_moving();
}

bool Cpu::run_beside_dma() {
    const Scheduler& events = fabric_.events();
    if (crossbar_.counting() || bus_.never_written.on() || cycles + kLongestInstruction < events.next()) return false;
    const Cycles others = events.next_beside(EventId::dma), until = std::min(limit_, others);
    if (!pair->dma.begin_moving()) return false;
    Banks banks{crossbar_, sram, sram_code_words};
    pair->beside_dma = true;
    pair->left = false;
    ahead_from = kNever;
    const Unchained unchained(*this);
    std::uint8_t* const shared = std::exchange(owners, all_mine());
    while (true) {
        // Events come before what begins in their cycle.
        const Cycles due = pair->dma.moving_due(), end = std::min(due, until);
        if (due <= cycles) {
            if (due >= others || !pair->dma.move(banks)) break;
            continue;
        }
        if (const Cycles owed = crossbar_.take_owed(core_); owed != 0) {
            wait_for_bus(owed);
            continue;
        }
        if (cycles >= end || cycles + kLongestInstruction < std::min(due, others)) break;
        crossbar_.begin_beside(core_, cycles);
        undo.count = 0;
        pair->end = end;
        deadline = std::min(end, crossbar_.turns_end());
        pair->execute(*this);
        if (pair->left || attention_) break;
    }
    pair->leave_dma();
    owners = shared;
    return true;
}

}  // namespace rp2040
