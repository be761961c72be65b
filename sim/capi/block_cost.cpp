#include "capi/block_cost.hpp"

#include <algorithm>
#include <utility>

#include "bus/memory_map.hpp"
#include "cpu/decoder.hpp"
#include "cpu/timing.hpp"

namespace rp2040 {

namespace {

std::uint32_t instruction_cost(const Op& op) {
    switch (op.operation) {
        case Operation::mul_reg: return timing::kMultiply;
        case Operation::mov_pc:
        case Operation::add_pc: return timing::kPcWrite;
        case Operation::b:
        case Operation::b_near: return timing::kBranchTaken;
        case Operation::bl:
        case Operation::bl_near: return timing::kBranchLink;
        case Operation::bx:
        case Operation::blx: return timing::kBranchExchange;
        case Operation::barrier:
        case Operation::mrs:
        case Operation::msr: return timing::kSystem;
        case Operation::wfi:
        case Operation::wfe: return timing::kWait;
        case Operation::ldr_lit:
        case Operation::str_reg:
        case Operation::strh_reg:
        case Operation::strb_reg:
        case Operation::ldrsb_reg:
        case Operation::ldr_reg:
        case Operation::ldrh_reg:
        case Operation::ldrb_reg:
        case Operation::ldrsh_reg:
        case Operation::str_imm:
        case Operation::ldr_imm:
        case Operation::strb_imm:
        case Operation::ldrb_imm:
        case Operation::strh_imm:
        case Operation::ldrh_imm:
        case Operation::str_sp:
        case Operation::ldr_sp: return timing::kLoadStore;
        case Operation::push:
        case Operation::pop:
        case Operation::stm:
        case Operation::ldm: return timing::kMultipleBase + op.rm;
        case Operation::pop_pc: return timing::kMultipleBase + timing::kPopPcExtra + op.rm;
        default: return is_conditional(op.operation) ? timing::kBranchNotTaken : timing::kAlu;
    }
}

}  // namespace

BlockCost block_cost(std::uint32_t pc, std::uint32_t instructions, const FetchHalfword& fetch) {
    BlockCost block;
    std::uint32_t address = pc, word_fetched = 1;
    const auto fetch_word = [&](std::uint32_t at) {
        if (find_target(at) != Target::xip || (at & ~3u) == word_fetched) return;
        word_fetched = at & ~3u;
        block.flash_words.push_back(word_fetched);
        block.words_after.push_back(block.cycles);
    };
    for (std::uint32_t n = 0; n < instructions; ++n) {
        std::uint16_t first = 0, second = 0;
        if (!fetch(address, first)) break;
        if (is_wide(first) && !fetch(address + 2, second)) break;
        fetch_word(address);
        if (is_wide(first)) fetch_word(address + 2);
        const Op op = decode(address, first, second);
        if (op.operation == Operation::ldr_lit && find_target(op.imm) == Target::xip) {
            block.flash_literals.push_back(op.imm);
            block.literals_after.push_back(block.cycles + timing::kBusCycle);
        }
        block.cycles += instruction_cost(op);
        address += is_wide(first) ? 4 : 2;
        block.conditional = is_conditional(op.operation);
        block.links =
            op.operation == Operation::bl || op.operation == Operation::bl_near || op.operation == Operation::blx;
    }
    block.end = address;
    block.plain = block.flash_words.empty() && block.flash_literals.empty();
    return block;
}

std::uint32_t access_cost(std::uint32_t address, bool is_write) {
    const std::uint32_t apb = is_write ? timing::kApbWrite : timing::kApbRead;
    const bool alias = (address >> 12 & 3) != 0;
    switch (find_target(address)) {
        case Target::sio: return timing::kIoPort;
        case Target::ssi: return apb + (alias ? timing::kAtomicAlias : 0);
        case Target::apb: {
            // UART0 to I2C1, the blocks whose atomic aliases take longer (datasheet 2.1.2).
            const bool slow_alias = address >= rp2040::kUart0Base && address < rp2040::kAdcBase;
            return apb + (alias && slow_alias ? timing::kAtomicAlias : 0);
        }
        default: return timing::kLoadStore;
    }
}

void CallCounter::trace(std::span<const std::uint32_t> addresses) {
    index_.clear();
    frames_.clear();
    handlers_.clear();
    called_ = 0;
    handler_begins_ = false;
    counts_.assign(addresses.size(), {});
    for (std::size_t i = 0; i < addresses.size(); ++i) index_.emplace(addresses[i] & ~1u, i);
}

void CallCounter::finish(std::uint64_t now) {
    const Frame frame = frames_.back();
    frames_.pop_back();
    Counts& c = counts_[frame.function];
    const std::uint64_t cycles = now - frame.start;
    c.least = c.calls == 0 ? cycles : std::min(c.least, cycles);
    c.most = std::max(c.most, cycles);
    c.total += cycles;
    ++c.calls;
}

void CallCounter::exception_begins() {
    handlers_.push_back(frames_.size());
    handler_begins_ = true;
    called_ = 0;
}

void CallCounter::exception_ends(std::uint64_t now) {
    handler_begins_ = false;
    if (handlers_.empty()) return;
    while (frames_.size() > handlers_.back()) finish(now);
    handlers_.pop_back();
}

void CallCounter::block_begins(std::uint32_t pc, std::uint32_t returns_to, std::uint64_t now) {
    // What an exception interrupted is not the handler's to end.
    const std::size_t floor = handlers_.empty() ? 0 : handlers_.back();
    const bool handler = std::exchange(handler_begins_, false);
    const std::uint32_t called = std::exchange(called_, 0);
    // A return ends the newest call and what it was a tail call of.
    for (bool tail = true; tail && frames_.size() > floor && frames_.back().returns_to == pc;) {
        tail = frames_.back().tail;
        finish(now);
    }
    const auto found = index_.find(pc);
    if (found == index_.end()) {
        called_ = returns_to;
        return;
    }
    if (returns_to == 0 && !handler) returns_to = called;  // through a linker's veneer
    // A tail call returns where its caller would have; a loop to a function's first instruction is no call. A handler
    // ends with its exception.
    const bool tail = returns_to == 0 && !handler;
    if (tail) {
        if (frames_.size() <= floor || frames_.back().function == found->second) return;
        returns_to = frames_.back().returns_to;
    }
    frames_.push_back({found->second, returns_to, now, tail});
}

}  // namespace rp2040
