// Products and series of fixed-point numbers of 64 bits.
    .include "macros.S"
    .text

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
