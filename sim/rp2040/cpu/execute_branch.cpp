// Branches, system instructions, and the handlers that are no instruction (Arm ARM A6.7, B5.2).
#include "bus/xip.hpp"
#include "cpu/execute.hpp"
#include "cpu/execute_ops.hpp"
#include "cpu/polling.hpp"

namespace rp2040 {

using timing::kAlu;
using timing::kBranchNotTaken;
using timing::kBranchTaken;

const std::array<Handler, static_cast<std::size_t>(Operation::count)> kHandlers = {
#define X(name) &op_##name,
    RP2040_OPERATIONS(X)
#undef X
};

#include "cpu/execute_near.inc"

// ---------------------------------------------------------------------------------------------- branches

void op_poll_near(OP_PARAMS) {
    if (op->rd != kAlways && !passed(op->rd, nz, carry, overflow)) {
        c.stop_polling();
        NEXT(kBranchNotTaken);
    }
    const Op* const first = op + static_cast<std::int32_t>(op->imm);
    cycles = c.poll(first, op, cycles + kBranchTaken);
    op = first;
    DISPATCH();
}

namespace {

/// In flash, a target in the middle of a word of the same page whose word the XIP cache has; else null.
[[gnu::always_inline]] inline const Op* cached_target(Cpu& c, std::uint32_t target) {
    const DecodedPage& page = *c.page;
    const std::uint32_t offset = target - page.base;
    if (!page.xip || offset >= kPageBytes || !c.xip.hit(page.lines + offset / kXipLineBytes, offset)) return nullptr;
    return &page.ops[offset / 2];
}

/// Apart, so that the frequent ones have no frame on the host's stack.
[[gnu::noinline]] void branch_far(OP_PARAMS) {
    c.cycles = cycles;
    c.jump(op->imm);
    RESUME();
}

}  // namespace

void op_b(OP_PARAMS) {
    cycles += kBranchTaken;
    const Op* const to = cached_target(c, op->imm);
    if (to == nullptr) TAIL_RETURN branch_far(OP_ARGS);
    op = to;
    DISPATCH();
}

void op_b_cond(OP_PARAMS) {
    if (!passed(op->rd, nz, carry, overflow)) NEXT(kBranchNotTaken);
    TAIL_RETURN op_b(OP_ARGS);
}

void op_poll_flash(OP_PARAMS) {
    if (op->rd == kAlways || passed(op->rd, nz, carry, overflow)) {
        if (const Op* first = cached_target(c, op->imm)) {
            cycles = c.poll(first, op, cycles + kBranchTaken);
            op = first;
            DISPATCH();
        }
        c.stop_polling();
        TAIL_RETURN op_b(OP_ARGS);
    }
    c.stop_polling();
    NEXT(kBranchNotTaken);
}

void op_bl(OP_PARAMS) {
    const std::uint32_t from = c.address_of(op);
    c.r[14] = (from + 4) | 1;
    c.cycles = cycles;
    c.record(from, op->imm);
    cycles += timing::kBranchLink;
    const Op* const to = cached_target(c, op->imm);
    if (to == nullptr) TAIL_RETURN branch_far(OP_ARGS);
    op = to;
    DISPATCH();
}

void op_bx(OP_PARAMS) {
    SPILL();
    c.cycles += timing::kBranchExchange;
    c.jump_exchange(op->rm == 15 ? c.address_of(op) + 4 : c.r[op->rm]);
    nz = c.nz;
    carry = c.carry;
    overflow = c.overflow;
    RESUME();
}

void op_blx(OP_PARAMS) {
    SPILL();
    const std::uint32_t target = op->rm == 15 ? c.address_of(op) + 4 : c.r[op->rm];
    c.r[14] = op->imm;
    c.cycles += timing::kBranchExchange;
    c.jump_exchange(target);
    nz = c.nz;
    carry = c.carry;
    overflow = c.overflow;
    RESUME();
}

void op_mov_pc(OP_PARAMS) {  // BranchWritePC: bit 0 is ignored
    c.cycles = cycles + timing::kPcWrite;
    c.jump(op->rm == 15 ? op->imm : c.r[op->rm]);
    RESUME();
}

void op_add_pc(OP_PARAMS) {
    const std::uint32_t pc = c.address_of(op) + 4;
    c.cycles = cycles + timing::kPcWrite;
    c.jump(pc + (op->rm == 15 ? pc : c.r[op->rm]));
    RESUME();
}

// ---------------------------------------------------------------------------------------------- system

void op_barrier(OP_PARAMS) { NEXT_WIDE(timing::kSystem); }

void op_sev(OP_PARAMS) {
    c.spill(op + 1, cycles + kAlu, nz, carry, overflow);
    c.send_event();
    RESUME();
}

void op_wfi(OP_PARAMS) {
    c.spill(op + 1, cycles + timing::kWait, nz, carry, overflow);
    c.wait_for_interrupt();
}

void op_wfe(OP_PARAMS) {
    c.spill(op + 1, cycles + timing::kWait, nz, carry, overflow);
    c.wait_for_event();
}

void op_cps(OP_PARAMS) {
    c.spill(op + 1, cycles + kAlu, nz, carry, overflow);
    c.set_primask(op->imm != 0);
}

void op_mrs(OP_PARAMS) {
    SPILL();
    c.r[op->rd] = c.read_special(op->imm);
    NEXT_WIDE(timing::kSystem);
}

void op_msr(OP_PARAMS) {
    const std::uint32_t data = c.r[op->rn];
    c.spill(op + 2, cycles + timing::kSystem, nz, carry, overflow);
    c.write_special(op->imm, data);
}

void op_svc(OP_PARAMS) {
    c.spill(op + 1, cycles, nz, carry, overflow);
    c.supervisor_call();
}

void op_bkpt(OP_PARAMS) {
    SPILL();
    c.breakpoint_instruction();
}

void op_udf(OP_PARAMS) {
    SPILL();
    c.hard_fault(FaultCause::undefined_instruction);
}

// ---------------------------------------------------------------------------------------------- no instructions

void op_undecoded(OP_PARAMS) {
    const auto index = static_cast<std::uint32_t>(op - c.page->ops.data());
    c.code.decode_op(*c.page, index);
    TAIL_RETURN op->handler(OP_ARGS);
}

void op_next_page(OP_PARAMS) {
    SPILL();
    c.jump(c.address_of(op));
    RESUME();
}

namespace {

/// The word that an instruction begins, or ends in, is to be fetched.
[[gnu::always_inline]] inline void fetch_word(OP_PARAMS) {
    SPILL();  // a miss may be what stops the run
    cycles += c.xip.fetch((c.address_of(op) + 2) & ~3u, cycles, c.master());
    TAIL_RETURN kHandlers[static_cast<std::size_t>(op->operation)](OP_ARGS);
}

}  // namespace

void op_cached(OP_PARAMS) {
    c.xip.repeat_hits(1);
    TAIL_RETURN kHandlers[static_cast<std::size_t>(op->operation)](OP_ARGS);
}

// These are for what a debugger or coverage looks at as well, whether the cache has the word or not.

void op_fetch(OP_PARAMS) { TAIL_RETURN fetch_word(OP_ARGS); }

void op_fetch_second(OP_PARAMS) { TAIL_RETURN fetch_word(OP_ARGS); }

namespace {

/// Executes an op in flash or elsewhere as it would be without a hook.
[[gnu::always_inline]] inline void fetch_and_execute(OP_PARAMS) {
    if (c.page->xip && (c.address_of(op) & 2) == 0) TAIL_RETURN op_fetch(OP_ARGS);
    if (c.page->xip && is_wide(op->operation)) TAIL_RETURN op_fetch_second(OP_ARGS);
    TAIL_RETURN kHandlers[static_cast<std::size_t>(op->operation)](OP_ARGS);
}

}  // namespace

void op_hook(OP_PARAMS) {
    SPILL();
    if (c.hook()) return;
    if (c.page->coverage != nullptr && is_conditional(op->operation)) TAIL_RETURN op_covered_branch(OP_ARGS);
    TAIL_RETURN fetch_and_execute(OP_ARGS);
}

void op_covered_branch(OP_PARAMS) {
    const auto index = static_cast<std::uint32_t>(op - c.page->ops.data());
    std::uint8_t& flags = c.page->coverage[index];
    flags |= passed(op->rd, nz, carry, overflow) ? Coverage::taken : Coverage::not_taken;
    if ((flags & Coverage::kBothWays) == Coverage::kBothWays)
        c.page->ops[index].handler = c.code.handler_for(*c.page, index, false);
    TAIL_RETURN fetch_and_execute(OP_ARGS);
}

void op_fetch_fault(OP_PARAMS) {
    SPILL();
    c.hard_fault(FaultCause::fetch);
}

}  // namespace rp2040
