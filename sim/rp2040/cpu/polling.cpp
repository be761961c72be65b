#include "cpu/polling.hpp"

#include <algorithm>
#include <array>

#include "bus/xip.hpp"
#include "cpu/cpu.hpp"

namespace rp2040 {

namespace {

// A bit per register, then the flags, C and V apart because some instructions leave them.
constexpr std::uint32_t kNz = 1u << 16, kC = 1u << 17, kV = 1u << 18, kNzc = kNz | kC, kNzcv = kNzc | kV;
constexpr std::uint32_t kSp = 1u << 13;

struct Effect {
    bool pure;  ///< Nothing but registers and flags change.
    std::uint32_t reads, writes;
};

Effect effect_of(const Op& op) {
    const std::uint32_t d = 1u << op.rd, n = 1u << op.rn, m = 1u << op.rm;
    switch (op.operation) {
        case Operation::nop: return {true, 0, 0};
        case Operation::mov_imm: return {true, 0, d | kNz};
        case Operation::lsl_imm0: return {true, m, d | kNz};
        case Operation::lsl_imm:
        case Operation::lsr_imm:
        case Operation::asr_imm: return {true, m, d | kNzc};
        case Operation::add_reg:
        case Operation::sub_reg: return {true, n | m, d | kNzcv};
        case Operation::add_imm3:
        case Operation::sub_imm3:
        case Operation::rsb_imm: return {true, n, d | kNzcv};
        case Operation::add_imm8:
        case Operation::sub_imm8: return {true, d, d | kNzcv};
        case Operation::cmp_imm: return {true, n, kNzcv};
        case Operation::cmp_reg:
        case Operation::cmp_hi:
        case Operation::cmn_reg: return {true, n | m, kNzcv};
        case Operation::tst_reg: return {true, n | m, kNz};
        case Operation::and_reg:
        case Operation::eor_reg:
        case Operation::orr_reg:
        case Operation::bic_reg:
        case Operation::mul_reg: return {true, d | m, d | kNz};
        case Operation::mvn_reg: return {true, m, d | kNz};
        case Operation::mov_hi: return {true, m, d};
        case Operation::mov_const:
        case Operation::adr: return {true, 0, d};
        case Operation::sxth:
        case Operation::sxtb:
        case Operation::uxth:
        case Operation::uxtb:
        case Operation::rev:
        case Operation::rev16:
        case Operation::revsh: return {true, m, d};
        case Operation::ldr_lit: return {true, 0, d};
        case Operation::ldr_sp: return {true, kSp, d};
        case Operation::ldr_imm:
        case Operation::ldrh_imm:
        case Operation::ldrb_imm: return {true, n, d};
        case Operation::ldr_reg:
        case Operation::ldrh_reg:
        case Operation::ldrb_reg:
        case Operation::ldrsh_reg:
        case Operation::ldrsb_reg: return {true, n | m, d};
        default: return {false, 0, 0};
    }
}

/// A branch to an instruction after it, the loop's or any other, or never back into the loop.
bool is_forward(const Op& op) {
    if (op.operation == Operation::b || op.operation == Operation::b_cond) return true;
    const bool near = op.operation >= Operation::b_near && op.operation <= Operation::ble_near;
    return near && static_cast<std::int32_t>(op.imm) > 0;
}

/// `at(n)` is the n-th of `count` instructions.
template <class At>
bool each_round_alike(std::size_t count, const Op& branch, bool forward, At&& at) {
    const auto effect = [&](const Op& op) {
        if (!forward || !is_forward(op)) return effect_of(op);
        const bool always = op.operation == Operation::b || op.operation == Operation::b_near;
        return Effect{true, always ? 0 : kNzcv, 0};
    };
    std::uint32_t changed = 0, known = 0;
    for (std::size_t n = 0; n < count; ++n) {
        const Effect e = effect(at(n));
        if (!e.pure) return false;
        changed |= e.writes;
    }
    for (std::size_t n = 0; n < count; ++n) {
        const Effect e = effect(at(n));
        if ((e.reads & changed & ~known) != 0) return false;
        known |= e.writes;
    }
    return branch.rd == kAlways || (kNzcv & changed & ~known) == 0;
}

}  // namespace

bool polls(const Op* first, const Op* branch) {
    const auto count = static_cast<std::size_t>(branch - first);
    return branch - first <= kLongestPoll &&
           each_round_alike(count, *branch, false, [&](std::size_t n) -> const Op& { return first[n]; });
}

bool polls(std::span<const Op* const> round) {
    return each_round_alike(round.size() - 1, *round.back(), true,
                            [&](std::size_t n) -> const Op& { return *round[n]; });
}

bool may_poll(const Op* first, const Op* branch) {
    const auto count = static_cast<std::size_t>(branch - first);
    return branch - first <= kLongestPoll &&
           each_round_alike(count, *branch, true, [&](std::size_t n) -> const Op& { return first[n]; });
}

Cycles Cpu::poll(const Op* first, const Op* at, Cycles now) {
    const Cycles round = now - poll_.since, until = std::min(deadline, poll_.steady);
    constexpr Cycles kWorthIt = 4;
    const std::uint64_t fetches = xip.accesses() - poll_.fetches;
    if (poll_.at == at && until > now && until - now >= kWorthIt * round && xip.hits() - poll_.hits == fetches) {
        if (at->rm == kBranching) {
            if (poll_patience_ == 0) {  // it may have left the loop on its way: the next round is watched
                watch_round_ = true;
                deadline = 0;
            } else {
                --poll_patience_;
            }
        } else if (std::none_of(first, at, [](const Op& op) { return op.handler == &op_hook; }) && polls(first, at)) {
            now = pass_rounds(now, until, round, fetches);
        }
    }
    poll_ = {at, now, kNever, xip.accesses(), xip.hits()};
    return now;
}

/// Rounds like the last one, from `now` on as far as they are over by `until`: returns their end.
Cycles Cpu::pass_rounds(Cycles now, Cycles until, Cycles round, std::uint64_t fetches) const {
    const Cycles rounds = (until - now) / round;
    xip.repeat_hits(rounds * fetches);
    return now + rounds * round;
}

/// Executes the round that begins now instruction by instruction. If it stays in its loop and is like the next ones,
/// those are passed over.
void Cpu::watch_round() {
    constexpr unsigned kPatience = 64;  // rounds that are not watched after one that was not like the next
    watch_round_ = false;
    poll_patience_ = kPatience;
    const Op *const first = op, *const at = poll_.at;
    if (at == nullptr) return;
    std::array<const Op*, kLongestPoll + 1> path;
    std::size_t executed = 0;
    bool whole = false;
    Cycles steady = kNever;
    const Cycles begin = cycles, end = next_deadline();
    const std::uint64_t accesses = xip.accesses(), hits = xip.hits();
    poll_.steady = kNever;
    {
        const Unchained unchained(*this);
        while (executed < path.size() && cycles < std::min(end, fabric_.events().next()) && simple() && !one_by_one()) {
            const Op* const now = op;
            if (now < first || now > at || now->handler == &op_hook) break;
            path[executed++] = now;
            steady = poll_.steady;
            deadline = 0;
            now->handler(*this, now, cycles, nz, carry, overflow);
            if (now == at) {
                whole = op == first;
                break;
            }
        }
    }
    if (!whole || attention_ || one_by_one()) return;
    const Cycles round = cycles - begin, until = std::min(next_deadline(), steady);
    const std::uint64_t fetches = xip.accesses() - accesses;
    if (until <= cycles || xip.hits() - hits != fetches || !polls({path.data(), executed})) return;
    poll_patience_ = 0;
    cycles = pass_rounds(cycles, until, round, fetches);
}

}  // namespace rp2040
