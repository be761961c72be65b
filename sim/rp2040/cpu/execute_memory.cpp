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

namespace {

enum class Base { registers, immediate, sp };

template <Base base>
std::uint32_t effective_address(const Cpu& c, const Op* op) {
    if constexpr (base == Base::registers)
        return c.r[op->rn] + c.r[op->rm];
    else if constexpr (base == Base::immediate)
        return c.r[op->rn] + op->imm;
    else
        return c.r[13] + op->imm;
}

/// Offset in SRAM, or something beyond its end when the address lies elsewhere or is not aligned to T.
template <class T>
bool in_sram(std::uint32_t address) {
    const std::uint32_t offset = address - kSramBase;
    constexpr int log2 = std::countr_zero(sizeof(T));
    return std::rotr(offset, log2) < kSramSize / sizeof(T);
}

template <Base base, class T>
[[gnu::noinline]] void load_elsewhere(OP_PARAMS) {
    SPILL();
    const std::uint32_t address = effective_address<base>(c, op);
    if (address >= kXipBase && address < kXipEnd && address % sizeof(T) == 0) [[likely]] {
        T data;
        std::memcpy(&data, c.xip.content(address), sizeof data);
        c.r[op->rd] = static_cast<std::uint32_t>(data);
        NEXT(kLoadStore + c.xip.fetch(address, cycles + 1));
    }
    if (!c.load(address, sizeof(T))) return;
    c.r[op->rd] = static_cast<std::uint32_t>(static_cast<T>(c.value));
    NEXT(c.cost);
}

template <Base base, class T>
[[gnu::always_inline]] inline void load(OP_PARAMS) {
    const std::uint32_t address = effective_address<base>(c, op);
    if (in_sram<T>(address)) [[likely]] {
        T data;
        std::memcpy(&data, c.sram + (address - kSramBase), sizeof data);
        c.r[op->rd] = static_cast<std::uint32_t>(data);
        NEXT(kLoadStore);
    }
    return load_elsewhere<base, T>(OP_ARGS);
}

template <Base base, class T>
[[gnu::noinline]] void store_elsewhere(OP_PARAMS) {
    SPILL();
    if (!c.store(effective_address<base>(c, op), sizeof(T), c.r[op->rd])) return;
    NEXT(c.cost);
}

template <Base base, class T>
[[gnu::always_inline]] inline void store(OP_PARAMS) {
    const std::uint32_t address = effective_address<base>(c, op);
    const std::uint32_t offset = address - kSramBase;
    if (in_sram<T>(address) && c.sram_code_map[offset / 256] == 0) [[likely]] {
        const auto data = static_cast<T>(c.r[op->rd]);
        std::memcpy(c.sram + offset, &data, sizeof data);
        NEXT(kLoadStore);
    }
    return store_elsewhere<base, T>(OP_ARGS);
}

}  // namespace

void op_ldr_reg(OP_PARAMS) { return load<Base::registers, std::uint32_t>(OP_ARGS); }
void op_ldrh_reg(OP_PARAMS) { return load<Base::registers, std::uint16_t>(OP_ARGS); }
void op_ldrb_reg(OP_PARAMS) { return load<Base::registers, std::uint8_t>(OP_ARGS); }
void op_ldrsh_reg(OP_PARAMS) { return load<Base::registers, std::int16_t>(OP_ARGS); }
void op_ldrsb_reg(OP_PARAMS) { return load<Base::registers, std::int8_t>(OP_ARGS); }
void op_ldr_imm(OP_PARAMS) { return load<Base::immediate, std::uint32_t>(OP_ARGS); }
void op_ldrh_imm(OP_PARAMS) { return load<Base::immediate, std::uint16_t>(OP_ARGS); }
void op_ldrb_imm(OP_PARAMS) { return load<Base::immediate, std::uint8_t>(OP_ARGS); }
void op_ldr_sp(OP_PARAMS) { return load<Base::sp, std::uint32_t>(OP_ARGS); }

void op_str_reg(OP_PARAMS) { return store<Base::registers, std::uint32_t>(OP_ARGS); }
void op_strh_reg(OP_PARAMS) { return store<Base::registers, std::uint16_t>(OP_ARGS); }
void op_strb_reg(OP_PARAMS) { return store<Base::registers, std::uint8_t>(OP_ARGS); }
void op_str_imm(OP_PARAMS) { return store<Base::immediate, std::uint32_t>(OP_ARGS); }
void op_strh_imm(OP_PARAMS) { return store<Base::immediate, std::uint16_t>(OP_ARGS); }
void op_strb_imm(OP_PARAMS) { return store<Base::immediate, std::uint8_t>(OP_ARGS); }
void op_str_sp(OP_PARAMS) { return store<Base::sp, std::uint32_t>(OP_ARGS); }

void op_ldr_lit(OP_PARAMS) {
    if (in_sram<std::uint32_t>(op->imm)) {
        std::memcpy(&c.r[op->rd], c.sram + (op->imm - kSramBase), 4);
        NEXT(kLoadStore);
    }
    SPILL();
    if (op->imm >= kXipBase && op->imm < kXipEnd) {
        std::memcpy(&c.r[op->rd], c.xip.content(op->imm), 4);
        NEXT(kLoadStore + c.xip.fetch(op->imm, cycles + 1));
    }
    if (!c.load(op->imm, 4)) return;
    c.r[op->rd] = c.value;
    NEXT(c.cost);
}

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
