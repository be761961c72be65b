// Sum, difference and comparison in double precision (datasheet 2.8.3.2): round to nearest even, subnormals read and written as zero, NaN read
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
    spend 9
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
    spend 7
    b dadd_round
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
    spend 6
    b dadd_round
5:  movs r6, r4
6:  adds r7, r7                     // cancellation: a place at a time, seven cycles each
    adcs r0, r0
    adcs r1, r1
    subs r4, #1
    lsrs r2, r1, #20
    beq 6b
    lsls r2, r6, #21
    lsrs r2, #21
    subs r5, r6, r4                 // places
    cmp r2, r5
    bls dadd_underflow
dadd_round:                         // r4: sign and exponent, r1:r0 with leading one in bit 52, r7 below
    round_even r7, r2
    subs r4, #1
    lsls r4, #20
    adds r1, r4
    spend 2
    pop {r4-r7, pc}
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
    bhi 1b
    blo 10b
    movs r6, r1
    eors r6, r3
    bpl 1b
    lsrs r6, r4, #21                // a - a, not of zeros or infinities
    beq 1b
    adds r6, #1
    lsrs r6, #11
    bne 1b
    movs r0, #0
    movs r1, #0
    spend 42, r6
    pop {r4-r7, pc}
7:  spend 3
    subs r5, #32                    // 32 places or more
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
    spend 35, r6
    pop {r4-r7, pc}
dadd_underflow:
    lsrs r1, r6, #11
    lsls r1, #31
    movs r0, #0
    pop {r4-r7, pc}
dadd_b_zero:
    cmp r6, #0
    bne 1f
    ands r1, r3                     // both: -0 only for -0 + -0
    lsrs r1, #31
    lsls r1, #31
    movs r0, #0
    spend 45, r4
    pop {r4-r7, pc}
1:  adds r4, r6, #1
    lsrs r4, #11
    bne dadd_infinite
    spend 46, r4
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
    .ltorg
