// Square root in double precision, rounded to nearest even: see double_sum.S.
    .include "macros.S"
    .text

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
