// Sine, cosine and tangent in single precision, in fixed point. The angle is measured in right angles f, from the nearest
// multiple; with s = f^2 both functions are polynomials in s (scripts/build_bootrom.py has their coefficients).
    .include "macros.S"
    .text

// r0: c[0] - s (c[1] - s (c[2] - ...)) by Horner's rule in units of 2^-31, from the \terms coefficients at r7, the last
// of them first. s in units of 2^-32: r4 upper half, r6 lower half. Products are at most 2 units too small.
    .macro falling_series terms
    ldm r7!, {r0}
    movs r3, #\terms - 1
1:  lsrs r1, r0, #16
    uxth r0, r0
    movs r2, r1
    muls r2, r4
    muls r1, r6
    muls r0, r4
    lsrs r1, #16
    lsrs r0, #16
    adds r2, r1
    adds r2, r0
    ldm r7!, {r0}
    subs r0, r2
    subs r3, #1
    bne 1b
    .endm

// The single nearest to \m / 2^31, with its leading one in bit 31 or 30, times 2^\e; the latter is lost.
    .macro pack_single m, e
    cmp \m, #0
    bmi 1f
    lsls \m, #1
    subs \e, #1
1:  adds \e, #126
    lsls \e, #23
    lsrs \m, #7
    adds \m, #1
    lsrs \m, #1
    adds \m, \e
    .endm

fsincos_zero:
    lsrs r0, #31
    lsls r0, #31
    movs r1, #127
    lsls r1, #23
    pop {r4-r7, pc}
// Less than half: f is a 2 / pi itself, r5:r3 times 2^r7.
fsincos_small:
    rsbs r1, r7, #0
    movs r2, r5
    lsrs r2, r1
    movs r0, #0
    movs r1, #0
    b fsincos_square

fsincos_large:
    lsls r5, #16
    lsrs r0, r3, #16
    orrs r5, r0
    lsls r3, #16
    lsrs r0, r2, #16
    orrs r3, r0
    lsls r2, #16
    subs r7, #16
    b fsincos_reduce

// r0: sine, r1: cosine.
rom_function fixed_fsincos
    push {r4-r7, lr}
    lsls r1, r0, #1
    lsrs r7, r1, #24
    beq fsincos_zero
    mov r12, r0
    movs r1, #1
    lsls r1, #31
    lsls r0, #8
    orrs r0, r1
    movs r6, r0
    ldr r1, =TWO_OVER_PI_LOW        // a 2 / pi in r5:r3:r2, scaled by 2^96 for an exponent of 126
    umull r2, r3, r0, r1, r4
    ldr r1, =TWO_OVER_PI_HIGH
    umull r4, r5, r6, r1, r0
    movs r0, #0
    adds r3, r4
    adcs r5, r0
    subs r7, #126
    bmi fsincos_small
fsincos_reduce:
    movs r6, #32
    subs r6, r7
    bls fsincos_large
    movs r0, r5
    lsrs r0, r6                     // right angles
    lsls r5, r7
    movs r1, r3
    lsrs r1, r6
    orrs r5, r1
    lsls r3, r7
    lsrs r2, r6
    orrs r3, r2
    movs r7, #0
    asrs r1, r5, #31                // -1: the next multiple is nearer
    subs r0, r1
    eors r5, r1
    eors r3, r1
    movs r2, r5
fsincos_square:                     // f = r5:r3 times 2^r7, the upper word of which is r2
    push {r0, r1}
    lsrs r4, r2, #16
    uxth r6, r2
    muls r6, r4
    muls r4, r4
    lsrs r6, #15
    adds r4, r6
    uxth r6, r4
    lsrs r4, #16
fsincos_normalise:
    lsrs r2, r5, #24
    beq fsincos_byte
    ldr r0, =leading_zeros
    ldrb r0, [r0, r2]
    subs r7, r0
    lsls r5, r0
    movs r1, #32
    subs r1, r0
    lsrs r3, r1
    orrs r5, r3
fsincos_normal:
    mov lr, r5                      // leading one in bit 31, or 0
    push {r7}
    ldr r7, =sine_32
    falling_series 5
    mov r5, lr
    lsrs r1, r0, #16
    uxth r0, r0
    lsrs r2, r5, #16
    uxth r5, r5
    muls r0, r2
    muls r5, r1
    muls r2, r1
    lsrs r0, #16
    lsrs r5, #16
    adds r2, r0
    adds r5, r2
    falling_series 6                // the cosine's coefficients follow
    movs r1, r0
    pop {r0, r2, r3}
    cmp r5, #0
    beq 3f
    pack_single r5, r0
3:  movs r0, #0
    pack_single r1, r0
    movs r0, r5
    lsls r3, #31                    // sign of f
    orrs r0, r3
    lsrs r3, r2, #1                 // carry: an odd multiple
    bcc 4f
    movs r3, r0
    movs r0, r1
    movs r1, #1
    lsls r1, #31
    eors r1, r3
4:  lsrs r2, #1
    lsls r2, #31
    eors r0, r2
    eors r1, r2
    mov r2, r12
    lsrs r2, #31
    lsls r2, #31
    eors r0, r2
    pop {r4-r7, pc}
fsincos_byte:
    movs r0, r5
    orrs r0, r3
    beq fsincos_normal
    lsls r5, #8
    lsrs r2, r3, #24
    orrs r5, r2
    lsls r3, #8
    subs r7, #8
    b fsincos_normalise

rom_function fixed_ftan
    push {r4, lr}
    bl fixed_fsincos
    bl rom_fdiv
    pop {r4, pc}
    .ltorg
