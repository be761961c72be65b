// Product and quotient in double precision, rounded to nearest even: see double_sum.S.
    .include "macros.S"
    .text

// a * b and a / b begin with all registers stacked, a and b at sp. r4, r5: exponents of a and b, which are neither zero
// nor infinite; bit 31 of r12: sign, of r6: one. lr is lost.
    .macro double_operands zero_a, zero_b, infinite_a, infinite_b
    movs r4, r1
    eors r4, r3
    mov r12, r4
    asrs r5, r6, #10
    mov lr, r5                      // upper word of twice an infinity
    lsls r4, r1, #1
    cmp r4, lr
    bhs \infinite_a
    lsrs r4, #21
    beq \zero_a
    lsls r5, r3, #1
    cmp r5, lr
    bhs \infinite_b
    lsrs r5, #21
    beq \zero_b
    .endm

// \high:r0, below it one in bit 31 of r6: significand with its leading one in bit 63.
    .macro significand_upper high, low, t
    lsls \high, #11
    lsrs \t, \low, #21
    orrs \high, \t
    orrs \high, r6
    .endm

// Sign, exponent less one (r4) and r1:r0 with its leading one in bit 52 (or 53 by rounding) make the result.
    .macro double_finish outside
    ldr r6, =2046
    cmp r4, r6
    bhs \outside
    lsls r4, #20
    adds r1, r4
    mov r4, r12
    lsrs r4, #31
    lsls r4, #31
    orrs r1, r4
    add sp, #16
    pop {r4-r7, pc}
    .endm

// What is not ordinary.
dmul_zero_a:
    lsls r5, r3, #1
    cmp r5, lr
    bhs double_infinity
dmul_zero_b:
    spend 114, r5
double_zero:
    movs r4, #0
double_special:
    movs r0, #0
    mov r1, r12
    lsrs r1, #31
    lsls r1, #31
    orrs r1, r4
    add sp, #16
    pop {r4-r7, pc}
double_out_of_range:
    cmp r4, #0
    bge double_infinity
    adds r4, #1
    bne double_zero
    lsrs r4, r1, #21                // 2^-1022 if all ones have been rounded up
    lsls r4, #20
    b double_special
double_infinity:
    ldr r4, =0x7ff00000
    b double_special

// a * b. The upper 64 bits of the product of 64-bit significands, at most 14 units too small, show the rounding but for
// one in 128; there the product's lower bits decide.
rom_function rom_dmul
    push {r0-r7, lr}
    movs r6, #1
    lsls r6, #31
    double_operands dmul_zero_a, dmul_zero_b, double_infinity, double_infinity
    adds r7, r4, r5
    significand_upper r1, r0, r4
    significand_upper r3, r2, r5
    lsls r0, #11
    lsls r2, #11
    mov lr, r1
    lsrs r4, r0, #16                // a0 b1
    uxth r0, r0
    uxth r5, r3
    lsrs r6, r3, #16
    muls r0, r6
    muls r5, r4
    muls r4, r6
    lsrs r0, #16
    lsrs r5, #16
    adds r4, r0
    adds r4, r5
    lsrs r5, r1, #16                // a1 b0
    uxth r1, r1
    uxth r0, r2
    lsrs r2, #16
    muls r1, r2
    muls r0, r5
    muls r5, r2
    lsrs r1, #16
    lsrs r0, #16
    adds r5, r1
    adds r5, r0
    mov r2, lr
    umull r0, r1, r2, r3, r6
    movs r3, #0
    adds r0, r4
    adcs r1, r3
    adds r0, r5
    adcs r1, r3
    ldr r4, =1023
    subs r4, r7, r4
    mov lr, r4                      // exponent less one if the product is 2 or more
    movs r7, #0
    cmp r1, #0
    bmi 1f
    adds r0, r0
    adcs r1, r1
    subs r4, #1
1:  ldr r6, =1024 + 15
    adds r0, r6
    adcs r1, r7
    adcs r7, r7
    lsls r7, #21
    lsls r6, r0, #21
    lsrs r6, #25
    beq dmul_open
    double_drop 11, r6
    adds r1, r7
    spend 27, r6
dmul_finish:
    double_finish double_out_of_range

// The product is at or next to the middle between r7:r1:r0 / 2^11, rounded down, and the number below.
dmul_open:
    double_drop 11, r6
    adds r1, r7
    push {r0, r1, r4}
    lsls r7, r0, #1
    subs r7, #1
    lsls r7, #19                    // upper word of the middle, scaled by 2^104 and modulo 2^64
    cmp r4, lr
    bne 1f
    adds r7, r7
1:  add r5, sp, #12
    ldm r5!, {r0-r3}
    lsls r1, #12
    lsrs r1, #12
    movs r4, #1
    lsls r4, #20
    orrs r1, r4
    bl multiply_low
    subs r1, r7
    asrs r7, r1, #31                // -1: the product is below
    orrs r1, r0
    pop {r0, r1, r4}
    bne dmul_decide
    lsls r7, r0, #31                // a tie
    asrs r7, #31
dmul_decide:
    adds r0, r7
    adcs r1, r7
    b dmul_finish
    .ltorg

// r1:r0 = r1:r0 * b modulo 2^64 for the significand b of the double r3:r2; r2-r6 are lost.
multiply_low:
    lsls r3, #11
    lsrs r3, #11
    movs r6, #1
    lsls r6, #20
    orrs r3, r6
    muls r1, r2
    muls r3, r0
    adds r1, r3
    umull r3, r4, r0, r2, r6
    adds r1, r4
    movs r0, r3
    bx lr

ddiv_zero_a:
    lsls r5, r3, #1
    lsrs r5, #21
    beq ddiv_zero_b
    spend 134, r5
ddiv_zero:
    b double_zero
ddiv_zero_b:
    spend 120, r5
ddiv_infinity:
    b double_infinity

// a / b. The SIO's divider (the SDK saves its state around this call) gives 16 bits of 1 / b while exponents are seen
// to; a Newton step makes it 30, two digits of about 30 bits make the quotient, at most 5.5 units of 2^-59 too small and
// 2.5 too large. Only where that leaves the rounding open, one in eight, does the remainder decide.
rom_function rom_ddiv
    push {r0-r7, lr}
    movs r6, #1
    lsls r6, #31
    lsls r4, r3, #11
    orrs r4, r6
    lsrs r4, #15                    // d, 17 bits
    movs r7, #0xd0
    lsls r7, #24                    // SIO
    str r4, [r7, #0x64]
    asrs r5, r6, #31
    str r5, [r7, #0x60]
    double_operands ddiv_zero_a, ddiv_zero_b, ddiv_infinity, ddiv_zero
    subs r4, r5
    ldr r5, =1022
    adds r4, r5
    mov lr, r4                      // exponent less one if a >= b
    ldr r5, [r7, #0x70]             // r = 2^47 / d
    significand_upper r3, r2, r4
    lsrs r4, r3, #16
    uxth r7, r3
    muls r4, r5
    muls r7, r5
    lsrs r7, #16
    adds r4, r7                     // 2^31 (1 + e) = r d / 2^16, e in -2^-15..2^-16
    lsls r4, #1
    asrs r4, #1
    muls r4, r5                     // in 32 bits: the larger r, the smaller e
    asrs r4, #15
    lsls r5, #16
    subs r5, r4                     // r = 2^63 / d, from -2^-30 to 2^-30.4 off
    lsls r7, r1, #31                // r7:r0: a, scaled by 2^83, modulo 2^64
    lsrs r4, r0, #1
    orrs r7, r4
    significand_upper r1, r0, r4
    lsls r0, #31
    lsrs r4, r5, #16                // q = a r / 2^32, from 0 to 15 / d units of 2^-31 short
    lsrs r6, r1, #16
    uxth r1, r1
    uxth r2, r5
    muls r1, r4
    muls r2, r6
    muls r6, r4
    lsrs r1, #1
    lsrs r2, #1
    adds r1, r2
    lsrs r1, #15
    adds r6, r1
    subs r6, #3
    str r6, [sp, #4]
    ldr r2, [sp, #8]
    lsrs r3, #11                    // r3:r2: d, scaled by 2^52
    movs r1, r6
    muls r1, r3
    subs r7, r1
    lsrs r3, r2, #16
    uxth r2, r2
    lsrs r1, r6, #16
    uxth r6, r6
    movs r4, r6
    muls r4, r2
    subs r0, r4
    movs r4, r1
    muls r4, r3
    sbcs r7, r4
    muls r6, r3
    muls r1, r2
    adds r6, r1
    movs r3, #0
    adcs r3, r3
    lsls r3, #16
    subs r7, r3
    lsls r4, r6, #16
    lsrs r6, #16
    subs r0, r4
    sbcs r7, r6
ddiv_remainder:                     // r7:r0: a - q d, hardly ever not in 0..2^-27
    lsrs r4, r7, #24
    bne ddiv_step
    lsls r7, #8
    lsrs r0, #24
    orrs r7, r0                     // scaled by 2^59
    lsrs r4, r5, #16
    uxth r5, r5
    lsrs r6, r7, #16
    uxth r7, r7
    muls r7, r4
    muls r5, r6
    muls r6, r4
    lsrs r7, #16
    lsrs r5, #16
    adds r6, r7
    adds r6, r5
    ldr r1, [sp, #4]
    lsls r0, r1, #28
    lsrs r1, #4
    movs r7, #0
    adds r0, r6
    adcs r1, r7                     // quotient, scaled by 2^59
    mov r4, lr
    lsrs r6, r1, #27
    bne 1f
    adds r0, r0
    adcs r1, r1
    subs r4, #1
1:  adds r0, #64 + 11
    adcs r1, r7
    lsls r6, r0, #25
    lsrs r6, #29
    beq ddiv_open
    double_drop 7, r6
    spend 12, r6
ddiv_finish:
    double_finish ddiv_out_of_range
ddiv_out_of_range:
    b double_out_of_range

// The first digit is adjusted by four.
ddiv_step:
    ldr r2, [sp, #8]
    ldr r3, [sp, #12]
    movs r6, #1
    lsls r6, #31
    significand_upper r3, r2, r1
    lsrs r3, #9
    lsls r2, #2
    ldr r1, [sp, #4]
    cmp r7, #0
    bmi 1f
    subs r0, r2
    sbcs r7, r3
    adds r1, #4
    b 2f
1:  adds r0, r2
    adcs r7, r3
    subs r1, #4
2:  str r1, [sp, #4]
    b ddiv_remainder

// The quotient is next to the middle between r1:r0 / 2^7, rounded down, and the number below: the sign of a less b times
// that middle.
ddiv_open:
    double_drop 7, r6
    push {r0, r1, r4}
    ldr r7, [sp, #12]
    lsls r7, #21
    cmp r4, lr
    beq 1f
    adds r7, r7
1:  ldr r2, [sp, #12 + 8]
    ldr r3, [sp, #12 + 12]
    movs r4, #0
    adds r0, r0
    adcs r1, r1
    subs r0, #1
    sbcs r1, r4
    bl multiply_low
    rsbs r0, r0, #0
    sbcs r7, r1
    asrs r7, #31                    // -1: the quotient is below
    pop {r0, r1, r4}
    adds r0, r7
    adcs r1, r7
    b ddiv_finish
    .ltorg
