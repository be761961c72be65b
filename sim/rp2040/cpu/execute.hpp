// How handlers end. Included by execute_*.cpp only.
//
// A handler passes control straight to the next op's handler: a tail call that the optimiser turns into a jump, so
// the processor's state stays in host registers. Without optimisation (or with sanitizers) the stack would grow, so
// there every handler returns to Cpu::run.
#pragma once

#include "cpu/cpu.hpp"
#include "cpu/timing.hpp"

#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__)
#define RP2040_CHAIN_HANDLERS 1
#else
#define RP2040_CHAIN_HANDLERS 0
#endif

// GCC makes jumps of tail calls when it optimises; Clang is told to, for some targets would else overflow the stack.
#if defined(__clang__)
#define TAIL_RETURN [[clang::musttail]] return
#else
#define TAIL_RETURN return
#endif

/// Writes the state that is in host registers back to `c`, `op` being the instruction in execution.
#define SPILL() c.spill(op, cycles, nz, carry, overflow)
/// Continues with the op that `op` points to.
#define DISPATCH()                                                       \
    do {                                                                 \
        if (!RP2040_CHAIN_HANDLERS || cycles >= c.deadline) [[unlikely]] \
            return SPILL();                                              \
        TAIL_RETURN op->handler(OP_ARGS);                                \
    } while (false)
/// Continues with the next instruction, `n` cycles later.
#define NEXT(n)        \
    do {               \
        cycles += (n); \
        ++op;          \
        DISPATCH();    \
    } while (false)
#define NEXT_WIDE(n)   \
    do {               \
        cycles += (n); \
        op += 2;       \
        DISPATCH();    \
    } while (false)

/// Continues at the target of a branch within the page, `n` cycles later.
#define BRANCH(n)                                 \
    do {                                          \
        op += static_cast<std::int32_t>(op->imm); \
        cycles += (n);                            \
        DISPATCH();                               \
    } while (false)
// For two cores (pair_execute.cpp): whose the block of SRAM at `offset` is, what it holds before a store, and that
// others may want `port`.
#define OWN(offset, store) static_cast<void>(0)
#define NOTE_STORE(offset) static_cast<void>(0)
#define CLAIM_PORT(word) static_cast<void>(0)
#define RP2040_PAIR 0
// For instructions in flash whose word the XIP cache has (execute_cached.cpp).
#define RP2040_CACHED 0

/// Takes over what a Cpu function left in `c` (jump, load) and continues there.
#define RESUME()           \
    do {                   \
        op = c.op;         \
        cycles = c.cycles; \
        DISPATCH();        \
    } while (false)

namespace rp2040 {

inline void set_nz(std::uint64_t& nz, std::uint32_t result) { nz = result; }

/// AddWithCarry (Arm ARM A2.2.1): result and the three kinds of flags.
inline std::uint32_t add_with_carry(std::uint32_t x, std::uint32_t y, std::uint32_t carry_in, std::uint64_t& nz,
                                    std::uint32_t& carry, std::uint32_t& overflow) {
    const std::uint64_t wide = std::uint64_t{x} + y + carry_in;
    const auto result = static_cast<std::uint32_t>(wide);
    nz = result;
    carry = static_cast<std::uint32_t>(wide >> 32);
    overflow = (x ^ result) & (y ^ result);
    return result;
}

/// x - y: the same with y inverted and carry in; written out so that the host uses its own subtraction.
inline std::uint32_t subtract(std::uint32_t x, std::uint32_t y, std::uint64_t& nz, std::uint32_t& carry,
                              std::uint32_t& overflow) {
    const std::uint32_t result = x - y;
    nz = result;
    carry = x >= y;
    overflow = (x ^ y) & (x ^ result);
    return result;
}

}  // namespace rp2040
