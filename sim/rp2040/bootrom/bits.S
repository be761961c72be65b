// Bit counting and memory functions, callable with any alignment. Averages of the bit functions as published (datasheet
// table 164), which leave out the return.
    .include "macros.S"
    .text

// uint32_t popcount32(uint32_t): pairs, nibbles, bytes, then one multiply adds the bytes.
rom_function popcount32
    ldr r2, =0x55555555
    lsrs r1, r0, #1
    ands r1, r2
    subs r0, r1
    ldr r2, =0x33333333
    lsrs r1, r0, #2
    ands r1, r2
    ands r0, r2
    adds r0, r1
    lsrs r1, r0, #4
    adds r0, r1
    ldr r2, =0x0f0f0f0f
    ands r0, r2
    ldr r2, =0x01010101
    muls r0, r2
    lsrs r0, #24
    bx lr

    .macro swap_bits mask, distance
    ldr r2, =\mask
    lsrs r1, r0, #\distance
    ands r1, r2
    ands r0, r2
    lsls r0, #\distance
    orrs r0, r1
    .endm

// uint32_t reverse32(uint32_t)
rom_function reverse32
    rev r0, r0
    swap_bits 0x0f0f0f0f, 4
    swap_bits 0x33333333, 2
    swap_bits 0x55555555, 1
    bx lr

// uint32_t clz32(uint32_t): 32 for 0.
rom_function clz32
    lsrs r1, r0, #16
    bne 1f
    lsrs r1, r0, #8
    bne 2f
    adr r2, leading_zeros
    ldrb r0, [r2, r0]
    adds r0, #24
    nop
    bx lr
1:  lsrs r0, #24
    bne 3f
    adr r2, leading_zeros
    ldrb r0, [r2, r1]
    adds r0, #8
    nop
    bx lr
2:  adr r2, leading_zeros
    ldrb r0, [r2, r1]
    adds r0, #16
    nop
    bx lr
3:  adr r2, leading_zeros
    ldrb r0, [r2, r0]
    bx lr

// uint32_t ctz32(uint32_t): 32 for 0. The lowest set bit times a de Bruijn sequence has its place in the upper 5 bits.
rom_function ctz32
    rsbs r1, r0, #0
    ands r0, r1
    beq 1f
    ldr r1, =0x077cb531
    muls r0, r1
    lsrs r0, #27
    ldr r1, =de_bruijn_places
    ldrb r0, [r1, r0]
    bx lr
1:  movs r0, #32
    spend 6
    bx lr

    .balign 4
    .global leading_zeros
leading_zeros:
    .byte 8, 7, 6, 6, 5, 5, 5, 5
    .fill 8, 1, 4
    .fill 16, 1, 3
    .fill 32, 1, 2
    .fill 64, 1, 1
    .fill 128, 1, 0
de_bruijn_places:
    .byte 0, 1, 28, 2, 29, 14, 24, 3, 30, 22, 20, 15, 25, 17, 4, 8
    .byte 31, 27, 13, 23, 21, 19, 16, 7, 26, 12, 18, 6, 11, 5, 10, 9

// uint8_t *memset(uint8_t *to, uint8_t value, uint32_t bytes)
rom_function memset
    mov r12, r0
    lsls r3, r0, #30
    bne memset_align
// The same for addresses that are multiples of four.
rom_function memset4
    mov r12, r0
memset_words:
    uxtb r1, r1
    lsls r3, r1, #8
    orrs r1, r3
    lsls r3, r1, #16
    orrs r1, r3
    subs r2, #16
    bcc 2f
    push {r4, r5}
    mov r3, r1
    mov r4, r1
    mov r5, r1
1:  stm r0!, {r1, r3, r4, r5}
    subs r2, #16
    bcs 1b
    pop {r4, r5}
2:  lsls r2, #29                    // bytes left, above: 8, 4, 2, 1
    bcc 3f
    mov r3, r1
    stm r0!, {r1, r3}
3:  lsls r2, #1
    bcc 4f
    stm r0!, {r1}
4:  bmi 5f
    lsls r2, #1
    bpl 6f
    strb r1, [r0]
6:  mov r0, r12
    bx lr
5:  strb r1, [r0]
    strb r1, [r0, #1]
    lsls r2, #1
    bpl 6b
    strb r1, [r0, #2]
    b 6b
memset_align:
    subs r2, #1
    bcc 6b
    strb r1, [r0]
    adds r0, #1
    lsls r3, r0, #30
    bne memset_align
    b memset_words

// uint8_t *memcpy(uint8_t *to, const uint8_t *from, uint32_t bytes)
rom_function memcpy
    mov r12, r0
    movs r3, r0
    eors r3, r1
    lsls r3, #30                    // words only if both are as far from a multiple of four
    bne memcpy_bytes
1:  lsls r3, r0, #30
    beq memcpy_words
    subs r2, #1
    bcc memcpy_done
    ldrb r3, [r1]
    strb r3, [r0]
    adds r0, #1
    adds r1, #1
    b 1b
memcpy_bytes:
    push {r4, lr}
    cmp r2, #0
    beq 3f
    adds r0, r2
    adds r1, r2
    rsbs r2, #0
2:  ldrb r3, [r1, r2]
    strb r3, [r0, r2]
    adds r2, #1
    bne 2b
3:  mov r0, r12
    pop {r4, pc}
// The same for addresses that are multiples of four.
rom_function memcpy44
    mov r12, r0
memcpy_words:
    push {r4-r6}
    subs r2, #16
    bcc 5f
4:  ldm r1!, {r3-r6}
    stm r0!, {r3-r6}
    subs r2, #16
    bcs 4b
5:  lsls r2, #29                    // bytes left, above: 8, 4, 2, 1
    bcc 6f
    ldm r1!, {r3, r4}
    stm r0!, {r3, r4}
6:  lsls r2, #1
    bcc 7f
    ldm r1!, {r3}
    stm r0!, {r3}
7:  beq 9f
    bpl 8f
    ldrb r3, [r1]
    strb r3, [r0]
    ldrb r3, [r1, #1]
    strb r3, [r0, #1]
    lsls r2, #1
    bpl 9f
    ldrb r3, [r1, #2]
    strb r3, [r0, #2]
    b 9f
8:  ldrb r3, [r1]
    strb r3, [r0]
9:  pop {r4-r6}
memcpy_done:
    mov r0, r12
    bx lr
    .ltorg
