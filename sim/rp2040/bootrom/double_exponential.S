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
