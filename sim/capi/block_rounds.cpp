// The blocks of a host that calls a function as each begins.
//
// A block is charged when the host has executed it, which shows at the beginning of the next one, or when somebody asks
// for the time before: the host counts the instructions of blocks that are over. A loop of one block that only computes
// takes the same for each round, so nothing need be done for a round but to see that nothing is due (block_hook.cpp).
// The same holds for a loop in flash whose code the XIP cache has.
#include <algorithm>
#include <exception>
#include <utility>

#include "capi/external_chip.hpp"

namespace rp2040 {

void ExternalChip::forget_blocks(unsigned core) {
    HostCore& own = cores[core];
    own.end_rounds();
    own.under_way = {};
    if (own.block_host.executed != nullptr) own.executed = own.block_host.executed();
}

std::uint64_t ExternalChip::charge_executed(unsigned core) {
    HostCore& own = cores[core];
    if (own.block_host.executed == nullptr) return 0;
    const std::uint64_t now = own.block_host.executed();
    const std::uint64_t instructions = now - own.executed;
    if (instructions == 0) return 0;
    own.executed = now;
    if (own.under_way.instructions == 0) return 0;
    // std::exception only: what the host's callbacks do with its own exceptions is the host's business.
    try {
        charge_rounds(core, instructions);
    } catch (const std::exception& refusal) {
        error = refusal.what();
        fetch_refused = true;
    }
    return instructions;
}

void ExternalChip::charge_rounds(unsigned core, std::uint64_t instructions) {
    HostCore& own = cores[core];
    const HostCore::UnderWay block = own.under_way;
    const bool known = block.block != nullptr && instructions >= block.instructions;
    if (known && instructions == block.instructions && block.block->plain && own.access_extra == 0 &&
        own.part_charged == 0 && !own.calls.active()) {  // as charge_block() does it, for most blocks
        const std::uint32_t cycles = block.block->cycles + own.running.branch_cycles(block.pc);
        own.charged += cycles;
        own.running.last = block.block;
        own.time.charge(cycles, block.instructions);
        return;
    }
    // A host that leaves a block early, for a fault or a watchpoint, has executed less than one.
    const auto first = static_cast<std::uint32_t>(std::min<std::uint64_t>(instructions, block.instructions));
    charge_block(core, block.pc, first);
    std::uint64_t left = instructions - first;
    if (left == 0 || !known) return;
    const std::uint64_t rounds = left / block.instructions;
    const std::uint32_t cycles = block.block->cycles + own.running.branch_cycles(block.pc);
    own.charged += cycles * rounds;
    own.time.charge(cycles, block.instructions, rounds);
    xip_.repeat_hits(rounds * block.block->flash_words.size());
    left -= rounds * block.instructions;
    if (left != 0) charge_block(core, block.pc, static_cast<std::uint32_t>(left));
}

bool ExternalChip::begin_block(unsigned core, std::uint32_t pc, std::uint32_t instructions) {
    HostCore& own = cores[core];
    const bool again = charge_executed(core) == 0 && own.under_way.instructions != 0 && own.under_way.pc == pc;
    own.end_rounds();
    own.under_way = {pc, instructions, nullptr};
    // What this core fetches may take the place of the other one's code, whose rounds before that had theirs.
    if (HostCore& other = cores[1 - core];
        both() && other.round_pc.load(std::memory_order_relaxed) != HostCore::kNoRound) {
        charge_executed(1 - core);
        other.end_rounds();
    }
    if (own.stop_host.pc != nullptr) *own.stop_host.pc = pc;  // from block to block the host need not keep it
    // Of two cores the host executes one at a time, and its clock waits for the one behind: what is due for the one in
    // front comes from its blocks.
    if (own.time.to_be_looked_at()) {
        if (own.time.skip_due() || (both() && own.time.reached_due())) {
            own.block_host.skip_due(own.block_host.context);
            if (!again) return false;  // so that it skips before the block, and comes back with nothing to skip
        } else {
            own.time.looked_at();
        }
    }
    if (std::exchange(own.running.stopped_at, 0) != pc) {
        if (own.has_guest.load(std::memory_order_relaxed) && own.block_host.guest(pc, instructions) == 0) return false;
        if ((!stops_.empty() || taps.active()) && look_where_it_goes_on(core, pc)) {
            own.running.stopped_at = pc;
            return false;  // so that what was asked for meanwhile is done before the block
        }
    }
    expect_rounds(core);
    return true;
}

void ExternalChip::expect_rounds(unsigned core) {
    HostCore& own = cores[core];
    HostCore::UnderWay& next = own.under_way;
    const Recent& recent = recent_at(next.pc, next.instructions);
    // Only of blocks that were executed already: the first time may be the last.
    if (recent.key != block_key(next.pc, next.instructions) || recent.block == nullptr) return;
    next.block = recent.block;
    if (own.running.last != next.block || next.block->accesses || !next.block->flash_literals.empty() ||
        own.access_extra != 0 || own.calls.active() || own.has_guest.load(std::memory_order_relaxed) ||
        awaits(next.pc) ||
        !std::ranges::all_of(next.block->flash_words, [this](std::uint32_t word) { return xip_.has(word); }))
        return;
    own.round = own.time.longest(next.block->cycles + own.running.branch_cycles(next.pc), next.instructions);
    own.round_pc.store(next.pc, std::memory_order_relaxed);
}

}  // namespace rp2040
