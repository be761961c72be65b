// Exponential and natural logarithm in double precision, in fixed point (tables: scripts/build_bootrom.py).
    .include "macros.S"
    .text

dexp_outside:
    cmp r1, #0
    bmi 1f
    ldr r1, =0x7ff00000
    movs r0, #0
    pop {r4-r7, pc}
1:  movs r1, #0
    movs r0, #0
    pop {r4-r7, pc}
dexp_one:
    ldr r1, =0x3ff00000
    movs r0, #0
    pop {r4-r7, pc}

// e^a = 2^n e^(k / 32) e^t with t below 1 / 32. n is the next integer towards -infinity, hardly ever one less.
rom_function fixed_dexp
    push {r4-r7, lr}
    lsls r2, r1, #1
    lsrs r2, #21
    ldr r3, =1022
    subs r2, r3
    movs r4, #60
    cmn r2, r4
    bmi dexp_one                    // below 2^-61
    cmp r2, #10
    bgt dexp_outside
    mov r12, r1
    lsls r1, #11
    lsrs r3, r0, #21
    orrs r1, r3
    movs r3, #1
    lsls r3, #31
    orrs r1, r3
    lsls r0, #11
    ldr r3, =ONE_OVER_LN2_31
    lsrs r4, r3, #16
    uxth r3, r3
    lsrs r5, r1, #16
    uxth r6, r1
    movs r7, r4
    muls r7, r5
    muls r3, r5
    muls r4, r6
    lsrs r3, #16
    lsrs r4, #16
    adds r7, r3
    adds r7, r4                     // |a| / ln 2 in units of 2^(r2 - 31), up to 4 too small
    movs r3, #31
    subs r3, r2
    mov r6, r12
    cmp r6, #0
    bpl 1f
    adds r7, #4
    lsrs r7, r3
    adds r7, #1
    b 2f
1:  lsrs r7, r3
    nop
    nop
2:  cmp r2, #0
    blt dexp_small
    movs r3, #32
    subs r3, r2
    lsls r1, r2
    movs r4, r0
    lsrs r4, r3
    orrs r1, r4
    lsls r0, r2
dexp_reduce:                        // r1:r0: fraction of |a|, less r7 ln 2
    ldr r3, =ln_2
    ldrh r4, [r3, #2]
    muls r4, r7
    lsrs r4, #16
    ldrh r5, [r3, #4]
    muls r5, r7
    adds r4, r5
    ldrh r5, [r3, #6]
    muls r5, r7
    lsls r6, r5, #16
    lsrs r5, #16
    adds r4, r6
    ldr r6, [r3, #8]
    muls r6, r7
    adcs r5, r6
    subs r0, r4
    sbcs r1, r5
    mov r6, r12
    cmp r6, #0
    bpl 1f
    movs r4, #0
    rsbs r0, r0, #0
    sbcs r4, r1
    movs r1, r4
    rsbs r7, r7, #0
1:  lsrs r6, r1, #27
    lsls r6, #3
    lsls r5, r1, #5
    lsrs r4, r0, #27
    orrs r5, r4
    lsls r4, r0, #5                 // r5:r4: 32 t
    ldr r0, =exponential_64
    ldr r2, [r0, #40]
    ldr r3, [r0, #44]
    push {r2, r3}
    movs r2, r4
    movs r3, r5
    movs r1, #5
    bl rom_series_plus              // (e^t - 1) / t, scaled by 2^63
    add sp, #8
    movs r2, r4
    movs r3, r5
    bl rom_mulhi64                  // scaled by 2^68
    ldr r2, =exponential_steps
    adds r6, r2
    ldr r2, [r6]
    ldr r3, [r6, #4]
    movs r4, r2
    movs r5, r3
    bl rom_mulhi64
    lsrs r0, #4
    lsls r2, r1, #28
    lsrs r1, #4
    orrs r0, r2
    adds r0, r4
    adcs r1, r5
    movs r2, #62
    subs r2, r7
    bl rom_ufix642double
    pop {r4-r7, pc}
dexp_small:
    rsbs r2, r2, #0
    movs r3, #32
    subs r3, r2
    bls 1f
    lsrs r0, r2
    movs r4, r1
    lsls r4, r3
    orrs r0, r4
    lsrs r1, r2
    b dexp_reduce
1:  subs r2, #32
    lsrs r1, r2
    movs r0, r1
    movs r1, #0
    b dexp_reduce
    .ltorg

// Upper word of a product, at most 2 too small; \x, \y and \t are lost.
    .macro product_upper high, x, y, t
    lsrs \high, \x, #16
    uxth \x, \x
    lsrs \t, \y, #16
    uxth \y, \y
    muls \x, \t
    muls \y, \high
    muls \high, \t
    lsrs \x, #16
    lsrs \y, #16
    adds \high, \x
    adds \high, \y
    .endm

dln_infinity:
    ldr r1, =0x7ff00000
    b 1f
dln_minus_infinity:
    ldr r1, =0xfff00000
1:  movs r0, #0
    pop {r4-r7, pc}
dln_near_one:
    mov r1, r12
    bl fixed_dln_near_one
    pop {r4-r7, pc}

// ln a: the significand times a number from each of two tables is 1 + r, r below 2^-10. Fractions in units of 2^-64.
rom_function fixed_dln
    push {r4-r7, lr}
    lsls r2, r1, #1
    lsrs r3, r2, #21
    beq dln_minus_infinity
    cmp r1, #0
    bmi dln_minus_infinity
    ldr r4, =1023
    subs r7, r3, r4
    adds r3, #1
    lsrs r3, #11
    bne dln_infinity
    mov r12, r1
    lsls r2, r1, #12
    lsrs r6, r2, #27                // row of the first table
    lsls r3, r7, #5
    adds r3, r6
    adds r3, #1
    cmp r3, #1
    bls dln_near_one                // the first row above 1, the last one below
    mov r12, r7
    mov lr, r6
    lsrs r1, r2, #12
    movs r3, #1
    lsls r3, #20
    orrs r1, r3
    ldr r3, =logarithm_scales
    lsls r4, r6, #1
    ldrh r3, [r3, r4]               // 11 bits
    uxth r4, r0
    lsrs r0, #16
    muls r4, r3
    muls r0, r3
    muls r1, r3
    lsls r5, r0, #16
    lsrs r0, #16
    adds r4, r5
    adcs r1, r0
    lsls r1, #2
    lsrs r0, r4, #30
    orrs r1, r0
    lsls r0, r4, #2                 // r1:r0: u, the product less 1
    lsrs r5, r1, #22                // row of the second table
    ldr r3, =logarithm_factors
    lsls r4, r5, #1
    ldrh r3, [r3, r4]               // c, in units of 2^-20; r = (1 + u) (1 - c) - 1
    uxth r4, r0
    muls r4, r3
    lsrs r4, #16
    lsrs r2, r0, #16
    muls r2, r3
    adds r4, r2
    lsrs r4, #4
    uxth r2, r1
    muls r2, r3
    lsrs r6, r1, #16
    muls r6, r3
    lsls r7, r2, #12
    lsrs r2, #20
    adds r4, r7
    movs r7, #0
    adcs r2, r7
    lsls r7, r6, #28
    lsrs r6, #4
    adds r4, r7
    adcs r2, r6
    subs r0, r4
    sbcs r1, r2
    lsls r3, #12
    subs r1, r3                     // r1:r0: r
    lsls r2, r1, #10                // t = 2^10 r
    lsrs r3, r0, #22
    orrs r2, r3
    lsls r3, r0, #10
    lsrs r4, r2, #16
    uxth r6, r2
    lsrs r3, #16
    muls r3, r4
    movs r7, r4
    muls r7, r6
    lsrs r3, #16
    adds r7, r3
    muls r6, r6
    muls r4, r4
    lsls r3, r7, #17
    lsrs r7, #15
    adds r6, r3
    adcs r4, r7                     // r4:r6: t^2
    lsls r3, r4, #11
    lsrs r6, #21
    orrs r3, r6
    lsrs r6, r4, #21
    subs r0, r3
    sbcs r1, r6                     // r - r^2 / 2
    ldr r3, =0xaaaaaaaa             // 2 / 3 - r / 2 + 2 r^2 / 5
    lsrs r6, r2, #11
    subs r3, r6
    lsrs r6, r4, #16
    movs r7, #205
    muls r6, r7
    lsrs r6, #13
    adds r3, r6
    product_upper r6, r4, r2, r7
    product_upper r2, r6, r3, r4
    lsls r3, r2, #1
    lsrs r2, #31
    adds r0, r3
    adcs r1, r2                     // ln (1 + r)
    ldr r2, =logarithm_fine
    lsls r5, #3
    adds r5, r2
    ldm r5!, {r2, r3}
    adds r0, r2
    adcs r1, r3
    ldr r2, =logarithm_rows
    mov r6, lr
    lsls r6, #3
    adds r6, r2
    ldm r6!, {r2, r3}
    adds r0, r2
    adcs r1, r3                     // of the significand
    mov r7, r12
    asrs r6, r7, #31
    eors r7, r6
    subs r7, r6
    ldr r3, =ln_2                   // r3:r5:r4: |n| ln 2
    ldrh r4, [r3, #2]
    muls r4, r7
    lsrs r4, #16
    ldrh r5, [r3, #4]
    muls r5, r7
    adds r4, r5
    ldrh r5, [r3, #6]
    muls r5, r7
    lsls r2, r5, #16
    lsrs r5, #16
    adds r4, r2
    ldrh r2, [r3, #8]
    muls r2, r7
    ldrh r3, [r3, #10]
    muls r3, r7
    adcs r5, r2
    lsls r2, r3, #16
    lsrs r3, #16
    adds r5, r2
    movs r2, #0
    adcs r3, r2
    lsls r6, #31
    bmi dln_negative
    adds r0, r4
    adcs r1, r5
    adcs r3, r2
    bne dln_shift
dln_pack:
    movs r2, #64
    bl rom_ufix642double
    orrs r1, r6
    pop {r4-r7, pc}
dln_negative:
    subs r0, r4, r0
    sbcs r5, r1
    movs r1, r5
    sbcs r3, r2
    beq dln_pack
dln_shift:                          // r3:r1:r0, r3 below 1024
    movs r7, #10
    lsrs r4, r3, #8
    bne 1f
    ldr r2, =leading_zeros
    ldrb r2, [r2, r3]
    movs r7, #8
    subs r7, r2
1:  movs r2, #32
    subs r2, r7
    lsrs r0, r7
    movs r4, r1
    lsls r4, r2
    orrs r0, r4
    lsrs r1, r7
    lsls r3, r2
    orrs r1, r3
    adds r2, #32
    bl rom_ufix642double
    orrs r1, r6
    pop {r4-r7, pc}
    .ltorg
