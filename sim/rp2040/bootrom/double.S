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

// r12: sign, r4, r5: exponents of a and b, which are neither zero nor infinite; r4-r7 and lr are stacked.
    .macro unpack_double zero_a, zero_b, infinite
    push {r4-r7, lr}
    movs r4, r1
    eors r4, r3
    lsrs r4, #31
    lsls r4, #31
    mov r12, r4
    lsls r4, r1, #1
    lsrs r4, #21
    beq \zero_a
    lsls r5, r3, #1
    lsrs r5, #21
    beq \zero_b
    adds r6, r4, #1
    adds r7, r5, #1
    orrs r6, r7
    lsrs r6, #11
    bne \infinite
    .endm

// What is not ordinary: r12 sign; r4-r7 and lr are stacked.
double_infinity:
    ldr r4, =0x7ff00000
    b double_finish
dmul_zero_a:
    adds r5, r3, r3
    asrs r5, #21
    adds r5, #1
    beq double_infinity
    b double_zero
dmul_zero_b:
    adds r4, #1
    lsrs r4, #11
    bne double_infinity
double_zero:
    movs r4, #0
double_finish:
    movs r0, #0
    mov r1, r12
    orrs r1, r4
    pop {r4-r7, pc}

// a * b
rom_function rom_dmul
    unpack_double dmul_zero_a, dmul_zero_b, double_infinity
    adds r4, r5
    mov lr, r4
    movs r6, #1
    lsls r6, #31
    lsls r3, #11                    // b * 2^11, a: the product's upper 64 bits have their leading one in bit 51 or 52
    lsrs r7, r2, #21
    lsls r2, #11
    orrs r3, r7
    orrs r3, r6
    lsrs r6, #11
    lsls r1, #12
    lsrs r1, #12
    orrs r1, r6
    push {r0-r3}
    umull r4, r5, r0, r2, r6
    ldr r0, [sp]
    umull r6, r7, r0, r3, r2
    adds r5, r6
    movs r6, #0
    adcs r7, r6
    ldr r2, [sp, #8]
    umull r0, r3, r1, r2, r6
    movs r6, #0
    adds r5, r0
    adcs r7, r3
    adcs r6, r6
    subs r4, #1                     // carry: the last word is not zero
    sbcs r4, r4
    adds r4, #1
    orrs r5, r4
    ldr r1, [sp, #4]
    ldr r2, [sp, #12]
    umull r0, r3, r1, r2, r4
    add sp, #16
    adds r0, r7
    adcs r3, r6
    movs r1, r3
    mov r4, lr
    ldr r6, =1023
    subs r4, r6                     // exponent less one
// r1:r0 with leading one in bit 51 or 52, r5 below with sticky, r4 exponent less one if it is 52, r12 sign.
double_pack:
    lsrs r6, r1, #20
    bne 1f
    adds r5, r5
    adcs r0, r0
    adcs r1, r1
    subs r4, #1
1:  ldr r6, =2046
    cmp r4, r6
    bhs double_out_of_range
    round_even r5, r6
    lsls r4, #20
    adds r1, r4
    mov r4, r12
    orrs r1, r4
    pop {r4-r7, pc}
double_out_of_range:
    cmp r4, #0
    bge 1f
    adds r4, #1
    bne 2f
    lsrs r5, #31                    // 2^-1022 if all ones round up
    beq 2f
    adds r0, #1
    bne 2f
    adds r1, #1
    lsrs r4, r1, #21
    beq 2f
    lsls r4, #20
    b 3f
1:  b double_infinity
2:  b double_zero
3:  b double_finish
    .ltorg

// r7:r5 = r4 * (r3:r2) modulo 2^64, r4 below 2^16; r6 is lost, r7 too.
    .macro multiply_digit
    uxth r5, r2
    muls r5, r4
    lsrs r6, r2, #16
    muls r6, r4
    lsls r7, r6, #16
    lsrs r6, #16
    adds r5, r7
    uxth r7, r3
    muls r7, r4
    adcs r7, r6
    lsrs r6, r3, #16
    muls r6, r4
    lsls r6, #16
    adds r7, r6
    .endm

// A quotient digit of 14 bits, from below: remainder r1:r0 (less than 4 d), divisor d = r3:r2, r12 SIO. Eight cycles
// from the store to the load: four of them for \meanwhile.
    .macro divide_digit meanwhile:vararg
    mov r7, r12
    str r1, [r7, #0x60]
    lsrs r5, r0, #18
    lsls r1, #14
    orrs r1, r5
    lsls r0, #14
    \meanwhile
    ldr r4, [r7, #0x70]
    multiply_digit
    subs r0, r5
    sbcs r1, r7
    .endm
    .macro ddiv_first
    spend 4
    .endm
    .macro ddiv_second
    mov lr, r4
    spend 3
    .endm
    .macro ddiv_third
    mov r5, lr
    lsls r5, #14
    adds r5, r4
    mov lr, r5
    .endm
    .macro ddiv_fourth
    push {r4}
    spend 2
    .endm

ddiv_zero_a:
    lsls r5, r3, #1
    lsrs r5, #21
    beq ddiv_by_zero
    b double_zero
ddiv_infinite:
    adds r4, #1
    lsrs r4, #11
    bne ddiv_by_zero
    b double_zero
ddiv_by_zero:
    b double_infinity

// a / b: four digits by the SIO's divider (the SDK saves its state around this call).
rom_function rom_ddiv
    unpack_double ddiv_zero_a, ddiv_by_zero, ddiv_infinite
    subs r4, r5
    mov r5, r12
    push {r4, r5}
    movs r7, #1
    lsls r7, #29
    lsls r1, #12                    // leading ones in bit 61
    lsrs r1, #3
    orrs r1, r7
    lsrs r6, r0, #23
    orrs r1, r6
    lsls r0, #9
    lsls r3, #12
    lsrs r3, #3
    orrs r3, r7
    lsrs r6, r2, #23
    orrs r3, r6
    lsls r2, #9
    movs r7, #0xd0
    lsls r7, #24
    mov r12, r7
    lsrs r6, r3, #14
    adds r6, #1
    str r6, [r7, #0x64]
    divide_digit ddiv_first
    divide_digit ddiv_second
    divide_digit ddiv_third
    divide_digit ddiv_fourth
1:  subs r0, r2                     // the quotient may be a few units short
    sbcs r1, r3
    bcc 2f
    adds r4, #1
    b 1b
2:  adds r0, r2
    adcs r1, r3
    orrs r0, r1
    subs r0, #1                     // carry: there is a remainder
    sbcs r0, r0
    adds r0, #1
    pop {r5}
    mov r7, lr
    lsls r6, r5, #14
    adds r6, r4
    lsls r5, r6, #28
    orrs r5, r0
    lsls r0, r7, #24
    lsrs r1, r7, #8
    lsrs r6, #4
    movs r7, #0
    adds r0, r6
    adcs r1, r7
    pop {r4, r6}
    mov r12, r6
    ldr r6, =1022
    adds r4, r6
    b double_pack
    .ltorg

// Square root: reciprocal root y to 2^-12 as in rom_fsqrt, then four digits of 10 bits, each from below by y.
// r1:r0 remainder, scaled by 2^58 and the digits so far; r3:r2 twice the root by 2^58.
    .macro root_digit
    lsls r1, #10
    lsrs r5, r0, #22
    orrs r1, r5
    lsls r0, #10
    .endm
    .macro root_estimate
    mov r4, r12
    lsrs r5, r1, #16
    muls r4, r5
    lsrs r4, #16
    .endm

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
    push {r4-r7, lr}
    movs r4, #1
    lsls r4, #26
    lsls r1, #12
    lsrs r1, #6
    orrs r1, r4
    lsrs r5, r0, #26
    orrs r1, r5
    lsls r0, #6
    lsrs r4, r2, #1                 // carry: an even power of two
    bcs 1f
    adds r0, r0
    adcs r1, r1
1:  ldr r4, =1021
    adds r4, r2
    lsrs r4, #1
    lsls r4, #20
    mov lr, r4                      // exponent less one
    lsrs r2, r1, #21                // x = r1 / 2^26 in 1..4
    ldr r3, =reciprocal_roots - 32
    ldrb r2, [r3, r2]
    movs r3, r2
    muls r3, r2
    lsrs r4, r1, #12
    muls r3, r4
    movs r5, #3
    lsls r5, #30
    subs r5, r3
    lsrs r5, #8
    muls r2, r5
    lsrs r2, #16
    mov r12, r2                     // y, scaled by 2^15
    muls r4, r2
    lsrs r4, #14                    // root to 15 bits after the point
    lsls r3, r4, #12                // twice the root
    muls r4, r4
    lsls r5, r4, #28
    lsrs r4, #4
    subs r0, r5
    sbcs r1, r4
    lsls r1, #15
    lsrs r5, r0, #17
    orrs r1, r5
    lsls r0, #15
    root_estimate
    root_digit
    lsls r5, r4, #1
    adds r3, r5
    movs r6, r3
    muls r6, r4
    subs r1, r6
    adds r3, r5
    root_estimate
    root_digit
    lsls r2, r4, #23
    lsrs r5, r4, #9
    adds r3, r5
    multiply_digit
    subs r0, r5
    sbcs r1, r7
    lsls r5, r4, #23
    lsrs r6, r4, #9
    adds r2, r5
    adcs r3, r6
    root_estimate
    root_digit
    lsls r5, r4, #13
    movs r6, #0
    adds r2, r5
    adcs r3, r6
    multiply_digit
    subs r0, r5
    sbcs r1, r7
    lsls r5, r4, #13
    movs r6, #0
    adds r2, r5
    adcs r3, r6
    root_estimate
    root_digit
    lsls r5, r4, #3
    movs r6, #0
    adds r2, r5
    adcs r3, r6
    multiply_digit
    subs r0, r5
    sbcs r1, r7
    lsls r5, r4, #3
    movs r6, #0
    adds r2, r5
    adcs r3, r6
    movs r6, #0                     // the root may be a few units short
    adds r2, #8
    adcs r3, r6
1:  subs r0, r2
    sbcs r1, r3
    bcc 2f
    adds r2, #16
    adcs r3, r6
    b 1b
2:  adds r0, r2
    adcs r1, r3
    subs r2, #8
    sbcs r3, r6
    orrs r1, r0
    subs r1, #1                     // carry: there is a remainder
    sbcs r1, r1
    adds r1, #1
    lsls r5, r2, #25
    orrs r5, r1
    lsrs r0, r2, #7
    lsls r4, r3, #25
    orrs r0, r4
    lsrs r1, r3, #7
    round_even r5, r6
    add r1, lr
    pop {r4-r7, pc}
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
