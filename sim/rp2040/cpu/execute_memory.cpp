// Loads and stores (Arm ARM A6.7). SRAM at its striped address is accessed in place; everything else goes through
// Cpu::load and Cpu::store.
#include <bit>
#include <cstring>
#include <type_traits>

#include "bus/memory_map.hpp"
#include "bus/xip.hpp"
#include "cpu/execute.hpp"
#include "cpu/execute_lists.hpp"
#include "cpu/execute_ops.hpp"

namespace rp2040 {

using timing::kLoadStore;

#include "cpu/execute_single.inc"

// ---------------------------------------------------------------------------------------------- several registers

namespace {

bool block_in_flash(std::uint32_t address, std::uint32_t words) {
    return (address & 3) == 0 && address - kXipBase < kXipEnd - kXipBase - words * 4;
}

/// Loads the registers of `list` from `address` up. False: a fault was taken. `total` grows by the words' cycles.
bool load_list(Cpu& c, std::uint32_t list, std::uint32_t address, std::uint32_t words, Cycles& total) {
    if (block_in_sram(address, words)) {
        load_words(c, list, address);
        total += words;
        return true;
    }
    if (block_in_flash(address, words)) {
        for (; list != 0; list &= list - 1, address += 4) {
            const Cycles taken = 1 + c.xip.fetch(address, c.cycles + 1, c.master());
            std::memcpy(&c.r[static_cast<unsigned>(std::countr_zero(list))], c.xip.content(address), 4);
            total += taken;
            c.cycles += taken;
        }
        return true;
    }
    // A fault part of the way leaves registers already loaded (the architecture allows it) and the base unchanged.
    for (; list != 0; list &= list - 1, address += 4) {
        if (!c.load(address, 4)) return false;
        c.r[static_cast<unsigned>(std::countr_zero(list))] = c.value;
        const Cycles taken = c.cost > kLoadStore ? c.cost - 1 : 1;
        total += taken;
        c.cycles += taken;
    }
    return true;
}

bool store_list(Cpu& c, std::uint32_t list, std::uint32_t address, std::uint32_t words, Cycles& total) {
    if (data_in_sram(c, address, words)) {
        store_words(c, list, address);
        total += words;
        return true;
    }
    for (; list != 0; list &= list - 1, address += 4) {
        if (!c.store(address, 4, c.r[static_cast<unsigned>(std::countr_zero(list))])) return false;
        const Cycles taken = c.cost > kLoadStore ? c.cost - 1 : 1;
        total += taken;
        c.cycles += taken;
    }
    return true;
}

/// Ends the handler when an interrupt arrives before the transfer is over: it is abandoned and restarts later.
#define ABANDON_IF_INTERRUPTED(n)               \
    SPILL();                                    \
    if (cycles + (n) > c.deadline) [[unlikely]] \
        if (c.abandon_for_interrupt(cycles + (n))) return

/// Whether nothing can come between, so that the words of a list move at once if they lie in SRAM.
bool undisturbed(const Cpu& c, const Op* op, Cycles cycles) {
    return cycles + timing::kMultipleBase + op->rm <= c.deadline;
}

// What the handlers leave to these, so that they themselves need no frame on the host's stack.

[[gnu::noinline]] void ldm_elsewhere(OP_PARAMS) {
    ABANDON_IF_INTERRUPTED(timing::kMultipleBase + op->rm);
    Cycles total = timing::kMultipleBase;
    const std::uint32_t address = c.r[op->rn];
    if (!load_list(c, op->imm, address, op->rm, total)) return;
    if ((op->imm >> op->rn & 1) == 0) c.r[op->rn] = address + op->rm * 4u;
    NEXT(total);
}

[[gnu::noinline]] void stm_elsewhere(OP_PARAMS) {
    ABANDON_IF_INTERRUPTED(timing::kMultipleBase + op->rm);
    Cycles total = timing::kMultipleBase;
    const std::uint32_t address = c.r[op->rn];
    if (!store_list(c, op->imm, address, op->rm, total)) return;
    c.r[op->rn] = address + op->rm * 4u;
    NEXT(total);
}

[[gnu::noinline]] void push_elsewhere(OP_PARAMS) {
    ABANDON_IF_INTERRUPTED(timing::kMultipleBase + op->rm);
    Cycles total = timing::kMultipleBase;
    const std::uint32_t address = c.r[13] - op->rm * 4u;
    if (!store_list(c, op->imm, address, op->rm, total)) return;
    c.r[13] = address;
    NEXT(total);
}

[[gnu::noinline]] void pop_elsewhere(OP_PARAMS) {
    ABANDON_IF_INTERRUPTED(timing::kMultipleBase + op->rm);
    Cycles total = timing::kMultipleBase;
    const std::uint32_t address = c.r[13];
    if (!load_list(c, op->imm, address, op->rm, total)) return;
    c.r[13] = address + op->rm * 4u;
    NEXT(total);
}

}  // namespace

#define BEGIN_WORDS(address, words, store, elsewhere)                                                                \
    if (!undisturbed(c, op, cycles) || !((store) ? data_in_sram(c, address, words) : block_in_sram(address, words))) \
    TAIL_RETURN elsewhere(OP_ARGS)

#include "cpu/execute_lists.inc"

void op_pop_pc(OP_PARAMS) {
    ABANDON_IF_INTERRUPTED(timing::kMultipleBase + op->rm);
    Cycles total = timing::kMultipleBase;
    const std::uint32_t address = c.r[13];
    const std::uint32_t low_words = op->rm - 1u;
    if (!load_list(c, op->imm, address, low_words, total)) return;
    if (!c.load(address + low_words * 4, 4)) return;
    const std::uint32_t target = c.value;
    total += (c.cost > kLoadStore ? c.cost - 1 : 1) + timing::kPopPcExtra;
    c.r[13] = address + op->rm * 4u;
    c.cycles = cycles + total;
    c.jump_exchange(target);
    // A return from exception has replaced the flags.
    nz = c.nz;
    carry = c.carry;
    overflow = c.overflow;
    RESUME();
}

}  // namespace rp2040
