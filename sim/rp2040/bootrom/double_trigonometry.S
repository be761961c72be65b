// Sine, cosine and tangent in double precision: single_trigonometry.S with twice the words.
    .include "macros.S"
    .text

dsincos_zero:
    lsrs r1, #31
    lsls r1, #31
    movs r0, #0
    ldr r3, =0x3ff00000
    movs r2, #0
    pop {r4-r7, pc}

// Less than half: f is a 2 / pi itself, r3:r2:r4:r5 times 2^r7; its upper 64 bits are wanted in r1:r0 for the square.
dsincos_small:
    movs r0, #0
    str r0, [sp, #4]
    rsbs r6, r7, #0
    cmp r6, #64
    bhs 2f
    movs r0, r2
    movs r1, r3
    cmp r6, #32
    blo 1f
    movs r0, r1
    movs r1, #0
    subs r6, #32
1:  lsrs r0, r6
    mov r12, r2
    movs r2, r1
    lsrs r1, r6
    rsbs r6, r6, #0
    adds r6, #32
    lsls r2, r6
    orrs r0, r2
    mov r2, r12
    b dsincos_square
2:  movs r1, #0
    b dsincos_square
dsincos_large:
    lsls r3, #16
    lsrs r0, r2, #16
    orrs r3, r0
    lsls r2, #16
    lsrs r0, r4, #16
    orrs r2, r0
    lsls r4, #16
    lsrs r0, r5, #16
    orrs r4, r0
    lsls r5, #16
    subs r7, #16
    b dsincos_reduce

// r1:r0: sine, r3:r2: cosine.
rom_function fixed_dsincos
    push {r4-r7, lr}
    lsls r2, r1, #1
    lsrs r2, #21
    beq dsincos_zero
    push {r1, r2}
    lsls r1, #11
    lsrs r2, r0, #21
    orrs r1, r2
    movs r2, #1
    lsls r2, #31
    orrs r1, r2
    lsls r0, #11
    mov r12, r0
    mov lr, r1
    ldr r7, =two_over_pi            // a 2 / pi in six words, scaled by 2^192 for an exponent of 1022
    movs r2, #0
    movs r3, #0
1:  mov r0, r12
    ldr r1, [r7]
    umull r4, r5, r0, r1, r6
    movs r0, #0
    adds r4, r2
    adcs r5, r0
    push {r4}
    mov r0, lr
    ldr r1, [r7]
    umull r2, r4, r0, r1, r6
    movs r0, #0
    adds r2, r5
    adcs r4, r0
    adds r2, r3
    adcs r4, r0
    movs r3, r4
    adds r7, #4
    ldr r0, =two_over_pi + 16
    cmp r7, r0
    bne 1b
    pop {r4, r5}                    // the first four: r3:r2:r4:r5
    add sp, #8
    ldr r7, [sp, #4]
    ldr r0, =1022
    subs r7, r0
    bmi dsincos_small
dsincos_reduce:
    movs r6, #32
    subs r6, r7
    bls dsincos_large
    movs r0, r3
    lsrs r0, r6                     // right angles
    lsls r3, r7
    movs r1, r2
    lsrs r1, r6
    orrs r3, r1
    lsls r2, r7
    movs r1, r4
    lsrs r1, r6
    orrs r2, r1
    lsls r4, r7
    movs r1, r5
    lsrs r1, r6
    orrs r4, r1
    lsls r5, r7
    movs r7, #0
    asrs r1, r3, #31                // -1: the next multiple is nearer
    subs r0, r1
    eors r3, r1
    eors r2, r1
    eors r4, r1
    eors r5, r1
    lsls r1, #31                    // sign of f, and the quadrant
    lsls r0, #30
    lsrs r0, #30
    orrs r0, r1
    str r0, [sp, #4]
    movs r0, r2
    movs r1, r3
dsincos_square:
    push {r0, r1}
dsincos_normalise:
    lsrs r0, r3, #24
    beq dsincos_byte
    ldr r1, =leading_zeros
    ldrb r0, [r1, r0]
    subs r7, r0
    lsls r3, r0
    movs r1, #32
    subs r1, r0
    movs r6, r2
    lsrs r6, r1
    orrs r3, r6
    lsls r2, r0
    lsrs r4, r1
    orrs r2, r4
dsincos_normal:
    movs r4, r2                     // r5:r4: leading one in bit 63, or 0
    movs r5, r3
    pop {r0, r1}
    movs r2, r0
    movs r3, r1
    bl rom_mulhi64
    push {r0, r1}
    ldr r6, =sine_64
    ldr r2, [r6, #48]
    ldr r3, [r6, #52]
    push {r2, r3}
    movs r2, r0
    movs r3, r1
    movs r0, r6
    movs r1, #6
    bl rom_series_minus
    movs r2, r4
    movs r3, r5
    bl rom_mulhi64
    movs r2, r7
    bl dsincos_pack
    orrs r5, r4
    beq 1f
    movs r4, r0
    movs r5, r1
1:  pop {r0-r3}
    adds r6, #56
    ldr r0, [r6, #56]
    ldr r1, [r6, #60]
    push {r0, r1}
    movs r0, r6
    movs r1, #7
    bl rom_series_minus
    add sp, #8
    movs r2, #0
    bl dsincos_pack
    pop {r6, r7}
    movs r2, #1
    lsls r2, #31
    movs r3, r7
    ands r3, r2
    eors r5, r3
    lsrs r3, r7, #1                 // carry: an odd multiple
    bcc 2f
    movs r3, r0
    movs r0, r4
    movs r4, r3
    movs r3, r1
    movs r1, r5
    movs r5, r3
    eors r1, r2
2:  lsls r7, #30
    ands r7, r2
    eors r5, r7
    eors r1, r7
    ands r6, r2
    eors r5, r6
    movs r2, r0
    movs r3, r1
    movs r0, r4
    movs r1, r5
    pop {r4-r7, pc}

// f is 2^32 times as large, or 0.
dsincos_word:
    movs r3, r2
    orrs r3, r4
    orrs r3, r5
    bne 1f
    b dsincos_normal
1:  movs r3, r2
    movs r2, r4
    movs r4, r5
    movs r5, #0
    subs r7, #32
    b dsincos_normalise
dsincos_byte:
    cmp r3, #0
    beq dsincos_word
    lsls r3, #8
    lsrs r0, r2, #24
    orrs r3, r0
    lsls r2, #8
    lsrs r0, r4, #24
    orrs r2, r0
    lsls r4, #8
    lsrs r0, r5, #24
    orrs r4, r0
    lsls r5, #8
    subs r7, #8
    b dsincos_normalise

// r1:r0 / 2^63, with its leading one in bit 63 or 62, times 2^r2 as a double.
dsincos_pack:
    cmp r1, #0
    bmi 1f
    adds r0, r0
    adcs r1, r1
    subs r2, #1
1:  ldr r3, =1022
    adds r2, r3
    lsls r2, #20
    lsls r3, r1, #21
    lsrs r1, #11
    adds r1, r2
    movs r2, #0
    lsrs r0, #11                    // carry: round up
    orrs r0, r3
    adcs r0, r2
    adcs r1, r2
    bx lr

rom_function fixed_dtan
    push {r4, lr}
    bl fixed_dsincos
    bl rom_ddiv
    pop {r4, pc}
    .ltorg
