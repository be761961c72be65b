// Double precision arithmetic (datasheet 2.8.3.2): round to nearest even, subnormals read and written as zero, NaN read
// as infinity. A double is in the order upper word, lower word: r1:r0 and r3:r2.
    .include "macros.S"
    .text

// r1:r0 + carry from what is rounded off in \guard (bit 31: one half): to nearest even. \t is lost.
    .macro round_even guard, t
    lsrs \t, r0, #1                 // carry: the last bit of the result
    ldr \t, =0x7fffffff
    adcs \guard, \t                 // carry: round up
    movs \t, #0
    adcs r0, \t
    adcs r1, \t
    .endm

// a - b
rom_function rom_dsub
    mov r12, r4
    movs r4, #1
    lsls r4, #31
    eors r3, r4
    mov r4, r12
// a + b. The significand of the larger stays in place, that of the smaller is shifted right, through a third word.
rom_function rom_dadd
    push {r4-r7, lr}
    lsls r4, r1, #1
    lsls r5, r3, #1
    cmp r4, r5
    bls 9f
1:  lsrs r6, r4, #21                // |a| >= |b| from here
    lsrs r5, #21
    beq 11f
    adds r4, r6, #2                 // 2046 may overflow, 2047 is infinity
    lsrs r4, #11
    bne 12f
    lsrs r4, r1, #20                // sign and exponent of a
    subs r5, r6, r5                 // places to shift b
    movs r6, r1
    eors r6, r3
    mov r12, r6                     // bit 31: the signs differ
    movs r6, #1
    lsls r6, #20
    lsls r1, #12
    lsls r3, #12
    lsrs r1, #12
    lsrs r3, #12
    orrs r1, r6
    orrs r3, r6
    cmp r5, #32
    bhs 7f
    movs r6, #32
    subs r6, r5
    movs r7, r2
    lsls r7, r6
    lsrs r2, r5
    mov lr, r3
    lsls r3, r6
    orrs r2, r3
    mov r3, lr
    lsrs r3, r5
2:  mov r6, r12
    cmp r6, #0
    bmi 4f
    adds r0, r2
    adcs r1, r3
    lsrs r2, r1, #21
    bne 3f
    spend 9
dadd_round:                         // r4: sign and exponent, r1:r0 with leading one in bit 52, r7 below
    round_even r7, r2
    subs r4, #1
    lsls r4, #20
    adds r1, r4
    spend 7
    pop {r4-r7, pc}
3:  movs r2, #1                     // a carry: one place right
    ands r2, r7
    lsrs r7, #1
    orrs r7, r2
    lsls r2, r0, #31
    orrs r7, r2
    lsrs r0, #1
    lsls r2, r1, #31
    orrs r0, r2
    lsrs r1, #1
    adds r4, #1
    b dadd_round
11: b dadd_b_zero
12: b dadd_large
4:  rsbs r7, r7, #0
    sbcs r0, r2
    sbcs r1, r3
    lsrs r2, r1, #20
    beq 5f
    spend 7
    b dadd_round
5:  adds r7, r7                     // one place left
    adcs r0, r0
    adcs r1, r1
    subs r4, #1
    lsrs r2, r1, #20
    beq dadd_normalise
6:  lsls r2, r4, #21                // exponent 0: too small
    beq dadd_underflow
    b dadd_round
9:  beq 8f
10: mov r6, r0                      // exchange a and b
    mov r0, r2
    mov r2, r6
    mov r6, r1
    mov r1, r3
    mov r3, r6
    mov r6, r4
    mov r4, r5
    mov r5, r6
    b 1b
8:  cmp r0, r2
    bhs 1b
    b 10b
7:  subs r5, #32                    // 32 places or more
    cmp r5, #23
    bhs dadd_small
    movs r6, #32
    subs r6, r5
    movs r7, r2
    lsls r7, r6
    subs r7, #1                     // carry: something is lost
    sbcs r7, r7
    adds r7, #1                     // 0 or 1: sticky
    lsrs r2, r5
    orrs r7, r2
    movs r2, r3
    lsls r2, r6
    orrs r7, r2
    movs r2, r3
    lsrs r2, r5
    movs r3, #0
    b 2b
dadd_small:                         // b is less than half of the distance to a's smaller neighbour
    ldr r6, =0x000fffff
    ands r1, r6
    lsls r4, #20
    orrs r1, r4
    spend 24, r6
    pop {r4-r7, pc}
// Cancellation by two places or more: r7 is used up, nothing to round. r5: places.
dadd_normalise:
    movs r5, #0
    cmp r1, #0
    bne 2f
    lsrs r1, r0, #11
    lsls r0, #21
    movs r5, #21
    movs r2, r0
    orrs r2, r1
    beq dadd_zero
2:  lsrs r2, r1, #12
    bne 3f
    lsls r1, #8
    lsrs r2, r0, #24
    orrs r1, r2
    lsls r0, #8
    adds r5, #8
    b 2b
3:  lsrs r2, r1, #20
    bne 4f
    adds r0, r0
    adcs r1, r1
    adds r5, #1
    b 3b
4:  lsls r2, r4, #21
    lsrs r2, #21
    cmp r2, r5
    bls dadd_underflow
    subs r4, r5
    b dadd_round
dadd_underflow:
    lsrs r1, r4, #11
    lsls r1, #31
    movs r0, #0
    pop {r4-r7, pc}
dadd_zero:
    movs r0, #0
    movs r1, #0
    pop {r4-r7, pc}
dadd_b_zero:
    cmp r6, #0
    bne 1f
    ands r1, r3                     // both: -0 only for -0 + -0
    lsrs r1, #31
    lsls r1, #31
    movs r0, #0
    pop {r4-r7, pc}
1:  adds r4, r6, #1
    lsrs r4, #11
    bne dadd_infinite
    pop {r4-r7, pc}
dadd_large:
    adds r4, r6, #1
    lsrs r4, #11
    bne dadd_infinite
    movs r4, #1                     // the same at half the size
    lsls r4, #20
    subs r1, r4
    subs r3, r4
    bl rom_dadd
    lsls r4, r1, #1
    lsrs r4, #21
    beq 2f
    adds r4, #2
    lsrs r4, #11
    bne dadd_infinite
    movs r4, #1
    lsls r4, #20
    adds r1, r4
2:  pop {r4-r7, pc}
dadd_infinite:
    lsrs r1, #31
    lsls r1, #31
    ldr r4, =0x7ff00000
    orrs r1, r4
    movs r0, #0
    pop {r4-r7, pc}
    .ltorg

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

// r1:r0 / 2^\places, rounded down.
    .macro double_drop places, t
    lsrs r0, #\places
    lsls \t, r1, #32 - \places
    orrs r0, \t
    lsrs r1, #\places
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
    double_operands dmul_zero_a, double_zero, double_infinity, double_infinity
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
    beq ddiv_infinity
ddiv_zero:
    b double_zero
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
    double_operands ddiv_zero_a, ddiv_infinity, ddiv_infinity, ddiv_zero
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

// Square root: 12 bits of the reciprocal root y from a table and a Newton step, the root to 31 bits by it, y to 25 bits
// by the root, and by both another digit, at most 9 units of 2^-59 too small and 7 too large. Where that leaves the
// rounding open, one in four, the remainder decides.
7:  lsrs r1, #31
    lsls r1, #31
    movs r0, #0
    bx lr
8:  ldr r1, =0xfff00000
    movs r0, #0
    bx lr
9:  ldr r1, =0x7ff00000
    movs r0, #0
    bx lr
rom_function rom_dsqrt
    lsls r2, r1, #1
    lsrs r2, #21
    beq 7b
    cmp r1, #0
    bmi 8b
    adds r3, r2, #1
    lsrs r3, #11
    bne 9b
    push {r4-r6, lr}
    movs r4, #1
    lsls r4, #31
    lsls r1, #11
    orrs r1, r4
    lsrs r5, r0, #21
    orrs r1, r5
    lsls r0, #11
    lsrs r4, r2, #1                 // no carry: an odd power of two
    bcc 1f
    lsrs r0, #1
    lsls r5, r1, #31
    orrs r0, r5
    lsrs r1, #1
1:  ldr r4, =1021                   // x = r1:r0 / 2^62 in 1..4
    adds r4, r2
    lsrs r4, #1
    lsls r4, #20
    mov lr, r4                      // exponent less one
    mov r12, r0
    lsrs r2, r1, #25
    ldr r3, =reciprocal_roots - 32
    ldrb r2, [r3, r2]
    movs r3, r2
    muls r3, r2
    lsrs r4, r1, #16
    muls r3, r4
    movs r5, #3
    lsls r5, #30
    subs r5, r3
    lsrs r5, #8
    muls r2, r5
    lsrs r2, #14
    adds r2, #1
    lsrs r2, #1                     // y, scaled by 2^16
    muls r4, r2
    lsrs r4, #15                    // s = x y, scaled by 2^15
    movs r3, r4
    muls r3, r3
    subs r3, r1, r3
    asrs r3, #6
    muls r3, r2
    asrs r3, #16
    lsls r4, #10
    adds r4, r3                     // s + (x - s^2) y / 2, scaled by 2^25
    lsls r3, r1, #20
    lsrs r5, r0, #12
    orrs r3, r5
    movs r5, r4
    muls r5, r5
    subs r3, r5                     // modulo 2^32
    asrs r3, #14
    muls r3, r2
    asrs r3, #22
    lsls r4, #6
    adds r4, r3
    subs r4, #1                     // once more, scaled by 2^31, from 0 to 2 units short
    lsrs r3, r4, #4
    muls r3, r2                     // s y - 1, scaled by 2^43, modulo 2^32
    asrs r3, #16
    muls r3, r2
    asrs r3, #12
    lsls r2, #15
    subs r2, r3                     // y, scaled by 2^31
    lsrs r3, r4, #16
    uxth r5, r4
    movs r6, r3
    muls r6, r5
    muls r3, r3
    muls r5, r5
    subs r0, r5
    sbcs r1, r3
    lsls r5, r6, #17
    lsrs r6, #15
    subs r0, r5
    sbcs r1, r6                     // x - s^2
    lsls r1, #29
    lsrs r0, #3
    orrs r0, r1                     // scaled by 2^59
    lsrs r1, r0, #16
    uxth r0, r0
    lsrs r3, r2, #16
    uxth r2, r2
    muls r0, r3
    muls r2, r1
    muls r1, r3
    lsrs r0, #16
    lsrs r2, #16
    adds r2, r0
    adds r2, r1
    lsls r0, r4, #28
    lsrs r1, r4, #4
    movs r5, #0
    adds r0, r2
    adcs r1, r5                     // root, scaled by 2^59
    adds r0, #64 + 18
    adcs r1, r5
    lsls r2, r0, #25
    lsrs r2, #30
    beq dsqrt_open
    double_drop 7, r2
    spend 44, r2
    add r1, lr
    pop {r4-r6, pc}

// The root is next to the middle h between r1:r0 / 2^7, rounded down, and the number below: the sign of x - h^2.
dsqrt_open:
    double_drop 7, r2
    push {r0, r1}
    mov r6, r12
    lsls r6, #12
    adds r0, r0
    adcs r1, r1
    subs r0, #1
    sbcs r1, r5
    muls r1, r0
    adds r1, r1
    subs r6, r1
    movs r1, r0
    umull r2, r3, r0, r1, r4
    rsbs r2, r2, #0
    sbcs r6, r3
    asrs r6, #31                    // -1: the root is below
    pop {r0, r1}
    adds r0, r6
    adcs r1, r6
    add r1, lr
    pop {r4-r6, pc}
    .ltorg

// -1, 0 or 1 as a <, = or > b; both zeros are equal.
rom_function rom_dcmp
    push {r4}
    spend 12
    lsls r4, r1, #1
    lsrs r4, #21
    beq 5f
    adds r4, #1
    lsrs r4, #11
    bne 6f
1:  lsls r4, r3, #1
    lsrs r4, #21
    beq 7f
    adds r4, #1
    lsrs r4, #11
    bne 8f
2:  movs r4, r1
    ands r4, r3
    bmi 4f                          // both negative: the larger magnitude is less
    cmp r1, r3
    bgt 9f
    blt 3f
    cmp r0, r2
    bhi 9f
    blo 3f
10: movs r0, #0
    pop {r4}
    bx lr
3:  movs r0, #1
    rsbs r0, r0, #0
    pop {r4}
    bx lr
9:  movs r0, #1
    nop
    pop {r4}
    bx lr
4:  cmp r1, r3
    bgt 3b
    blt 9b
    cmp r0, r2
    bhi 3b
    blo 9b
    b 10b
5:  movs r0, #0
    movs r1, #0
    b 1b
6:  movs r0, #0
    lsrs r1, #20
    lsls r1, #20
    b 1b
7:  movs r2, #0
    movs r3, #0
    b 2b
8:  movs r2, #0
    lsrs r3, #20
    lsls r3, #20
    b 2b

// 32 x 32 -> 64 bits.
rom_function rom_mul32
    push {r4, r5}
    umull r2, r3, r0, r1, r4
    movs r0, r2
    movs r1, r3
    pop {r4, r5}
    bx lr

// Upper 64 bits of the product of two 64-bit numbers, at most 3 too small: the carries of the lower half are left out.
rom_function rom_mulhi64
    push {r4-r7, lr}
    mov r12, r1
    mov lr, r3
    lsrs r4, r0, #16                // a0 b1
    uxth r0, r0
    uxth r5, r3
    lsrs r3, #16
    muls r0, r3
    muls r5, r4
    muls r4, r3
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
    mov r0, r12
    mov r1, lr
    umull r2, r3, r0, r1, r6
    movs r1, #0
    adds r0, r2, r4
    adcs r3, r1
    adds r0, r5
    adcs r1, r3
    pop {r4-r7, pc}

// Horner's rule in units of 2^-64: c[0] + x (c[1] + ... x (c[n - 1] + x sum)), or with minus signs. r0: c, r1: n, 1 or
// more, r3:r2: x, stack: sum; products as in rom_mulhi64.
    .macro series name, first, second
rom_function \name
    push {r4-r7, lr}
    mov r4, r8
    mov r5, r9
    push {r4, r5}
    mov r8, r2
    mov r9, r3
    mov r12, r0
    lsls r1, #3
    adds r7, r0, r1
    ldr r0, [sp, #28]
    ldr r1, [sp, #32]
1:  mov r2, r8
    lsrs r3, r2, #16
    uxth r2, r2
    lsrs r4, r1, #16
    uxth r5, r1
    muls r2, r4
    muls r5, r3
    muls r3, r4
    lsrs r2, #16
    lsrs r5, #16
    adds r3, r2
    adds r3, r5
    mov r2, r9
    lsrs r4, r2, #16
    uxth r2, r2
    lsrs r5, r0, #16
    uxth r0, r0
    muls r0, r4
    muls r4, r5
    muls r5, r2
    lsrs r0, #16
    lsrs r5, #16
    adds r4, r0
    adds r4, r5
    mov r2, r9
    umull r0, r5, r2, r1, r6
    adds r0, r3
    movs r3, #0
    adcs r5, r3
    adds r0, r4
    adcs r5, r3
    subs r7, #8
    ldr r2, [r7]
    ldr r3, [r7, #4]
    \first r0, r2, r0
    \second r3, r5
    mov r1, r3
    cmp r7, r12
    bne 1b
    pop {r4, r5}
    mov r8, r4
    mov r9, r5
    pop {r4-r7, pc}
    .endm
    series rom_series_plus, adds, adcs
    series rom_series_minus, subs, sbcs
