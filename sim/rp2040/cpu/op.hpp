// Pre-decoded instructions and the pages that hold them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/types.hpp"
#include "bus/memory_map.hpp"
#include "bus/ports.hpp"
#include "cpu/encodings.hpp"

namespace rp2040 {

class Cpu;
struct Op;

// Handlers call each other in tail position with the processor's hottest state in host registers. Flags are kept
// unevaluated: N is bit 31 of `nz` (or any higher bit, for N with Z), Z is "low 32 bits are zero"; C is 0 or 1;
// V is bit 31 of `overflow`.
#define OP_PARAMS                                                                                             \
    ::rp2040::Cpu &c, const ::rp2040::Op *op, ::rp2040::Cycles cycles, std::uint64_t nz, std::uint32_t carry, \
        std::uint32_t overflow
#define OP_ARGS c, op, cycles, nz, carry, overflow

using Handler = void (*)(OP_PARAMS);

/// One halfword of code, decoded. What rd, rn, rm and imm mean is the operation's business; immediates come scaled
/// and PC-relative addresses resolved. Its size is a power of two where pointers have 32 bits, too: an op's address
/// tells which word of its page it stands for (pair_execute.cpp).
struct alignas(16) Op {
    Handler handler;
    std::uint32_t imm;
    std::uint8_t rd, rn, rm;
    Operation operation;
};
static_assert(sizeof(Op) == 16);

/// What two cores that run in turns do with an op (pair_execute.cpp).
struct alignas(16) PairOp {
    Handler handler;
    Port port;          ///< Where its word is fetched,
    std::uint8_t word;  ///< and word_of() it.
};

inline constexpr std::uint32_t kPageBytes = 4096;
inline constexpr std::uint32_t kPageOps = kPageBytes / 2;
/// Stores to SRAM ask for every so many bytes whether they hold decoded code. Data often lies right beside code, so
/// few; but no list of registers reaches over more than two.
inline constexpr std::uint32_t kCodeBlock = 64;
/// Bytes of SRAM of which is known together whose they are, where both cores run (pair.hpp): variables of one core lie
/// beside such of the other.
inline constexpr std::uint32_t kOwnedBlock = 4;

/// The decoded form of one aligned 4 kB of code. Two sentinels after the last op lead into the next page.
struct DecodedPage {
    std::uint32_t base = 0;
    bool xip = false;                     ///< Fetches go through the XIP cache:
    const std::uint8_t* lines = nullptr;  ///< what it has of the page's lines.
    bool watched = false;                 ///< Some handlers are not those of their operations: hooks, coverage.
    std::uint8_t* coverage = nullptr;     ///< Flags of its halfwords while coverage is gathered.
    alignas(8 * sizeof(Op)) std::array<Op, kPageOps + 2> ops;
    std::array<PairOp, kPageOps + 2> pair_ops;  ///< Of the same place.

    void lie_at(std::uint32_t address) {
        base = address;
        for (std::uint32_t n = 0; n < pair_ops.size(); ++n) {
            pair_ops[n].port = port_of(address + n / 2 * 4 % 16);
            pair_ops[n].word = static_cast<std::uint8_t>(word_of(pair_ops[n].port));
        }
    }
};

/// The other half of an op, at a fixed distance.
[[gnu::always_inline]] inline const PairOp& pair_op(const Op* op) {
    constexpr std::size_t kDistance = offsetof(DecodedPage, pair_ops) - offsetof(DecodedPage, ops);
    return *reinterpret_cast<const PairOp*>(reinterpret_cast<std::uintptr_t>(op) + kDistance);
}

/// Those of several registers, which an interrupt can abandon.
constexpr bool transfers_list(Operation operation) {
    switch (operation) {
        case Operation::push:
        case Operation::pop:
        case Operation::pop_pc:
        case Operation::stm:
        case Operation::ldm: return true;
        default: return false;
    }
}

/// Instructions of two halfwords (UDF T2 does not matter: it never completes).
constexpr bool is_wide(Operation operation) {
    switch (operation) {
        case Operation::bl:
        case Operation::bl_near:
        case Operation::msr:
        case Operation::mrs:
        case Operation::barrier: return true;
        default: return false;
    }
}
/// Loads and stores, of one register or several: those for which access_of() tells of an access.
constexpr bool accesses_data(Operation operation) {
    if (operation >= Operation::ldr_lit && operation <= Operation::ldr_sp) return true;
    return operation == Operation::push || operation == Operation::pop || operation == Operation::pop_pc ||
           operation == Operation::stm || operation == Operation::ldm;
}
constexpr bool is_conditional(Operation operation) {
    return operation == Operation::b_cond || (operation >= Operation::beq_near && operation <= Operation::ble_near);
}

/// Executes each operation; index is Operation.
extern const std::array<Handler, static_cast<std::size_t>(Operation::count)> kHandlers;
/// The same in flash, of a word that the XIP cache has: counts that as well.
extern const std::array<Handler, static_cast<std::size_t>(Operation::count)> kCached;

// Handlers that are no instruction.
void op_undecoded(OP_PARAMS);       ///< Decodes in place, then executes.
void op_next_page(OP_PARAMS);       ///< Ran off the page's end.
void op_cached(OP_PARAMS);          ///< For any operation what kCached has for it.
void op_fetch(OP_PARAMS);           ///< One whose word it has not: the first op of a word,
void op_fetch_second(OP_PARAMS);    ///< or one that begins in the middle of a word and ends in the next.
void op_hook(OP_PARAMS);            ///< Breakpoint, or a place where the function tracer looks.
void op_covered_branch(OP_PARAMS);  ///< A conditional branch that has not gone both ways yet.
void op_fetch_fault(OP_PARAMS);     ///< No executable memory here: HardFault.

}  // namespace rp2040
