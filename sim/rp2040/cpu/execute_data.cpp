// Data processing instructions (Arm ARM A6.7). One handler per operation, in the table's order.
#include <bit>

#include "cpu/execute.hpp"
#include "cpu/execute_ops.hpp"

namespace rp2040 {

using timing::kAlu;

// ---------------------------------------------------------------------------------------------- shift by immediate

void op_lsl_imm0(OP_PARAMS) {  // MOVS Rd, Rm
    nz = c.r[op->rd] = c.r[op->rm];
    NEXT(kAlu);
}

void op_lsl_imm(OP_PARAMS) {
    const std::uint32_t m = c.r[op->rm];
    carry = m >> (32 - op->imm) & 1;
    nz = c.r[op->rd] = m << op->imm;
    NEXT(kAlu);
}

void op_lsr_imm(OP_PARAMS) {  // 1..32
    const std::uint32_t m = c.r[op->rm];
    carry = m >> (op->imm - 1) & 1;
    nz = c.r[op->rd] = static_cast<std::uint32_t>(std::uint64_t{m} >> op->imm);
    NEXT(kAlu);
}

void op_asr_imm(OP_PARAMS) {  // 1..32
    const auto m = static_cast<std::int32_t>(c.r[op->rm]);
    carry = static_cast<std::uint32_t>(m >> (op->imm - 1)) & 1;
    nz = c.r[op->rd] = static_cast<std::uint32_t>(std::int64_t{m} >> op->imm);
    NEXT(kAlu);
}

// ---------------------------------------------------------------------------------------------- add, subtract, compare

void op_add_reg(OP_PARAMS) {
    c.r[op->rd] = add_with_carry(c.r[op->rn], c.r[op->rm], 0, nz, carry, overflow);
    NEXT(kAlu);
}

void op_sub_reg(OP_PARAMS) {
    c.r[op->rd] = subtract(c.r[op->rn], c.r[op->rm], nz, carry, overflow);
    NEXT(kAlu);
}

void op_add_imm3(OP_PARAMS) {
    c.r[op->rd] = add_with_carry(c.r[op->rn], op->imm, 0, nz, carry, overflow);
    NEXT(kAlu);
}

void op_sub_imm3(OP_PARAMS) {
    c.r[op->rd] = subtract(c.r[op->rn], op->imm, nz, carry, overflow);
    NEXT(kAlu);
}

void op_mov_imm(OP_PARAMS) {
    nz = c.r[op->rd] = op->imm;
    NEXT(kAlu);
}

void op_cmp_imm(OP_PARAMS) {
    subtract(c.r[op->rn], op->imm, nz, carry, overflow);
    NEXT(kAlu);
}

void op_add_imm8(OP_PARAMS) {
    c.r[op->rd] = add_with_carry(c.r[op->rd], op->imm, 0, nz, carry, overflow);
    NEXT(kAlu);
}

void op_sub_imm8(OP_PARAMS) {
    c.r[op->rd] = subtract(c.r[op->rd], op->imm, nz, carry, overflow);
    NEXT(kAlu);
}

// ---------------------------------------------------------------------------------------------- register data
// processing

void op_and_reg(OP_PARAMS) {
    nz = c.r[op->rd] &= c.r[op->rm];
    NEXT(kAlu);
}

void op_eor_reg(OP_PARAMS) {
    nz = c.r[op->rd] ^= c.r[op->rm];
    NEXT(kAlu);
}

// Shifts by register use the low byte; 0 leaves the carry, more than 32 shifts everything out (Shift_C, A2.2.1).

void op_lsl_reg(OP_PARAMS) {
    const std::uint32_t d = c.r[op->rd], n = c.r[op->rm] & 0xff;
    std::uint32_t result = d;
    if (n != 0) {
        carry = n <= 32 ? static_cast<std::uint32_t>(std::uint64_t{d} << n >> 32) & 1 : 0;
        result = n < 32 ? d << n : 0;
    }
    nz = c.r[op->rd] = result;
    NEXT(kAlu);
}

void op_lsr_reg(OP_PARAMS) {
    const std::uint32_t d = c.r[op->rd], n = c.r[op->rm] & 0xff;
    std::uint32_t result = d;
    if (n != 0) {
        carry = n <= 32 ? d >> (n - 1) & 1 : 0;
        result = n < 32 ? d >> n : 0;
    }
    nz = c.r[op->rd] = result;
    NEXT(kAlu);
}

void op_asr_reg(OP_PARAMS) {
    const auto d = static_cast<std::int32_t>(c.r[op->rd]);
    const std::uint32_t n = c.r[op->rm] & 0xff;
    std::int32_t result = d;
    if (n != 0) {
        carry = static_cast<std::uint32_t>(n <= 32 ? d >> (n - 1) : d >> 31) & 1;
        result = n < 32 ? d >> n : d >> 31;
    }
    nz = c.r[op->rd] = static_cast<std::uint32_t>(result);
    NEXT(kAlu);
}

void op_ror_reg(OP_PARAMS) {
    const std::uint32_t n = c.r[op->rm] & 0xff;
    const std::uint32_t result = std::rotr(c.r[op->rd], static_cast<int>(n & 31));
    if (n != 0) carry = result >> 31;
    nz = c.r[op->rd] = result;
    NEXT(kAlu);
}

void op_adc_reg(OP_PARAMS) {
    c.r[op->rd] = add_with_carry(c.r[op->rd], c.r[op->rm], carry, nz, carry, overflow);
    NEXT(kAlu);
}

void op_sbc_reg(OP_PARAMS) {
    c.r[op->rd] = add_with_carry(c.r[op->rd], ~c.r[op->rm], carry, nz, carry, overflow);
    NEXT(kAlu);
}

void op_tst_reg(OP_PARAMS) {
    nz = c.r[op->rn] & c.r[op->rm];
    NEXT(kAlu);
}

void op_rsb_imm(OP_PARAMS) {
    c.r[op->rd] = subtract(0, c.r[op->rn], nz, carry, overflow);
    NEXT(kAlu);
}

void op_cmp_reg(OP_PARAMS) {
    subtract(c.r[op->rn], c.r[op->rm], nz, carry, overflow);
    NEXT(kAlu);
}

void op_cmn_reg(OP_PARAMS) {
    add_with_carry(c.r[op->rn], c.r[op->rm], 0, nz, carry, overflow);
    NEXT(kAlu);
}

void op_orr_reg(OP_PARAMS) {
    nz = c.r[op->rd] |= c.r[op->rm];
    NEXT(kAlu);
}

void op_mul_reg(OP_PARAMS) {
    nz = c.r[op->rd] *= c.r[op->rm];
    NEXT(timing::kMultiply);
}

void op_bic_reg(OP_PARAMS) {
    nz = c.r[op->rd] &= ~c.r[op->rm];
    NEXT(kAlu);
}

void op_mvn_reg(OP_PARAMS) {
    nz = c.r[op->rd] = ~c.r[op->rm];
    NEXT(kAlu);
}

// ---------------------------------------------------------------------------------------------- high registers, SP, PC

void op_add_hi(OP_PARAMS) {
    const std::uint32_t result = c.r[op->rd] + c.r[op->rm];
    c.r[op->rd] = op->rd == 13 ? result & ~3u : result;
    NEXT(kAlu);
}

void op_add_const(OP_PARAMS) {  // ADD Rd, PC
    const std::uint32_t result = c.r[op->rd] + op->imm;
    c.r[op->rd] = op->rd == 13 ? result & ~3u : result;
    NEXT(kAlu);
}

void op_cmp_hi(OP_PARAMS) {
    subtract(c.r[op->rn], c.r[op->rm], nz, carry, overflow);
    NEXT(kAlu);
}

void op_cmp_pc(OP_PARAMS) {  // UNPREDICTABLE; PC reads as usual
    const std::uint32_t n = op->rn == 15 ? op->imm : c.r[op->rn], m = op->rm == 15 ? op->imm : c.r[op->rm];
    subtract(n, m, nz, carry, overflow);
    NEXT(kAlu);
}

void op_mov_hi(OP_PARAMS) {
    c.r[op->rd] = c.r[op->rm];
    NEXT(kAlu);
}

void op_mov_sp(OP_PARAMS) {
    c.r[13] = (op->rm == 15 ? op->imm : c.r[op->rm]) & ~3u;
    NEXT(kAlu);
}

void op_mov_const(OP_PARAMS) {  // ADR, MOV Rd, PC
    c.r[op->rd] = op->rd == 13 ? op->imm & ~3u : op->imm;
    NEXT(kAlu);
}

void op_adr(OP_PARAMS) { TAIL_RETURN op_mov_const(OP_ARGS); }

void op_add_sp_imm(OP_PARAMS) {
    c.r[op->rd] = c.r[13] + op->imm;
    NEXT(kAlu);
}

void op_add_sp(OP_PARAMS) {
    c.r[13] += op->imm;
    NEXT(kAlu);
}

void op_sub_sp(OP_PARAMS) {
    c.r[13] -= op->imm;
    NEXT(kAlu);
}

// ---------------------------------------------------------------------------------------------- extend, reverse

void op_sxth(OP_PARAMS) {
    c.r[op->rd] = static_cast<std::uint32_t>(static_cast<std::int16_t>(c.r[op->rm]));
    NEXT(kAlu);
}

void op_sxtb(OP_PARAMS) {
    c.r[op->rd] = static_cast<std::uint32_t>(static_cast<std::int8_t>(c.r[op->rm]));
    NEXT(kAlu);
}

void op_uxth(OP_PARAMS) {
    c.r[op->rd] = c.r[op->rm] & 0xffff;
    NEXT(kAlu);
}

void op_uxtb(OP_PARAMS) {
    c.r[op->rd] = c.r[op->rm] & 0xff;
    NEXT(kAlu);
}

void op_rev(OP_PARAMS) {
    c.r[op->rd] = __builtin_bswap32(c.r[op->rm]);
    NEXT(kAlu);
}

void op_rev16(OP_PARAMS) {
    c.r[op->rd] = std::rotr(__builtin_bswap32(c.r[op->rm]), 16);
    NEXT(kAlu);
}

void op_revsh(OP_PARAMS) {
    const auto low = static_cast<std::uint16_t>(c.r[op->rm]);
    c.r[op->rd] = static_cast<std::uint32_t>(static_cast<std::int16_t>(__builtin_bswap16(low)));
    NEXT(kAlu);
}

}  // namespace rp2040
