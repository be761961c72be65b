// Loads and stores (Arm ARM A6.7). SRAM at its striped address is accessed in place; everything else goes through
// Cpu::load and Cpu::store.
#include <bit>
#include <cstring>
#include <type_traits>

#include "bus/memory_map.hpp"
#include "bus/xip.hpp"
#include "cpu/execute.hpp"
#include "cpu/execute_ops.hpp"

namespace rp2040 {

using timing::kLoadStore;

#include "cpu/execute_single.inc"

// ---------------------------------------------------------------------------------------------- several registers

namespace {

/// Whether `words` words from `address` all lie in SRAM (and, for stores, hold no decoded code).
bool block_in_sram(std::uint32_t address, std::uint32_t words) {
    return (address & 3) == 0 && address - kSramBase < kSramSize - words * 4;
}

/// Loads the registers of `list` from `address` up. False: a fault was taken. `total` grows by the words' cycles.
bool load_list(Cpu& c, std::uint32_t list, std::uint32_t address, std::uint32_t words, Cycles& total) {
    if (block_in_sram(address, words)) {
        const std::uint8_t* p = c.sram + (address - kSramBase);
        for (; list != 0; list &= list - 1, p += 4)
            std::memcpy(&c.r[static_cast<unsigned>(std::countr_zero(list))], p, 4);
        total += words;
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
    const std::uint32_t first = (address - kSramBase) / 256, last = (address - kSramBase + words * 4 - 1) / 256;
    if (block_in_sram(address, words) && (c.sram_code_map[first] | c.sram_code_map[last]) == 0) {
        std::uint8_t* p = c.sram + (address - kSramBase);
        for (; list != 0; list &= list - 1, p += 4)
            std::memcpy(p, &c.r[static_cast<unsigned>(std::countr_zero(list))], 4);
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

}  // namespace

/// Ends the handler when an interrupt arrives before the transfer is over: it is abandoned and restarts later.
#define ABANDON_IF_INTERRUPTED(n)               \
    SPILL();                                    \
    if (cycles + (n) > c.deadline) [[unlikely]] \
        if (c.abandon_for_interrupt(cycles + (n))) return

void op_ldm(OP_PARAMS) {
    ABANDON_IF_INTERRUPTED(timing::kMultipleBase + op->rm);
    Cycles total = timing::kMultipleBase;
    const std::uint32_t address = c.r[op->rn];
    if (!load_list(c, op->imm, address, op->rm, total)) return;
    if ((op->imm >> op->rn & 1) == 0) c.r[op->rn] = address + op->rm * 4u;
    NEXT(total);
}

void op_stm(OP_PARAMS) {
    ABANDON_IF_INTERRUPTED(timing::kMultipleBase + op->rm);
    Cycles total = timing::kMultipleBase;
    const std::uint32_t address = c.r[op->rn];
    if (!store_list(c, op->imm, address, op->rm, total)) return;
    c.r[op->rn] = address + op->rm * 4u;
    NEXT(total);
}

void op_push(OP_PARAMS) {
    ABANDON_IF_INTERRUPTED(timing::kMultipleBase + op->rm);
    Cycles total = timing::kMultipleBase;
    const std::uint32_t address = c.r[13] - op->rm * 4u;
    if (!store_list(c, op->imm, address, op->rm, total)) return;
    c.r[13] = address;
    NEXT(total);
}

void op_pop(OP_PARAMS) {
    ABANDON_IF_INTERRUPTED(timing::kMultipleBase + op->rm);
    Cycles total = timing::kMultipleBase;
    const std::uint32_t address = c.r[13];
    if (!load_list(c, op->imm, address, op->rm, total)) return;
    c.r[13] = address + op->rm * 4u;
    NEXT(total);
}

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
