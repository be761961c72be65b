#include "cpu/polling.hpp"

#include <cstdint>

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

}  // namespace

bool polls(const Op* first, const Op* branch) {
    if (branch - first > kLongestPoll) return false;
    std::uint32_t changed = 0, known = 0;
    for (const Op* op = first; op != branch; ++op) {
        const Effect effect = effect_of(*op);
        if (!effect.pure) return false;
        changed |= effect.writes;
    }
    for (const Op* op = first; op != branch; ++op) {
        const Effect effect = effect_of(*op);
        if ((effect.reads & changed & ~known) != 0) return false;
        known |= effect.writes;
    }
    const bool always = branch->rd == kAlways;
    return always || (kNzcv & changed & ~known) == 0;
}

}  // namespace rp2040
