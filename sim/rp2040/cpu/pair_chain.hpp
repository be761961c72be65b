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

/// Takes the port in that cycle if it is free; else wait_for_port() must follow.
[[gnu::always_inline]] inline bool Cpu::take_port(Cycles at, Port port) {
    const auto p = static_cast<unsigned>(port);
    if ((turns.taken[p] >> at % PortTurns::kCycles & 1) != 0) [[unlikely]]
        return false;
    set_bit(told[p], at);
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
#define NEXT(n)                                               \
    do {                                                      \
        const Cycles begin = cycles;                          \
        cycles += (n);                                        \
        if (kBeginsWord) {                                    \
            if (!c.take_port(cycles - 1, pair_op(op).port)) { \
                c.note_begin(begin);                          \
                TAIL_RETURN wait_for_fetch(OP_ARGS);          \
            }                                                 \
        }                                                     \
        ++op;                                                 \
        DISPATCH();                                           \
    } while (false)
#define NEXT_WIDE(n)                                      \
    do {                                                  \
        const Cycles begin = cycles;                      \
        cycles += (n);                                    \
        if (!c.take_port(cycles - 1, pair_op(op).port)) { \
            c.note_begin(begin);                          \
            TAIL_RETURN wait_for_fetch(OP_ARGS);          \
        }                                                 \
        op += 2;                                          \
        DISPATCH();                                       \
    } while (false)
/// Fetches the target that `op` is now, of a branch that began in cycle `begin`.
#define FETCH_TARGET(begin)                                   \
    do {                                                      \
        if (!c.take_port(cycles - 2, pair_op(op).port)) {     \
            c.note_begin(begin);                              \
            TAIL_RETURN wait_for_target(OP_ARGS);             \
        }                                                     \
        if (begins_word(op)) DISPATCH();                      \
        if (!c.take_port(cycles - 1, pair_op(op + 1).port)) { \
            c.note_begin(begin);                              \
            TAIL_RETURN wait_for_second(OP_ARGS);             \
        }                                                     \
        DISPATCH();                                           \
    } while (false)
#define BRANCH(n)                                 \
    do {                                          \
        const Cycles begin = cycles;              \
        cycles += (n);                            \
        op += static_cast<std::int32_t>(op->imm); \
        FETCH_TARGET(begin);                      \
    } while (false)
#define OWN(offset, store) \
    if (!c.owns(offset, store)) TAIL_RETURN claim_block(OP_ARGS)
#define NOTE_STORE(offset) c.undo.note(c.sram, offset)
#define CLAIM_PORT(port) \
    if (!c.take_port(cycles, port)) TAIL_RETURN wait_for_data(OP_ARGS)
