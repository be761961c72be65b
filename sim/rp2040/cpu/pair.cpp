// Two cores that both run, in one chain of instructions.
//
// What shared_bus.cpp does for each instruction is done here in a chain that leads through the instructions of both
// cores: each tells the crossbar of its data access, is executed, tells of its fetch, and hands over to the next one,
// or to the other core when its turn has come. An instruction that others can see, or that sees what others do, waits
// until the core which is behind has done all that comes before it; core 0 is first where both are at one cycle. One
// that only computes or branches, in memory other than flash, need not wait: it may begin before the cycle in which the
// other core can do something visible at the earliest (unseen_cycles()), wherever their accesses meet until then. What
// the crossbar makes of the accesses does not depend on who tells of them first (bus/crossbar_turns.cpp).
//
// Nothing is asked anew that cannot have changed: only an access outside memory, an event or an exception can bring
// more to do, and these end the chain. The operations are those of a core that runs alone, compiled again with another
// NEXT; those that are rare, or do more than compute and access memory, take the way through shared_bus.cpp, and so
// does everything where somebody looks on.
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <type_traits>
#include <utility>

#include "bus/bus.hpp"
#include "bus/memory_map.hpp"
#include "bus/xip.hpp"
#include "cpu/execute.hpp"
#include "cpu/polling.hpp"
#include "cpu/timing.hpp"

#undef DISPATCH
#undef NEXT
#undef NEXT_WIDE
#undef RESUME
#undef BRANCH
#undef CLAIM_DATA
#undef AFTER_OTHERS
#undef RP2040_PAIR
#define RP2040_PAIR 1

#define DISPATCH()                                                                     \
    do {                                                                               \
        if (!RP2040_CHAIN_HANDLERS) return SPILL();                                    \
        if (cycles >= c.deadline) [[unlikely]]                                         \
            TAIL_RETURN turn_over(OP_ARGS);                                            \
        TAIL_RETURN c.pair_handlers[static_cast<std::size_t>(op->operation)](OP_ARGS); \
    } while (false)
#define NEXT(n)                                                                                                  \
    do {                                                                                                         \
        cycles += (n);                                                                                           \
        if (begins_word(op) && !c.take_port(cycles - 1, port_of_op(c, op))) TAIL_RETURN wait_for_fetch(OP_ARGS); \
        ++op;                                                                                                    \
        DISPATCH();                                                                                              \
    } while (false)
#define BRANCH(n)                                                                                                  \
    do {                                                                                                           \
        const auto by = static_cast<std::int32_t>(op->imm);                                                        \
        cycles += (n);                                                                                             \
        if (by == (is_wide(op->operation) ? 2 : 1)) [[unlikely]]                                                   \
            TAIL_RETURN branch_to_next(OP_ARGS);                                                                   \
        op += by;                                                                                                  \
        if (!begins_word(op) || !c.take_port(cycles - 2, port_of_op(c, op))) TAIL_RETURN wait_for_target(OP_ARGS); \
        DISPATCH();                                                                                                \
    } while (false)
#define CLAIM_DATA(address) \
    if (!c.take_port(cycles, port_of(address))) TAIL_RETURN wait_for_data(OP_ARGS)
#define AFTER_OTHERS()                          \
    if (cycles >= c.seen_deadline) [[unlikely]] \
    TAIL_RETURN turn_over(OP_ARGS)

namespace rp2040 {

constexpr Cycles kOneInstruction = 1;  // a deadline that every instruction reaches; 0: something asks for attention

namespace {
constexpr auto kBits = [] {
    std::array<std::uint64_t, 64> bits{};
    for (unsigned n = 0; n < 64; ++n) bits[n] = std::uint64_t{1} << n;
    return bits;
}();
}  // namespace

/// Takes the port in that cycle if it is free; else wait_for_port() must follow.
inline bool Cpu::take_port(Cycles at, Port port) {
    const std::uint64_t bit = kBits[(at - turns.window) & 63];
    const auto p = static_cast<unsigned>(port);
    if ((turns.taken[p] & bit) != 0) [[unlikely]]
        return false;
    peer->turns.taken[p] |= bit;
    return true;
}

Cycles Cpu::wait_for_port(Cycles at, Port port) {
    if (take_port(at, port)) return 0;
    const Cycles lost = crossbar_.wait_turn(core_, at, port);
    bus_waits_ += lost;
    peer->pay_owed();
    return lost;
}

namespace pair {

namespace {

// Pages are aligned such that an op's address tells which halfword of which bank it is.
constexpr std::size_t kWordOps = 2 * sizeof(Op);
inline bool begins_word(const Op* op) { return reinterpret_cast<std::uintptr_t>(op) % kWordOps == 0; }
inline Port port_of_op(const Cpu& c, const Op* op) {
    return c.page->port[reinterpret_cast<std::uintptr_t>(op) / kWordOps % 4];
}

/// What executes the instruction at which `c` stands. What it takes follows, for a tail call must stand where it is
/// made.
inline Handler next_handler(const Cpu& c) { return c.pair_handlers[static_cast<std::size_t>(c.op->operation)]; }
#define ARGS_OF(c) c, (c).op, (c).cycles, (c).nz, (c).carry, (c).overflow

/// The turn of `c` is over: that of the core which is first begins.
[[gnu::noinline]] void turn_over(OP_PARAMS) {
    SPILL();
    Cpu& next = c.peer->comes_first() ? *c.peer : c;
    if (next.cycles >= c.pair->end) return c.end_turns();
    next.begin_turn();
    TAIL_RETURN next_handler(next)(ARGS_OF(next));
}

// The rest of an instruction whose port others want too.

/// It has been executed, and the word after it is to be fetched in its last cycle.
[[gnu::noinline]] void wait_for_fetch(OP_PARAMS) {
    cycles += c.wait_for_port(cycles - 1, port_of_op(c, op));
    ++op;
    DISPATCH();
}

/// A branch to the instruction after it fetches as others do.
[[gnu::noinline]] void branch_to_next(OP_PARAMS) {
    const bool wide = is_wide(op->operation);
    if (wide || begins_word(op)) cycles += c.wait_for_port(cycles - 1, port_of_op(c, op));
    op += wide ? 2 : 1;
    DISPATCH();
}

/// A branch, at its target: two words if that is in mid-word.
[[gnu::noinline]] void wait_for_target(OP_PARAMS) {
    cycles += c.wait_for_port(cycles - 2, port_of_op(c, op));
    if (!begins_word(op)) cycles += c.wait_for_port(cycles - 1, port_of(c.address_of(op) + 2));
    DISPATCH();
}

/// A load or store.
void wait_for_data(OP_PARAMS);

/// Any instruction, the long way.
void op_alone(OP_PARAMS) {
    AFTER_OTHERS();
    SPILL();
    c.end_turns();
    c.pair->events.pass_to(cycles);
    c.deadline = kOneInstruction;
    c.execute_next();
    if (c.deadline != kOneInstruction) return;
    Cpu::pay_owed(c, *c.peer);
    c.choose_handlers();
    TAIL_RETURN turn_over(c, c.op, c.cycles, c.nz, c.carry, c.overflow);
}

/// The same for one whose fetch from flash op_cached has counted already.
void op_alone_again(OP_PARAMS) {
    if (c.page->xip && (begins_word(op) || is_wide(op->operation))) c.xip.take_back_hit();
    TAIL_RETURN op_alone(OP_ARGS);
}

}  // namespace

using timing::kAlu;
using timing::kBranchNotTaken;
using timing::kBranchTaken;
using timing::kLoadStore;

#include "cpu/execute_data.inc"
#include "cpu/execute_near.inc"
#include "cpu/execute_single.inc"

void op_poll_near(OP_PARAMS) {
    if (op->rd == kAlways || passed(op->rd, nz, carry, overflow)) BRANCH(kBranchTaken);
    NEXT(kBranchNotTaken);
}

namespace granted {
#undef CLAIM_DATA
#undef AFTER_OTHERS
#define CLAIM_DATA(address) static_cast<void>(0)
#define AFTER_OTHERS() static_cast<void>(0)
#include "cpu/execute_single.inc"
}  // namespace granted

namespace {

// clang-format off
#define RP2040_SINGLE(X)                                                                                      \
    X(ldr_lit) X(str_reg) X(strh_reg) X(strb_reg) X(ldrsb_reg) X(ldr_reg) X(ldrh_reg) X(ldrb_reg)             \
    X(ldrsh_reg) X(str_imm) X(ldr_imm) X(strb_imm) X(ldrb_imm) X(strh_imm) X(ldrh_imm) X(str_sp) X(ldr_sp)
#define RP2040_PAIRED(X)                                                                                      \
    X(lsl_imm) X(lsr_imm) X(asr_imm) X(add_reg) X(sub_reg) X(add_imm3) X(sub_imm3) X(mov_imm) X(cmp_imm)      \
    X(add_imm8) X(sub_imm8) X(and_reg) X(eor_reg) X(lsl_reg) X(lsr_reg) X(asr_reg) X(adc_reg) X(sbc_reg)      \
    X(ror_reg) X(tst_reg) X(rsb_imm) X(cmp_reg) X(cmn_reg) X(orr_reg) X(mul_reg) X(bic_reg) X(mvn_reg)        \
    X(add_hi) X(cmp_hi) X(mov_hi) X(adr) X(add_sp_imm) X(add_sp) X(sub_sp) X(sxth) X(sxtb) X(uxth) X(uxtb)    \
    RP2040_SINGLE(X) X(rev) X(rev16) X(revsh) X(nop) X(lsl_imm0) X(mov_const) X(add_const) X(mov_sp) X(cmp_pc) X(b_near)       \
    X(beq_near) X(bne_near) X(bcs_near) X(bcc_near) X(bmi_near) X(bpl_near) X(bvs_near) X(bvc_near)           \
    X(bhi_near) X(bls_near) X(bge_near) X(blt_near) X(bgt_near) X(ble_near) X(bl_near) X(poll_near)
// clang-format on

using Handlers = std::array<Handler, static_cast<std::size_t>(Operation::count)>;

/// Loads and stores that have their port.
constexpr Handlers kGranted = [] {
    Handlers handlers{};
#define X(name) handlers[static_cast<std::size_t>(Operation::name)] = &granted::op_##name;
    RP2040_SINGLE(X)
#undef X
    return handlers;
}();

[[gnu::noinline]] void wait_for_data(OP_PARAMS) {
    cycles += c.wait_for_port(cycles, port_of(access_of(c, op)->address));
    TAIL_RETURN kGranted[static_cast<std::size_t>(op->operation)](OP_ARGS);
}

constexpr Handlers kAlone = [] {
    Handlers handlers{};
    handlers.fill(&op_alone);
    return handlers;
}();

constexpr Handlers kPaired = [] {
    Handlers handlers = kAlone;
#define X(name) handlers[static_cast<std::size_t>(Operation::name)] = &op_##name;
    RP2040_PAIRED(X)
#undef X
    return handlers;
}();

#undef AFTER_OTHERS
#define AFTER_OTHERS()                          \
    if (cycles >= c.seen_deadline) [[unlikely]] \
    TAIL_RETURN turn_over(OP_ARGS)

/// An instruction from flash whose words the XIP cache has.
void op_cached(OP_PARAMS) {
    AFTER_OTHERS();
    if (begins_word(op) || is_wide(op->operation)) {
        const std::uint32_t address = (c.address_of(op) + 2) & ~3u;  // as op_fetch has it
        if (!c.xip.has(address)) TAIL_RETURN op_alone(OP_ARGS);
        c.xip.hit(address);
    }
    TAIL_RETURN kPaired[static_cast<std::size_t>(op->operation)](OP_ARGS);
}

constexpr Handlers kCached = [] {
    Handlers handlers = kAlone;
#define X(name) handlers[static_cast<std::size_t>(Operation::name)] = &op_cached;
    RP2040_PAIRED(X)
#undef X
    return handlers;
}();

}  // namespace

/// Whether an instruction only computes or branches.
constexpr auto kUnseen = [] {
    std::array<bool, static_cast<std::size_t>(Operation::count)> unseen{};
#define X(name) unseen[static_cast<std::size_t>(Operation::name)] = true;
    RP2040_PAIRED(X)
#undef X
#define X(name) unseen[static_cast<std::size_t>(Operation::name)] = false;
    RP2040_SINGLE(X)
#undef X
    return unseen;
}();

// DecodedPage::unseen: a count of instructions + 1, and where a load or store of a word finds its address.
constexpr unsigned kCount = 15, kImmediate = 16, kRegisters = 32, kStack = 48, kLiteral = 64, kAddress = 112,
                   kStore = 128;

constexpr unsigned word_access(Operation operation) {
    switch (operation) {
        case Operation::ldr_imm: return kImmediate;
        case Operation::ldr_reg: return kRegisters;
        case Operation::ldr_sp: return kStack;
        case Operation::ldr_lit: return kLiteral;
        case Operation::str_imm: return kImmediate | kStore;
        case Operation::str_reg: return kRegisters | kStore;
        case Operation::str_sp: return kStack | kStore;
        default: return 0;
    }
}

[[gnu::noinline]] unsigned find_unseen(DecodedPage& page, std::uint32_t index) {
    unsigned count = 0;
    while (!page.xip && count < DecodedPage::kLongestUnseen && index + count < kPageOps) {
        const Operation operation = page.ops[index + count].operation;
        if (!kUnseen[static_cast<std::size_t>(operation)]) break;
        ++count;
        if (operation >= Operation::b_near) break;  // who knows where it goes
    }
    const unsigned access = count == 0 && index < kPageOps ? word_access(page.ops[index].operation) : 0;
    return page.unseen[index] = static_cast<std::uint8_t>((count + 1) | access);
}

/// Whether the word access `op` of a kind is one of data in SRAM.
inline bool in_data(const Cpu& c, const Op& op, unsigned kind) {
    const std::uint32_t address = (kind & kAddress) == kImmediate   ? c.r[op.rn] + op.imm
                                  : (kind & kAddress) == kRegisters ? c.r[op.rn] + c.r[op.rm]
                                  : (kind & kAddress) == kStack     ? c.r[13] + op.imm
                                                                    : op.imm;
    const std::uint32_t offset = address - kSramBase;
    return (address & 3) == 0 && offset < kSramSize &&
           ((kind & kStore) == 0 || c.sram_code_map[offset / kCodeBlock] == 0);
}

}  // namespace pair

void Cpu::choose_handlers() {
    const bool watched = page->watched || page == unmapped_.get();
    pair_handlers = (watched ? pair::kAlone : page->xip ? pair::kCached : pair::kPaired).data();
}

/// Cycles that pass, at least, before it comes to an instruction that others can see, beside loads and stores of data
/// in SRAM: these wait for their turn, but nobody can see from them when they happen.
inline Cycles Cpu::unseen_cycles() const {
    if (pair_handlers != pair::kPaired.data()) return 0;  // in flash, or watched
    const auto index = static_cast<std::uint32_t>(op - page->ops.data());
    const auto known = [this](std::uint32_t at) {
        const unsigned unseen = page->unseen[at];
        return unseen != 0 ? unseen : pair::find_unseen(*page, at);
    };
    const unsigned here = known(index), count = (here & pair::kCount) - 1, kind = here & ~pair::kCount;
    if (count != 0 || kind == 0 || !pair::in_data(*this, *op, kind)) return count;
    return timing::kLoadStore + (known(index + 1) & pair::kCount) - 1;
}

/// For the core that comes first; before the end of the run.
inline void Cpu::begin_turn() {
    crossbar_.begin_turns(cycles);
    const Cycles end = std::min(pair->end, crossbar_.turns_end()), others = peer->cycles;
    seen_deadline = std::min(end, others + yields_at_);
    // What it does ahead may begin later than it seems now: by a cycle for each access, one a cycle, that it has to
    // leave to the other core. It must come before `unseen` all the same, so half of the way is safe.
    const Cycles unseen = std::min(peer->unseen_cycles(), end - std::min(end, others));
    deadline = std::min(end, others + std::max(yields_at_, (unseen + 1) / 2));
    pair->current = this;
}

void Cpu::execute_next() {
    const Op* const at = op;
    const auto index = static_cast<std::uint32_t>(at - page->ops.data());
    if (index >= kPageOps) {  // leads into the next page
        at->handler(*this, at, cycles, nz, carry, overflow);
        return;
    }
    if (at->operation == Operation::undecoded && page != unmapped_.get()) code.decode_op(*page, index);
    execute_one(at);
}

void Cpu::run_pair(Cpu*& current, Cycles limit) {
    Scheduler& events = current->fabric_.events();
    Pair run{events, limit, current};
    for (Cpu* c : {current, current->peer}) {
        c->pair = &run;
        c->limit_ = 0;
        c->yielded_ = false;
        c->choose_handlers();
    }
    while (true) {
        Cpu &c = *current, &other = *c.peer;
        c.end_turns();
        pay_owed(c, other);
        if (!c.simple() || !other.simple() || c.yielded_ || c.crossbar_.counting()) {
            c.stop_polling();  // the other core's flash accesses since its last round are none of its own
            return c.run(c.yielded_ ? 0 : std::min(limit, other.cycles + (c.core_ == 0 ? 1 : 0)));
        }
        run.end = std::min(limit, events.next());
        Cpu& first = c.comes_first() ? c : other;
        if (first.cycles >= run.end) return;
        current = &first;
        first.choose_handlers();
        first.begin_turn();
        pair::next_handler(first)(ARGS_OF(first));
    }
}

}  // namespace rp2040
