// What is charged to a core that the host executes: blocks, what of one came before an access, exceptions.
#include <algorithm>
#include <utility>

#include "capi/external_chip.hpp"
#include "capi/host_memory.hpp"
#include "cpu/timing.hpp"

namespace rp2040 {

void ExternalChip::forget_code() {
    for (const unsigned core : {0u, 1u}) charge_executed(core);
    recent_.fill({});
    for (HostCore& core : cores) {
        core.end_rounds();
        core.under_way.block = nullptr;
        core.running.last = nullptr;
        for (Context& context : core.interrupted) context.last = nullptr;
    }
    blocks_seen_.clear();
    parts_seen_.clear();
}

bool ExternalChip::fetch_code(std::uint32_t address, std::uint16_t& halfword) {
    // A program counter that went astray must not read registers.
    std::uint32_t value = 0;
    if (!host_owns(find_target(address)) || !bus_read(Master::core0, address, 2, value)) return false;
    halfword = static_cast<std::uint16_t>(value);
    return true;
}

const BlockCost& ExternalChip::known_part(std::uint32_t pc, std::uint32_t end) {
    const auto [found, unseen] = parts_seen_.try_emplace(std::uint64_t{end} << 32 | pc);
    if (unseen) {
        const auto fetch = [this, end](std::uint32_t address, std::uint16_t& halfword) {
            return address <= end && fetch_code(address, halfword);
        };
        // The instruction at `end` is being executed: it has been fetched, and its cycles are yet to come.
        found->second = block_cost(pc, (end - pc) / 2 + 1, fetch);
        found->second.cycles -= block_cost(end, 1, fetch).cycles;
    }
    return found->second;
}

void ExternalChip::fetch_from_flash(unsigned core, std::uint32_t word, Cycles before, Cycles rest) {
    HostCore& own = cores[core];
    const Cycles now = events_.now() + (own.charged - before);
    own.charged += xip_.fetch(word, now, master(core), own.origin + own.charged - rest - now);
}

void ExternalChip::charge_up_to_access(unsigned core) {
    HostCore& own = cores[core];
    begin_access_of(core);
    const std::uint32_t start = own.under_way.pc;
    if (own.stop_host.pc == nullptr || own.under_way.instructions == 0) return;
    const std::uint32_t pc = *own.stop_host.pc & ~1u;
    if (pc < start || pc - start > kLongestPart) return;
    const BlockCost& part = known_part(start, pc);
    const Cycles before = own.charged;
    const std::int64_t rest = static_cast<std::int64_t>(part.cycles) - own.part_cycles + own.access_extra;
    if (rest > 0) {
        own.charged += static_cast<Cycles>(rest);
        own.access_extra = 0;
        own.part_cycles = part.cycles;
    }
    for (; own.part_words < part.flash_words.size(); ++own.part_words)
        fetch_from_flash(core, part.flash_words[own.part_words], before,
                         part.cycles - part.words_after[own.part_words]);
    const auto cycles = static_cast<std::uint32_t>(own.charged - before);
    if (cycles == 0) return;
    own.part_charged += cycles;
    own.time.charge(cycles, 0);
}

const BlockCost& ExternalChip::known_block(std::uint32_t pc, std::uint32_t instructions) {
    const std::uint64_t key = block_key(pc, instructions);
    Recent& recent = recent_at(pc, instructions);
    if (recent.block != nullptr && recent.key == key) return *recent.block;
    auto found = blocks_seen_.find(key);
    if (found == blocks_seen_.end()) {
        const auto fetch = [this](std::uint32_t address, std::uint16_t& halfword) {
            return fetch_code(address, halfword);
        };
        found = blocks_seen_.emplace(key, block_cost(pc, instructions, fetch)).first;
        if (const Target target = find_target(pc); target == Target::sram || target == Target::sram_banks) {
            const std::uint32_t first = host_address(target, pc) - kSramBase;
            for (std::uint32_t at = first; at < first + 4 * instructions + kCodePage; at += kCodePage)
                if (at / kCodePage < executed_.size()) executed_[at / kCodePage] = true;
        }
    }
    recent = {key, &found->second};
    return found->second;
}

std::uint32_t ExternalChip::charge_block(unsigned core, std::uint32_t pc, std::uint32_t instructions) {
    const BlockCost& block = known_block(pc, instructions);
    HostCore& own = cores[core];
    const Cycles before = own.charged;
    const BlockCost* last = own.running.last;
    own.charged += own.running.branch_cycles(pc);
    if (own.calls.active())
        own.calls.block_begins(pc, last != nullptr && last->links ? last->end : 0,
                               own.charged - own.part_charged - own.in_exceptions);
    const std::int64_t cost =
        static_cast<std::int64_t>(block.cycles) - own.part_cycles + std::exchange(own.access_extra, 0);
    own.charged += static_cast<Cycles>(std::max<std::int64_t>(cost, 0));
    own.running.last = &block;
    for (std::size_t n = own.part_words; n < block.flash_words.size(); ++n)
        fetch_from_flash(core, block.flash_words[n], before, block.cycles - block.words_after[n]);
    // Those that the host's bus tells of were charged when they were loaded.
    for (std::size_t n = 0; n < block.flash_literals.size(); ++n)
        if (const std::uint32_t word = block.flash_literals[n]; (word - kXipBase) % kFlashSize >= host_bus.flash_end)
            fetch_from_flash(core, word, before, block.cycles - block.literals_after[n]);
    const auto cycles = static_cast<std::uint32_t>(own.charged - before);
    own.time.charge(cycles, instructions);
    own.end_block();
    return cycles;
}

std::uint32_t ExternalChip::charge_exception(unsigned core, bool begins) {
    charge_executed(core);
    forget_blocks(core);
    HostCore& own = cores[core];
    own.end_block();
    std::uint32_t cycles = 0;
    if (begins) {
        if (own.calls.active()) own.calls.exception_begins();
        own.running.began = own.charged;
        own.interrupted.push_back(own.running);
        own.running = {};
        cycles = timing::kExceptionEntry;
        own.charged += cycles;
    } else if (!own.interrupted.empty()) {
        if (own.calls.active()) own.calls.exception_ends(own.charged - own.in_exceptions);
        cycles = timing::kExceptionReturn;
        own.charged += cycles;
        own.running = own.interrupted.back();
        own.interrupted.pop_back();
        if (own.interrupted.empty()) own.in_exceptions += own.charged - own.running.began;
    }
    own.time.charge(cycles, 0);
    return cycles;
}

}  // namespace rp2040
