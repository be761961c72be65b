// Conversions between integers, fixed point, single and double precision (datasheet 2.8.3.2.2): to floating point
// rounded to nearest even, to integers rounded towards minus infinity and clamped. `n` is the number of fraction bits.
//
// The rows of NOPs bring each routine to the average that the datasheet publishes.
    .include "macros.S"
    .text

// r0: magnitude, r1: exponent less one if its bit 31 were its leading one, r12: sign.
    .macro pack_single_32
    cmp r0, #0
    beq 9f
    bmi 6f
3:  subs r1, #1                     // a place at a time, five cycles each
    lsls r0, #1
    nop
    bpl 3b
4:  cmp r1, #254
    bhs 8f
    lsls r1, #23
5:  lsrs r2, r0, #8
    ldr r3, =0x7fffffff
    lsls r0, #24                    // carry: the last bit of the result
    adcs r0, r3                     // carry: round up
    adcs r2, r1
    mov r0, r12
    orrs r0, r2
    bx lr
6:  nop
    b 4b
8:  b single_unusual
9:  bx lr
    .endm

rom_function rom_int2float
    movs r1, #0
    spend 1
rom_function rom_fix2float
    lsrs r2, r0, #31
    lsls r2, #31
    mov r12, r2
    asrs r2, r0, #31
    eors r0, r2
    subs r0, r2
    movs r2, #157
    subs r1, r2, r1
    spend 20
    pack_single_32

rom_function rom_uint2float
    movs r1, #0
rom_function rom_ufix2float
    movs r2, #0
    mov r12, r2
    movs r2, #157
    subs r1, r2, r1
    spend 26
    pack_single_32

// r0: significand with leading one in bit 31, r1: exponent less one, out of range.
single_unusual:
    cmp r1, #0
    bge 1f
    adds r1, #1
    bne 2f
    ldr r2, =0xffffff7f             // rounds up to 2^-126?
    cmp r0, r2
    bls 2f
    movs r1, #1
    lsls r1, #23
    b 3f
1:  movs r1, #255
    lsls r1, #23
    b 3f
2:  movs r1, #0
3:  mov r0, r12
    orrs r0, r1
    bx lr

    .ltorg

rom_function rom_int642float
    movs r2, #0
    spend 1
rom_function rom_fix642float
    lsrs r3, r1, #31
    lsls r3, #31
    mov r12, r3
    beq from_64_single
    movs r3, #0
    rsbs r0, r0, #0
    sbcs r3, r1
    mov r1, r3
    b from_64_single
rom_function rom_uint642float
    movs r2, #0
rom_function rom_ufix642float
    movs r3, #0
    mov r12, r3
    spend 7
from_64_single:
    spend 11
    push {r4, lr}
    movs r3, #189
    subs r2, r3, r2
    movs r3, r1
    orrs r3, r0
    beq 1f
2:  lsrs r3, r1, #24                // seven places at a time, ten cycles each
    bne 3f
    lsls r1, #7
    lsrs r3, r0, #25
    orrs r1, r3
    lsls r0, #7
    subs r2, #7
    nop
    b 2b
3:  cmp r1, #0
    bmi 5f
4:  subs r2, #1                     // one place, five cycles each
    adds r0, r0
    adcs r1, r1
    bpl 4b
5:  subs r0, #1                     // carry: there is something below
    bcc 6f
    movs r0, #1
    orrs r1, r0
6:  cmp r2, #254
    bhs 9f
    lsls r2, #23
    lsrs r3, r1, #8
    ldr r4, =0x7fffffff
    lsls r1, #24
    adcs r1, r4
    adcs r3, r2
    mov r0, r12
    orrs r0, r3
    pop {r4, pc}
9:  mov r0, r1
    mov r1, r2
    pop {r4}
    pop {r2}
    mov lr, r2
    b single_unusual
1:  movs r0, #0
    pop {r4, pc}

    .ltorg

rom_function rom_float2int
    movs r1, #0
rom_function rom_float2fix
    lsls r2, r0, #1
    lsrs r2, #24
    beq 4f
    cmp r2, #255
    beq 5f
    adds r2, r1
    movs r3, #158
    subs r2, r3, r2                 // places to shift right
    ble 5f
    cmp r2, #31
    bhi 6f
    movs r3, #1
    lsls r3, #31
    lsls r1, r0, #8
    orrs r1, r3
    asrs r0, #31                    // floor(-m / 2^s) = ~((m - 1) >> s)
    adds r1, r0
    lsrs r1, r2
    eors r0, r1
    spend 18
    bx lr
4:  movs r0, #0
    spend 31, r1
    bx lr
5:  asrs r0, #31
    movs r1, #1
    lsls r1, #31
    mvns r1, r1
    eors r0, r1
    spend 21, r1
    bx lr
6:  asrs r0, #31
    spend 24, r1
    bx lr

rom_function rom_float2uint
    movs r1, #0
rom_function rom_float2ufix
    lsls r2, r0, #1
    lsrs r2, #24
    beq 4f
    cmp r0, #0
    bmi 4f
    cmp r2, #255
    beq 5f
    adds r2, r1
    movs r3, #158
    subs r2, r3, r2
    blt 5f
    cmp r2, #31
    bhi 4f
    movs r3, #1
    lsls r3, #31
    lsls r0, #8
    orrs r0, r3
    lsrs r0, r2
    spend 18
    bx lr
4:  movs r0, #0
    spend 21, r1
    bx lr
5:  movs r0, #0
    mvns r0, r0
    spend 19, r1
    bx lr

rom_function rom_float2int64
    movs r1, #0
rom_function rom_float2fix64
    mov r12, r0
    lsls r2, r0, #1
    lsrs r2, #24
    beq float_zero_64
    cmp r2, #255
    beq clamp_64
    adds r2, r1
    movs r3, #190
    subs r2, r3, r2
    ble clamp_64
    movs r3, #1
    lsls r3, #31
    lsls r1, r0, #8
    orrs r1, r3
    movs r0, #0
    spend 11
// r1:r0: magnitude with leading one in bit 63, r2: places to shift right (1 or more), r12: sign.
floor_64:
    mov r3, r12
    asrs r3, #31
    adds r0, r3                     // m - 1 if negative
    adcs r1, r3
    cmp r2, #32
    bhs 1f
    push {r4, lr}
    lsrs r0, r2
    movs r4, #32
    subs r4, r2
    mov lr, r1
    lsls r1, r4
    orrs r0, r1
    mov r1, lr
    lsrs r1, r2
    eors r0, r3
    eors r1, r3
    spend 2
    pop {r4, pc}
1:  subs r2, #32
    cmp r2, #32
    bhs 2f
    lsrs r1, r2
    mov r0, r1
    eors r0, r3
    mov r1, r3
    spend 11
    bx lr
2:  mov r0, r3
    mov r1, r3
    spend 12, r2
    bx lr
float_zero_64:
    spend 21, r2
zero_64:
    movs r0, #0
    movs r1, #0
    bx lr
clamp_64:                           // 0x7f.. or 0x80..
    mov r1, r12
    asrs r1, #31
    mvns r0, r1
    movs r2, #1
    lsls r2, #31
    mvns r2, r2
    eors r1, r2
    bx lr

rom_function rom_float2uint64
    movs r1, #0
rom_function rom_float2ufix64
    lsls r2, r0, #1
    lsrs r2, #24
    beq zero_64
    cmp r0, #0
    bmi zero_64
    cmp r2, #255
    beq ones_64
    adds r2, r1
    movs r3, #190
    subs r2, r3, r2
    blt ones_64
    movs r3, #1
    lsls r3, #31
    lsls r1, r0, #8
    orrs r1, r3
    movs r0, #0
    spend 6
// r1:r0 shifted right by r2 places.
shift_64:
    cmp r2, #32
    bhs 1f
    push {r4, lr}
    lsrs r0, r2
    movs r3, #32
    subs r3, r2
    mov r4, r1
    lsls r4, r3
    orrs r0, r4
    lsrs r1, r2
    nop
    pop {r4, pc}
1:  subs r2, #32
    cmp r2, #32
    bhs 2f
    lsrs r1, r2
    mov r0, r1
    movs r1, #0
    spend 8
    bx lr
2:  spend 8
    b zero_64
ones_64:
    movs r0, #0
    mvns r0, r0
    mov r1, r0
    bx lr

rom_function rom_float2double
    lsls r1, r0, #1
    lsrs r2, r1, #24
    beq 1f
    cmp r2, #255
    beq 2f
    lsrs r1, #4
    movs r2, #7                     // 1023 - 127 in the exponent's place
    lsls r2, #27
    adds r1, r2
    lsrs r2, r0, #31
    lsls r2, #31
    orrs r1, r2
    lsls r0, #29
    bx lr
1:  lsrs r1, r0, #31
    lsls r1, #31
    movs r0, #0
    bx lr
2:  lsrs r1, r0, #31
    lsls r1, #31
    ldr r2, =0x7ff00000
    orrs r1, r2
    movs r0, #0
    bx lr

rom_function rom_double2float
    lsls r2, r1, #1
    movs r3, #7
    lsls r3, #28
    subs r2, r3
    lsrs r3, r2, #21
    subs r3, #1
    cmp r3, #254
    bhs 1f
    nop
    lsls r2, #2
    lsrs r3, r0, #29
    orrs r2, r3
    lsrs r1, #31
    lsls r1, #31
    orrs r1, r2
    ldr r3, =0x7fffffff
    lsls r0, #3                     // carry: the last bit of the result
    adcs r0, r3
    movs r0, #0
    adcs r0, r1
    bx lr
1:  lsls r3, r1, #1
    lsrs r3, #21
    beq 2f
    adds r2, r3, #0
    ldr r3, =1023 - 127
    subs r2, r3
    bgt 3f
    blt 2f
    lsls r3, r1, #12                // 2^-126 if all ones round up
    lsrs r3, #9
    lsrs r0, #29
    orrs r3, r0
    adds r3, #1
    lsrs r3, #23
    beq 2f
    lsls r3, #23
    lsrs r0, r1, #31
    lsls r0, #31
    orrs r0, r3
    bx lr
2:  lsrs r0, r1, #31
    lsls r0, #31
    bx lr
3:  lsrs r0, r1, #31
    lsls r0, #31
    movs r1, #255
    lsls r1, #23
    orrs r0, r1
    bx lr

    .ltorg

rom_function rom_int2double
    movs r1, #0
rom_function rom_fix2double
    mov r2, r1
    asrs r1, r0, #31
    b rom_fix642double
rom_function rom_uint2double
    movs r1, #0
rom_function rom_ufix2double
    mov r2, r1
    movs r1, #0
    b rom_ufix642double

rom_function rom_uint642double
    movs r2, #0
rom_function rom_ufix642double
    movs r3, #0
    mov r12, r3
    spend 1
    b from_64_double
rom_function rom_int642double
    movs r2, #0
rom_function rom_fix642double
    asrs r3, r1, #31
    eors r0, r3
    eors r1, r3
    subs r0, r3
    sbcs r1, r3
    lsls r3, #31
    mov r12, r3
// r1:r0: magnitude, r2: its fraction bits, r12: sign. Shifted a place at a time: six cycles each up to 53 bits (which
// need no rounding), five from there to 64. A lower word alone counts as an upper one.
from_64_double:
    ldr r3, =1085
    subs r2, r3, r2
    cmp r1, #0
    beq 8f
    spend 7
1:  lsrs r3, r1, #21
    bne 5f
10: subs r2, #11
    lsrs r3, r1, #20
    bne 3f
2:  adds r0, r0
    adcs r1, r1
    subs r2, #1
    lsrs r3, r1, #20
    beq 2b
3:  ldr r3, =2046
    cmp r2, r3
    bhs from_64_outside_exact
    lsls r2, #20
    adds r1, r2
    mov r2, r12
    orrs r1, r2
    bx lr
5:  cmp r1, #0
    bmi 7f
6:  subs r2, #1
    adds r0, r0
    adcs r1, r1
    bpl 6b
7:  ldr r3, =2046
    cmp r2, r3
    bhs from_64_outside
    lsls r2, #20
    lsrs r3, r1, #11
    adds r2, r3
    lsls r3, r0, #21                // what is rounded
    lsls r1, #21
    lsrs r0, #11
    orrs r0, r1
    lsrs r1, r0, #1                 // carry: the last bit of the result
    ldr r1, =0x7fffffff
    adcs r3, r1                     // carry: round up
    movs r1, #0
    adcs r0, r1
    adcs r2, r1
    mov r1, r12
    orrs r1, r2
    bx lr
8:  movs r1, r0
    beq 9f
    movs r0, #0
    subs r2, #32
    spend 2
    lsrs r3, r1, #21
    beq 10b
    spend 8                         // the published averages, over 32 random bits, are as much above the chip's source
    b 5b
9:  spend 6
    bx lr
from_64_outside_exact:              // leading one in bit 52: nothing below rounds up
    cmp r2, #0
    blt 3f
    b 2f
from_64_outside:
    cmp r2, #0
    bge 2f
    adds r2, #1
    bne 3f
    adds r1, #1                     // 2^-1022 if 54 ones round up
    bne 3f
    asrs r0, #10
    adds r0, #1
    bne 3f
    movs r0, #1
    lsls r2, r0, #20
    b 4f
2:  ldr r2, =0x7ff00000
    b 4f
3:  movs r2, #0
4:  movs r0, #0
    mov r1, r12
    orrs r1, r2
    bx lr

    .ltorg

// Significand of the double in r1:r0 with its leading one in bit 63.
    .macro significand_64 t
    lsrs \t, r0, #21
    lsls r0, #11
    lsls r1, #11
    orrs r1, \t
    movs \t, #1
    lsls \t, #31
    orrs r1, \t
    .endm

// Places to shift right in r2: `top` - exponent - n.
    .macro places top, zero, infinite
    lsls r3, r1, #1
    lsrs r3, #21
    beq \zero
    adds r2, r3
    adds r3, #1
    lsrs r3, #11
    bne \infinite
    ldr r3, =\top
    subs r2, r3, r2
    .endm

rom_function rom_double2int
    movs r2, #0
rom_function rom_double2fix
    mov r12, r1
    places 1023 + 31, 4f, 5f
    ble 5f
    cmp r2, #31
    bhi 6f
    significand_64 r3
    mov r3, r12
    asrs r3, #31
    adds r0, r3                     // m - 1 if negative
    adcs r1, r3
    lsrs r1, r2
    movs r0, r1
    eors r0, r3
    spend 44, r1
    bx lr
4:  movs r0, #0
    spend 68, r1
    bx lr
5:  mov r0, r12
    asrs r0, #31
    movs r1, #1
    lsls r1, #31
    mvns r1, r1
    eors r0, r1
    spend 51, r1
    bx lr
6:  mov r0, r12
    asrs r0, #31
    spend 53, r1
    bx lr

rom_function rom_double2uint
    movs r2, #0
rom_function rom_double2ufix
    cmp r1, #0
    bmi 4f
    places 1023 + 31, 4f, 5f
    blt 5f
    cmp r2, #31
    bhi 4f
    significand_64 r3
    lsrs r1, r2
    movs r0, r1
    spend 36, r1
    bx lr
4:  movs r0, #0
    spend 43, r1
    bx lr
5:  movs r0, #0
    mvns r0, r0
    spend 38, r1
    bx lr

rom_function rom_double2int64
    movs r2, #0
rom_function rom_double2fix64
    mov r12, r1
    places 1023 + 63, 4f, 5f
    ble 5f
    significand_64 r3
    spend 15
    b floor_64
4:  spend 52, r2
    b zero_64
5:  b clamp_64

rom_function rom_double2uint64
    movs r2, #0
rom_function rom_double2ufix64
    cmp r1, #0
    bmi 4f
    places 1023 + 63, 4f, 5f
    blt 5f
    significand_64 r3
    spend 11
    b shift_64
4:  spend 43, r2
    b zero_64
5:  b ones_64
    .ltorg
