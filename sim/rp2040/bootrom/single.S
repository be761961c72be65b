// Single precision arithmetic (datasheet 2.8.3.2): round to nearest even, subnormals read and written as zero, NaN read
// as infinity. Register use on entry as in the procedure call standard; every routine is a leaf.
//
// The significand of a result stands with its leading one in bit 31: 24 bits of result, 8 bits of guard of which the
// last is sticky. Adding 128 rounds half up; a tie is then made even.
    .include "macros.S"
    .text

// a - b
rom_function rom_fsub
    movs r2, #1
    lsls r2, #31
    eors r1, r2
// a + b
rom_function rom_fadd
    push {r4-r6}
    lsls r2, r0, #1
    lsls r3, r1, #1
    cmp r2, r3
    bls 9f
    spend 11
1:  lsrs r4, r2, #24                // |a| >= |b| from here
    lsrs r5, r3, #24
    beq 8f
    cmp r4, #255
    beq fadd_infinite
    eors r1, r0                     // bit 31: the signs differ
    movs r6, #1
    lsls r6, #31
    lsls r2, #7
    lsls r3, #7
    orrs r2, r6
    orrs r3, r6
    lsrs r2, #1                     // room for a carry: leading ones in bit 30
    lsrs r3, #1
    subs r5, r4, r5
    cmp r5, #25
    bhi fadd_small                  // less than half of the smaller neighbour's distance
    movs r6, r3
    lsrs r3, r5
    mov r12, r3
    lsls r3, r5
    subs r6, r3                     // what was shifted out
    subs r6, #1                     // carry: something was
    mov r3, r12
    bcc 2f
    movs r6, #1
    orrs r3, r6
2:  cmp r1, #0
    bmi 4f
    adds r2, r3
    bmi 3f
    lsls r2, #1
    subs r4, #1
    spend 2
    b fadd_round
9:  beq fadd_equal
    mov r12, r0
    mov r0, r1
    mov r1, r12
    lsls r2, r0, #1
    lsls r3, r1, #1
    b 1b
fadd_equal:
    nop
    b 1b
3:  cmp r4, #254
    bne fadd_round
    b fadd_overflow
5:  b 6f                            // cancellation: a place at a time, six cycles each
4:  subs r2, r3
    beq fadd_zero
6:  subs r4, #1
    lsls r2, #1
    bpl 5b
    cmp r4, #0
    blt fadd_underflow
fadd_round:                         // r2 with leading one in bit 31, r4 exponent less one, r0 sign
    lsrs r0, #31
    lsls r0, #31
    lsls r4, #23
    adds r2, #128
    bcs fadd_carry
    lsls r5, r2, #24
    beq fadd_tie
1:  lsrs r2, #8
    adds r2, r4
    orrs r0, r2                     // an exponent of 254 rounds up to infinity by itself
    pop {r4-r6}
    bx lr
fadd_tie:
    lsrs r2, #9
    lsls r2, #9
    b 1b
fadd_carry:
    movs r2, #1
    lsls r2, #24
    adds r2, r4
    orrs r0, r2
    pop {r4-r6}
    bx lr
fadd_underflow:                     // zero with the sign of a
    lsrs r0, #31
    lsls r0, #31
    pop {r4-r6}
    bx lr
8:  cmp r4, #0                      // b is zero
    bne 7f
    ands r0, r1                     // both: -0 only for -0 + -0
    lsrs r0, #31
    lsls r0, #31
    spend 41, r4
    pop {r4-r6}
    bx lr
7:  cmp r4, #255
    beq fadd_infinite
    spend 32, r4
    b fadd_return_a
fadd_small:
    spend 26, r4
    pop {r4-r6}
    bx lr
fadd_overflow:
    movs r2, #255
    lsls r2, #23
    orrs r0, r2
fadd_infinite:
    lsrs r0, #23
    lsls r0, #23
fadd_return_a:
    pop {r4-r6}
    bx lr
fadd_zero:
    movs r0, #0
    pop {r4-r6}
    bx lr

// a * b, from three products of 8 and 16-bit parts.
rom_function rom_fmul
    push {r4, r5}
    movs r3, r0
    eors r3, r1
    lsrs r3, #31
    lsls r3, #31
    mov r12, r3                     // sign
    lsls r2, r0, #1
    lsrs r2, #24
    beq fmul_a_zero
    cmp r2, #255
    beq single_infinity
    lsls r3, r1, #1
    lsrs r3, #24
    beq fmul_b_zero
    cmp r3, #255
    beq single_infinity
    adds r2, r3
    lsls r4, r0, #9
    lsrs r4, #25
    adds r4, #128                   // upper 8 bits of the significand
    lsls r5, r1, #9
    lsrs r5, #25
    adds r5, #128
    uxth r0, r0
    uxth r1, r1
    movs r3, r4
    muls r3, r5
    muls r4, r1
    muls r5, r0
    muls r0, r1
    adds r4, r5
    lsrs r5, r0, #16
    adds r4, r5
    lsls r0, #16                    // the product's last 16 bits
    lsls r3, #16
    adds r4, r3                     // its upper 32: leading one in bit 31 or 30
    bmi 1f
    adds r0, r0
    adcs r4, r4
    subs r2, #1
1:  subs r2, #127                   // exponent less one
    cmp r2, #254
    bhs 3f
    lsls r2, #23
    add r2, r12
    adds r4, #128
    bcs single_carry
    lsls r5, r4, #24
    beq 2f
4:  lsrs r4, #8
    adds r0, r4, r2
    pop {r4, r5}
    bx lr
2:  cmp r0, #0                      // half exactly?
    bne 4b
    b single_tie
3:  cmp r0, #0                      // r0: below r4's last bit
    beq single_out_of_range
    movs r0, #1
    orrs r4, r0
// r4 with leading one in bit 31 and sticky, r2 exponent less one out of 0..253, sign in r12; r4 and r5 are stacked.
single_out_of_range:
    cmp r2, #0
    bge single_infinity
    adds r2, #1
    bne single_zero
    ldr r2, =0xffffff7f             // 2^-126 only if rounding reaches it: tie to even goes up as well
    cmp r4, r2
    bls single_zero
    movs r4, #1
    lsls r4, #23
    mov r0, r12
    orrs r0, r4
    pop {r4, r5}
    bx lr
single_tie:
    lsrs r4, #9
    lsls r4, #1
    adds r4, r2
    mov r0, r12
    orrs r0, r4
    pop {r4, r5}
    bx lr
single_carry:
    movs r4, #1
    lsls r4, #24
    adds r4, r2
    mov r0, r12
    orrs r0, r4
    pop {r4, r5}
    bx lr
fmul_a_zero:
    lsls r3, r1, #1                 // zero times infinity is infinity
    lsrs r3, #24
    cmp r3, #255
    beq single_infinity
    nop
fmul_b_zero:
    spend 33, r4
single_zero:
    mov r0, r12
    pop {r4, r5}
    bx lr
single_infinity:
    movs r4, #255
    lsls r4, #23
    mov r0, r12
    orrs r0, r4
    pop {r4, r5}
    bx lr

// a / b: three quotient digits of 8 bits by the SIO's divider (the SDK saves its state around this call), with the
// exponents and special operands seen to while it works. Eight cycles from a store of the dividend to the load. Who
// interrupts and divides saves the divider's state only while it is dirty, which the load of a quotient ends: so the
// divisor is stored for each digit.
rom_function rom_fdiv
    push {r4-r6}
    movs r5, #1
    lsls r5, #31
    lsls r2, r0, #8
    lsls r3, r1, #8
    orrs r2, r5
    orrs r3, r5
    lsrs r3, #8
    movs r4, #0xd0
    lsls r4, #24                    // SIO
    str r3, [r4, #0x64]
    lsrs r5, r2, #8
    cmp r5, r3
    bhs 1f
    str r2, [r4, #0x60]             // significand of a * 2^8 if a < b, else * 2^7
    movs r5, #125
    b 2f
1:  lsrs r2, #1
    str r2, [r4, #0x60]
    movs r5, #126
    nop
    nop
2:  movs r2, r0
    eors r2, r1
    lsrs r2, #31
    lsls r2, #31
    mov r12, r2                     // sign
    ldr r2, [r4, #0x74]
    ldr r6, [r4, #0x70]             // 128..255
    lsls r2, #8
    str r3, [r4, #0x64]
    str r2, [r4, #0x60]
    lsls r6, #16
    lsls r0, #1
    lsrs r0, #24
    beq 4f
    cmp r0, #255
    beq 6f
    lsls r1, #1
    lsrs r1, #24
    beq 6f
    ldr r2, [r4, #0x74]
    adds r5, r0
    ldr r0, [r4, #0x70]
    lsls r2, #8
    str r3, [r4, #0x64]
    str r2, [r4, #0x60]
    lsls r0, #8
    adds r6, r0
    cmp r1, #255
    beq 5f
    subs r5, r1                     // exponent less one
    cmp r5, #254
    bhs 3f
    lsls r5, #23
    adds r6, r5
    ldr r2, [r4, #0x74]
    ldr r0, [r4, #0x70]
    orrs r6, r0
    lsls r2, #1                     // a tie cannot be: the quotient would have one bit more than b
    cmp r3, r2
    sbcs r0, r0                     // -1 to round up
    subs r6, r0
    mov r0, r12
    orrs r0, r6
    pop {r4-r6}
    bx lr
3:  cmp r5, #0
    blt 5f
6:  movs r6, #255
    lsls r6, #23
    mov r0, r12
    orrs r0, r6
    pop {r4-r6}
    bx lr
4:  lsls r1, #1                     // zero: by zero it is infinity
    lsrs r1, #24
    beq 6b
5:  mov r0, r12
    pop {r4-r6}
    bx lr

// Square root: a reciprocal root of 8 bits from a table, one Newton step, the root to 16 and then to 25 bits, and an
// exact check of the rounding by the remainder modulo 2^32.
rom_function rom_fsqrt
    lsls r1, r0, #1
    lsrs r2, r1, #24
    beq fsqrt_zero
    cmp r0, #0
    bmi fsqrt_negative
    cmp r2, #255
    beq fsqrt_infinite
    push {r4, lr}
    movs r3, #1
    lsls r3, #31
    lsls r0, #8
    orrs r0, r3
    lsrs r3, r2, #1                 // carry: an even power of two
    bcc 1f
    lsrs r0, #1
1:  adds r2, #125                   // x = r0 / 2^30 in 1..4
    lsrs r2, #1
    lsls r2, #23
    mov r12, r2                     // exponent less one
    lsrs r1, r0, #25
    ldr r2, =reciprocal_roots - 32
    ldrb r1, [r2, r1]               // y = 2^8 / sqrt(x)
    movs r2, r1
    muls r2, r1
    lsrs r3, r0, #16
    muls r2, r3
    movs r4, #3
    lsls r4, #30
    subs r4, r2
    lsrs r4, #8
    muls r1, r4
    lsrs r1, #16                    // y (3 - x y^2) / 2, scaled by 2^15
    muls r3, r1
    lsrs r3, #14                    // s = 2^15 sqrt(x)
    movs r2, r3
    muls r2, r3
    subs r4, r0, r2
    asrs r4, #4
    muls r4, r1                     // (x - s^2) y / 2
    asrs r4, #18
    adds r4, #1
    asrs r4, #1
    lsls r3, #8
    adds r3, r4                     // n = 2^23 sqrt(x), at most one off
    movs r2, r3
    muls r2, r3
    lsls r0, #16
    subs r0, r2                     // x - n^2
    cmp r0, r3
    bgt 3f
    adds r0, r3
    ble 4f
2:  mov r0, r12
    adds r0, r3
    pop {r4, pc}
3:  adds r3, #1
    b 2b
4:  subs r3, #1
    b 2b
fsqrt_zero:
    lsrs r0, #31
    lsls r0, #31
    spend 12, r1
    bx lr
fsqrt_negative:
    movs r0, #1
    lsls r0, #31
    movs r1, #255
    lsls r1, #23
    orrs r0, r1
    bx lr
fsqrt_infinite:
    movs r0, #255
    lsls r0, #23
    bx lr

// -1, 0 or 1 as a <, = or > b; both zeros are equal.
rom_function rom_fcmp
    spend 5
    lsls r2, r0, #1
    lsrs r2, #24
    beq 5f
    cmp r2, #255
    beq 6f
1:  lsls r3, r1, #1
    lsrs r3, #24
    beq 7f
    cmp r3, #255
    beq 8f
2:  movs r2, r0
    ands r2, r1
    bmi 4f                          // both negative: the larger magnitude is less
    cmp r0, r1
    bgt 3f
    beq 9f
    movs r0, #1
    rsbs r0, #0
    bx lr
3:  movs r0, #1
    bx lr
4:  cmp r1, r0
    bgt 3b
    beq 9f
    movs r0, #1
    rsbs r0, #0
    bx lr
9:  movs r0, #0
    bx lr
5:  movs r0, #0
    b 1b
6:  lsrs r0, #23
    lsls r0, #23
    b 1b
7:  movs r1, #0
    b 2b
8:  lsrs r1, #23
    lsls r1, #23
    b 2b
    .ltorg

    .section .rodata
    .include "tables.inc"
