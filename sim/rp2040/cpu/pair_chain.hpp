// How an instruction of two cores hands over to the next one: it tells of its fetch, and goes on where the window has
// free what it wants. For pair_execute.cpp, which compiles the operations of a core that runs alone with it, and
// pair_waits.cpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cpu/execute.hpp"
#include "cpu/pair.hpp"
#include "cpu/pair_handlers.hpp"

namespace rp2040 {

namespace pair {

// Pages are aligned such that an op's address tells which halfword of which bank it is.
constexpr std::size_t kWordOps = 2 * sizeof(Op);
inline bool begins_word(const Op* op) { return reinterpret_cast<std::uintptr_t>(op) % kWordOps == 0; }

}  // namespace pair

/// Sets bit `n` % 64. Of a shift a compiler makes three instructions and one more register, which handlers do not have.
[[gnu::always_inline]] inline void set_bit(std::uint64_t& word, Cycles n) {
#if defined(__x86_64__)
    std::uint64_t bits = word;
    asm("btsq %1, %0" : "+r"(bits) : "r"(n) : "cc");
    word = bits;
#else
    word |= std::uint64_t{1} << n % 64;
#endif
}

[[gnu::always_inline]] inline std::uint64_t& turns_word(std::uint64_t* words, std::uint32_t bytes) {
    return *reinterpret_cast<std::uint64_t*>(reinterpret_cast<std::uintptr_t>(words) + bytes);
}

[[gnu::always_inline]] inline bool Cpu::take_port(Cycles at, std::uint32_t word) {
    if ((turns_word(turns.taken.data(), word) >> at % PortTurns::kCycles & 1) != 0) [[unlikely]]
        return false;
    asm("" : "+m"(told));  // read anew each time: handlers have no register to keep it in
    set_bit(turns_word(told, word), at);
    return true;
}

}  // namespace rp2040

#undef DISPATCH
#undef NEXT
#undef NEXT_WIDE
#undef RESUME
#undef BRANCH
#undef OWN
#undef NOTE_STORE
#undef CLAIM_PORT
#undef RP2040_PAIR
#define RP2040_PAIR 1

#define DISPATCH()                                                       \
    do {                                                                 \
        if (!RP2040_CHAIN_HANDLERS || cycles >= c.deadline) [[unlikely]] \
            return SPILL();                                              \
        TAIL_RETURN pair_op(op).handler(OP_ARGS);                        \
    } while (false)
/// Of an instruction in the place that kBeginsWord says.
#define FETCH_NEXT(n, halfwords)                                      \
    do {                                                              \
        const Cycles spent = (n);                                     \
        if (kBeginsWord || (halfwords) == 2) {                        \
            if (!c.take_port(cycles + spent - 1, pair_op(op).word)) { \
                c.cost = spent;                                       \
                TAIL_RETURN wait_for_fetch(OP_ARGS);                  \
            }                                                         \
        }                                                             \
        cycles += spent;                                              \
        op += (halfwords);                                            \
        DISPATCH();                                                   \
    } while (false)
#define NEXT(n) FETCH_NEXT(n, 1)
#define NEXT_WIDE(n) FETCH_NEXT(n, 2)
/// Fetches the target that `op` is now, of a branch that takes `n` cycles.
#define FETCH_TARGET(n)                                                   \
    do {                                                                  \
        const Cycles spent = (n);                                         \
        if (!c.take_port(cycles + spent - 2, pair_op(op).word)) {         \
            c.cost = spent;                                               \
            TAIL_RETURN wait_for_target(OP_ARGS);                         \
        }                                                                 \
        if (!begins_word(op)) {                                           \
            if (!c.take_port(cycles + spent - 1, pair_op(op + 1).word)) { \
                c.cost = spent;                                           \
                TAIL_RETURN wait_for_second(OP_ARGS);                     \
            }                                                             \
        }                                                                 \
        cycles += spent;                                                  \
        DISPATCH();                                                       \
    } while (false)
#define BRANCH(n)                                 \
    do {                                          \
        op += static_cast<std::int32_t>(op->imm); \
        FETCH_TARGET(n);                          \
    } while (false)
#define OWN(offset, store) \
    if (!c.owns(offset, store)) TAIL_RETURN claim_block(OP_ARGS)
#define NOTE_STORE(offset) c.undo.note(c.sram, offset)
#define CLAIM_PORT(word) \
    if (!c.take_port(cycles, word)) TAIL_RETURN wait_for_data(OP_ARGS)
