// How an instruction of two cores hands over to the next one: it tells of its fetch, and goes on where the window has
// free what it wants. For pair_execute.cpp, which compiles the operations of a core that runs alone with it, and
// pair_waits.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "cpu/execute.hpp"
#include "cpu/pair.hpp"
#include "cpu/pair_handlers.hpp"

namespace rp2040 {

namespace pair {

// A shift would need a register that the handlers have no more.
inline constexpr auto kBits = [] {
    std::array<std::uint64_t, PortTurns::kCycles> bits{};
    for (unsigned n = 0; n < bits.size(); ++n) bits[n] = std::uint64_t{1} << n;
    return bits;
}();

// Pages are aligned such that an op's address tells which halfword of which bank it is.
constexpr std::size_t kWordOps = 2 * sizeof(Op);
inline bool begins_word(const Op* op) { return reinterpret_cast<std::uintptr_t>(op) % kWordOps == 0; }
inline Port port_of_op(const Cpu& c, const Op* op) {
    return c.ports[reinterpret_cast<std::uintptr_t>(op) / kWordOps % 4];
}

}  // namespace pair

/// Takes the port in that cycle if it is free; else wait_for_port() must follow.
[[gnu::always_inline]] inline bool Cpu::take_port(Cycles at, Port port) {
    const std::uint64_t bit = pair::kBits[at % PortTurns::kCycles];
    const auto p = static_cast<unsigned>(port);
    if ((turns.taken[p] & bit) != 0) [[unlikely]]
        return false;
    told[p] |= bit;
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
#undef CLAIM_DATA
#undef RP2040_PAIR
#define RP2040_PAIR 1

#define DISPATCH_FROM(first)                                                                     \
    do {                                                                                         \
        if (!RP2040_CHAIN_HANDLERS || cycles >= c.deadline) [[unlikely]]                         \
            return SPILL();                                                                      \
        TAIL_RETURN c.pair_handlers[(first) + static_cast<std::size_t>(op->operation)](OP_ARGS); \
    } while (false)
#define DISPATCH() DISPATCH_FROM(0)
/// An instruction that begins in mid-word.
#define DISPATCH_SECOND() DISPATCH_FROM(pair::kOperations)
#define NEXT(n)                                                \
    do {                                                       \
        const Cycles begin = cycles;                           \
        cycles += (n);                                         \
        if (begins_word(op)) {                                 \
            if (!c.take_port(cycles - 1, port_of_op(c, op))) { \
                c.note_begin(begin);                           \
                TAIL_RETURN wait_for_fetch(OP_ARGS);           \
            }                                                  \
            ++op;                                              \
            DISPATCH_SECOND();                                 \
        }                                                      \
        ++op;                                                  \
        DISPATCH();                                            \
    } while (false)
#define NEXT_WIDE(n)                                       \
    do {                                                   \
        const Cycles begin = cycles;                       \
        cycles += (n);                                     \
        if (!c.take_port(cycles - 1, port_of_op(c, op))) { \
            c.note_begin(begin);                           \
            TAIL_RETURN wait_for_fetch(OP_ARGS);           \
        }                                                  \
        op += 2;                                           \
        DISPATCH();                                        \
    } while (false)
/// Fetches the target that `op` is now, of a branch that began in cycle `begin`.
#define FETCH_TARGET(begin)                                    \
    do {                                                       \
        if (!c.take_port(cycles - 2, port_of_op(c, op))) {     \
            c.note_begin(begin);                               \
            TAIL_RETURN wait_for_target(OP_ARGS);              \
        }                                                      \
        if (begins_word(op)) DISPATCH();                       \
        if (!c.take_port(cycles - 1, port_of_op(c, op + 1))) { \
            c.note_begin(begin);                               \
            TAIL_RETURN wait_for_second(OP_ARGS);              \
        }                                                      \
        DISPATCH_SECOND();                                     \
    } while (false)
#define BRANCH(n)                                           \
    do {                                                    \
        const auto by = static_cast<std::int32_t>(op->imm); \
        const Cycles begin = cycles;                        \
        cycles += (n);                                      \
        if (by == (is_wide(op->operation) ? 2 : 1)) {       \
            c.note_begin(begin);                            \
            TAIL_RETURN branch_to_next(OP_ARGS);            \
        }                                                   \
        op += by;                                           \
        FETCH_TARGET(begin);                                \
    } while (false)
#define OWN(offset, store) \
    if (!c.owns(offset, store)) TAIL_RETURN claim_block(OP_ARGS)
#define NOTE_STORE(offset) c.undo.note(c.sram, offset)
#define CLAIM_DATA(address) \
    if (!c.take_port(cycles, port_of(address))) TAIL_RETURN wait_for_data(OP_ARGS)
