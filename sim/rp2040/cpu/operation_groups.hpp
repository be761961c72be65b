// The operations that are compiled more than once, by the file that has them.
#pragma once

// clang-format off
/// execute_data.inc
#define RP2040_COMPUTES(X)                                                                                    \
    X(lsl_imm) X(lsr_imm) X(asr_imm) X(add_reg) X(sub_reg) X(add_imm3) X(sub_imm3) X(mov_imm) X(cmp_imm)      \
    X(add_imm8) X(sub_imm8) X(and_reg) X(eor_reg) X(lsl_reg) X(lsr_reg) X(asr_reg) X(adc_reg) X(sbc_reg)      \
    X(ror_reg) X(tst_reg) X(rsb_imm) X(cmp_reg) X(cmn_reg) X(orr_reg) X(mul_reg) X(bic_reg) X(mvn_reg)        \
    X(add_hi) X(cmp_hi) X(mov_hi) X(adr) X(add_sp_imm) X(add_sp) X(sub_sp) X(sxth) X(sxtb) X(uxth) X(uxtb)    \
    X(rev) X(rev16) X(revsh) X(lsl_imm0) X(mov_const) X(add_const) X(mov_sp) X(cmp_pc)
/// execute_near.inc
#define RP2040_NEAR(X)                                                                                        \
    X(nop) X(b_near) X(beq_near) X(bne_near) X(bcs_near) X(bcc_near) X(bmi_near) X(bpl_near) X(bvs_near)      \
    X(bvc_near) X(bhi_near) X(bls_near) X(bge_near) X(blt_near) X(bgt_near) X(ble_near) X(bl_near)
/// execute_single.inc
#define RP2040_SINGLE(X)                                                                                      \
    X(ldr_lit) X(str_reg) X(strh_reg) X(strb_reg) X(ldrsb_reg) X(ldr_reg) X(ldrh_reg) X(ldrb_reg)             \
    X(ldrsh_reg) X(str_imm) X(ldr_imm) X(strb_imm) X(ldrb_imm) X(strh_imm) X(ldrh_imm) X(str_sp) X(ldr_sp)
// clang-format on
