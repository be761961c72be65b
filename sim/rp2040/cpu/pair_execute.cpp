// The instructions of two cores that run in turns (pair.cpp).
//
// What shared_bus.cpp does for each instruction is done here in a chain: each tells the crossbar of its data access,
// is executed, tells of its fetch, and hands over to the next one. An instruction that may not begin now, for its core
// is ahead of the other one and others can see it, ends the turn. The operations are those of a core that runs alone,
// compiled again with another NEXT; those that are rare, or do more than compute and access memory, take the way
// through shared_bus.cpp, and so does everything where somebody looks on. What cannot go on at once: pair_waits.cpp.
#include <bit>
#include <cstring>
#include <type_traits>

#include "bus/bus.hpp"
#include "bus/memory_map.hpp"
#include "bus/xip.hpp"
#include "cpu/count_hit.hpp"
#include "cpu/execute.hpp"
#include "cpu/execute_lists.hpp"
#include "cpu/operation_groups.hpp"
#include "cpu/pair.hpp"
#include "cpu/pair_chain.hpp"
#include "cpu/pair_handlers.hpp"
#include "cpu/pair_waits.hpp"
#include "cpu/polling.hpp"
#include "cpu/timing.hpp"

namespace rp2040 {

namespace pair {
namespace {

/// A load or store of one register.
void wait_for_data(OP_PARAMS);
/// The same to a block of memory that is not yet known to be the core's own.
void claim_block(OP_PARAMS);

}  // namespace

using timing::kAlu;
using timing::kBranchNotTaken;
using timing::kBranchTaken;
using timing::kLoadStore;

// ---------------------------------------------------------------------------------------------- jumps

namespace {

/// Whether a target lies in that page and can be fetched at once. Apart, for it needs no frame on the host's stack.
[[gnu::always_inline]] inline bool holds_target(const DecodedPage& page, std::uint32_t target) {
    const std::uint32_t offset = target - page.base;
    if (offset >= kPageBytes) return false;
    return !page.xip || (target & 2) == 0 || Xip::has(page.lines[offset / kXipLineBytes], offset);
}

/// The page of a jump's target; null where it cannot be fetched at once.
[[gnu::always_inline]] inline DecodedPage* page_of_target(const Cpu& c, std::uint32_t target) {
    DecodedPage* const page = c.page->base == (target & ~(kPageBytes - 1)) ? c.page : c.code.find(target);
    return page != nullptr && holds_target(*page, target) ? page : nullptr;
}

[[gnu::always_inline]] inline const Op* land(Cpu& c, DecodedPage* page, std::uint32_t target) {
    if (page->xip && (target & 2) != 0) c.xip.repeat_hits(1);
    c.page = page;
    return &page->ops[(target - page->base) / 2];
}

/// Goes on at `target` in `page`, `n` cycles later, from an instruction of so many halfwords.
#define LAND(page, target, n, halfwords)            \
    do {                                            \
        const Op* const to = land(c, page, target); \
        if (to == op + (halfwords)) [[unlikely]] {  \
            c.cost = (n);                           \
            TAIL_RETURN branch_to_next(OP_ARGS);    \
        }                                           \
        op = to;                                    \
        FETCH_TARGET(n);                            \
    } while (false)

/// Whether BX, BLX and POP go on there at once: no return from an exception, and Thumb.
constexpr bool plain_target(std::uint32_t target) { return target < kExceptionReturns && (target & 1) != 0; }

}  // namespace

// ---------------------------------------------------------------------------------------------- several registers

namespace {

/// Whether `words` words from `address` on are the core's own, or become so; it has spilled its state.
[[gnu::noinline]] bool own_words(Cpu& c, std::uint32_t address, std::uint32_t words, bool store) {
    const std::uint32_t first = address - kSramBase, last = first + words * 4 - 4;
    const auto own = [&](std::uint32_t offset) { return c.owns(offset, store) || c.pair->own(c, offset, store); };
    for (std::uint32_t offset = first; offset < last; offset += kOwnedBlock)
        if (!own(offset)) return false;
    return own(last);
}

/// The cycles that the accesses of the words wait, or kNever if the instruction must be held back.
[[gnu::noinline]] Cycles claim_words(Cpu& c, std::uint32_t address, std::uint32_t words, bool store) {
    const Cycles begin = c.cycles;
    c.note_begin(begin);
    Cycles at = begin;
    for (std::uint32_t n = 0; n < words; ++n, ++at) {
        const Port port = port_in_sram(address - kSramBase + 4 * n);
        if (c.take_port(at, word_of(port))) continue;
        const Cycles lost = c.wait_for_port(at, port);
        if (lost == kNever) {
            c.pair->crossbar.take_back_turns(c.core(), begin);
            return kNever;
        }
        at += lost;
    }
    c.data_from = at - words;
    if (store)
        for (std::uint32_t n = 0; n < words; ++n) c.undo.note(c.sram, address - kSramBase + 4 * n);
    return at - begin - words;
}

/// Whether no event can come between, and the crossbar's window has room for all the words; also when the instruction
/// begins later than it seems now, so what has been done once will be done again.
inline bool undisturbed(const Cpu& c, Cycles cycles, std::uint32_t words) {
    if (c.pair->repeating) return true;
    const Cycles end = cycles + 2 * words + 8, later = c.goes_ahead(cycles) ? cycles - c.ahead_from : 0;
    return end + later <= c.pair->end && end <= c.turns.window + PortTurns::kCycles;
}

/// Whether all the words have their ports, once the first one has told of its: an instruction that begins before the
/// other core's next one must not be held back after an access of it has come to the history.
inline bool in_one_go(const Cpu& c, Cycles cycles, std::uint32_t address, std::uint32_t words) {
    if (c.ahead_from == kNever || c.goes_ahead(cycles)) return true;
    for (std::uint32_t n = 0; n < words; ++n)
        if (!c.pair->crossbar.settled_by_turns(c.core(), cycles + n, port_in_sram(address - kSramBase + 4 * n)))
            return false;
    return true;
}

[[gnu::always_inline]] inline std::uint32_t word_at(const Cpu& c, std::uint32_t address) {
    std::uint32_t word;
    std::memcpy(&word, c.sram + (address - kSramBase), sizeof word);
    return word;
}

}  // namespace

/// The words lie in SRAM, are the core's own, and have their ports; else the handler ends.
#define OWN_WORDS(address, words, store)                                              \
    if (!undisturbed(c, cycles, words) || !in_one_go(c, cycles, address, words) ||    \
        !((store) ? data_in_sram(c, address, words) : block_in_sram(address, words))) \
        TAIL_RETURN op_alone_again(OP_ARGS);                                          \
    SPILL();                                                                          \
    if (!own_words(c, address, words, store)) TAIL_RETURN hold_back(OP_ARGS)
#define CLAIM_WORDS(address, words, store)                     \
    const Cycles lost = claim_words(c, address, words, store); \
    if (lost == kNever) TAIL_RETURN hold_back(OP_ARGS);        \
    cycles = c.cycles + lost
#define BEGIN_WORDS(address, words, store, elsewhere) \
    OWN_WORDS(address, words, store);                 \
    CLAIM_WORDS(address, words, store)

// ---------------------------------------------------------------------------------------------- the operations

namespace first {
constexpr bool kBeginsWord = true;
#include "cpu/pair_operations.inc"
}  // namespace first

namespace second {
constexpr bool kBeginsWord = false;
#include "cpu/pair_operations.inc"
}  // namespace second

#undef OWN
#undef CLAIM_PORT
#define OWN(offset, store) static_cast<void>(0)
#define CLAIM_PORT(word) static_cast<void>(0)

namespace granted::first {
constexpr bool kBeginsWord = true;
#include "cpu/execute_single.inc"
}  // namespace granted::first

namespace granted::second {
constexpr bool kBeginsWord = false;
#include "cpu/execute_single.inc"
}  // namespace granted::second

// ---------------------------------------------------------------------------------------------- tables

namespace {

// clang-format off
#define RP2040_PAIRED(X)                                                                                      \
    RP2040_COMPUTES(X) RP2040_NEAR(X) RP2040_SINGLE(X) X(poll_near) X(poll_flash) X(b) X(b_cond) X(bl) X(bx)  \
    X(blx) X(ldm) X(stm) X(push) X(pop) X(pop_pc) X(barrier)
// clang-format on

constexpr void set(Handlers& handlers, Operation operation, Handler begins_word, Handler in_mid_word) {
    handlers[static_cast<std::size_t>(operation)] = begins_word;
    handlers[kOperations + static_cast<std::size_t>(operation)] = in_mid_word;
}

/// Loads and stores of one register that have their port.
constexpr Handlers kGranted = [] {
    Handlers handlers{};
#define X(name) set(handlers, Operation::name, &granted::first::op_##name, &granted::second::op_##name);
    RP2040_SINGLE(X)
#undef X
    return handlers;
}();

Handler handler_of(const Handlers& handlers, const Op* op) {
    return handlers[(begins_word(op) ? 0 : kOperations) + static_cast<std::size_t>(op->operation)];
}

// These stand apart so that the handlers have no frame on the host's stack.
[[gnu::noinline]] Port port_of_access(const Cpu& c, const Op* op) { return port_of(access_of(c, op)->address); }
[[gnu::noinline]] bool own_block(Cpu& c, const Op* op) {
    const auto access = access_of(c, op);
    return c.pair->own(c, access->address - kSramBase, access->write);
}

[[gnu::noinline]] void wait_for_data(OP_PARAMS) {
    SPILL();
    c.note_begin(cycles);
    const Cycles lost = c.wait_for_port(cycles, port_of_access(c, op));
    if (lost == kNever) TAIL_RETURN hold_back(OP_ARGS);
    cycles += lost;
    c.data_from = cycles;
    TAIL_RETURN handler_of(kGranted, op)(OP_ARGS);
}

[[gnu::noinline]] void claim_block(OP_PARAMS) {
    SPILL();
    if (!own_block(c, op)) TAIL_RETURN hold_back(OP_ARGS);
    cycles = c.cycles;
    TAIL_RETURN wait_for_data(OP_ARGS);
}

constexpr Handlers kEverythingAlone = [] {
    Handlers handlers{};
    handlers.fill(&op_alone);
    return handlers;
}();

}  // namespace

constinit const Handlers kAlone = kEverythingAlone;

constinit const Handlers kPaired = [] {
    Handlers handlers = kEverythingAlone;
#define X(name) set(handlers, Operation::name, &first::op_##name, &second::op_##name);
    RP2040_PAIRED(X)
#undef X
    return handlers;
}();

// The word of a short one in mid-word has been fetched with the instruction before it, or as a target's.

constinit const Handlers kInCache = [] {
    Handlers handlers = kEverythingAlone;
#define X(name)                                                   \
    set(handlers, Operation::name, &count_hit<&first::op_##name>, \
        is_wide(Operation::name) ? &count_hit<&second::op_##name> : &second::op_##name);
    RP2040_PAIRED(X)
#undef X
    return handlers;
}();

constinit const Handlers kNotInCache = [] {
    Handlers handlers = kEverythingAlone;
#define X(name) \
    if (!is_wide(Operation::name)) set(handlers, Operation::name, &op_alone, &second::op_##name);
    RP2040_PAIRED(X)
#undef X
    return handlers;
}();

}  // namespace pair
}  // namespace rp2040
