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

// Memory functions cost what the chip's cost for each length and alignment (its public source, run on this core). Fewer
// than 8 bytes, and copies whose ends are not as far from a multiple of four, go byte by byte from the last to the first.

// uint8_t *memset(uint8_t *to, uint8_t value, uint32_t bytes)
rom_function memset
    mov r12, r0
    cmp r2, #8
    blo memset_few
    uxtb r1, r1
    lsls r3, r1, #8
    orrs r1, r3
    spend 1
    lsls r3, r0, #31
    beq 1f
    strb r1, [r0]
    adds r0, #1
    subs r2, #1
1:  lsls r3, r0, #30
    beq memset_words
    strh r1, [r0]
    adds r0, #2
    subs r2, #2
    b memset_words
// The same for addresses that are multiples of four.
rom_function memset4
    mov r12, r0
    uxtb r1, r1
    lsls r3, r1, #8
    orrs r1, r3
memset_words:
    lsls r3, r1, #16
    orrs r1, r3
    mov r3, r1
    subs r2, #16
    bcc 2f
    push {r4, r5}
    mov r4, r1
    mov r5, r1
    nop
1:  stm r0!, {r1, r3, r4, r5}
    subs r2, #16
    bcs 1b
    pop {r4, r5}
2:  lsls r2, #29                    // bytes left, above: 8, 4, 2, 1
    bcc 3f
    stm r0!, {r1, r3}
3:  lsls r2, #1
    bcc 4f
    stm r0!, {r1}
4:  bmi 5f
    lsls r2, #1
    bpl 6f
    spend 4
    strb r1, [r0]
6:  mov r0, r12
    bx lr
5:  strb r1, [r0]
    strb r1, [r0, #1]
    lsls r2, #1
    bpl 6b
    strb r1, [r0, #2]
    b 6b
memset_few:
    adr r3, 1f
    subs r3, r2
    subs r3, r2
    spend 2
    mov pc, r3
    .balign 4
    nop
    strb r1, [r0, #6]
    strb r1, [r0, #5]
    strb r1, [r0, #4]
    strb r1, [r0, #3]
    strb r1, [r0, #2]
    strb r1, [r0, #1]
    strb r1, [r0]
1:  bx lr

// uint8_t *memcpy(uint8_t *to, const uint8_t *from, uint32_t bytes)
rom_function memcpy
    mov r12, r0
    cmp r2, #8
    blo copy_few
    subs r3, r0, r1
    lsls r3, #30
    bne copy_bytes
    nop
    lsls r3, r0, #31
    beq copy_even
    ldrb r3, [r1]
    strb r3, [r0]
    adds r0, #1
    adds r1, #1
    subs r2, #1
copy_halfword:
    lsls r3, r0, #30
    beq copy_aligned
    ldrh r3, [r1]
    strh r3, [r0]
    adds r0, #2
    adds r1, #2
    subs r2, #2
copy_words:
    push {r4-r6}
    subs r2, #16
    bcc 2f
1:  ldm r1!, {r3-r6}
    stm r0!, {r3-r6}
    subs r2, #16
    bcs 1b
2:  lsls r2, #29                    // bytes left, above: 8, 4, 2, 1
    bcc 3f
    ldm r1!, {r3, r4}
    stm r0!, {r3, r4}
3:  lsls r2, #1
    bcc 4f
    ldm r1!, {r3}
    stm r0!, {r3}
4:  beq 6f
    bpl 5f
    ldrh r3, [r1]
    strh r3, [r0]
    lsls r2, #1
    bpl 6f
    ldrb r3, [r1, #2]
    strb r3, [r0, #2]
    nop
    b 6f
5:  spend 2
    ldrb r3, [r1]
    strb r3, [r0]
6:  pop {r4-r6}
    mov r0, r12
    bx lr
copy_even:
    b copy_halfword
copy_aligned:
    b copy_words
copy_bytes:
    subs r2, #1
    ldrb r3, [r1, r2]
    strb r3, [r0, r2]
    bne copy_bytes
    mov r0, r12
    bx lr
// The same for addresses that are multiples of four.
rom_function memcpy44
    mov r12, r0
    cmp r2, #8
    blo copy_few
    b copy_words
copy_few:
    adr r3, 1f
    lsls r2, #2
    subs r3, r2
    spend 2
    mov pc, r3
    .balign 4
    .irp byte, 6, 5, 4, 3, 2, 1, 0
    ldrb r3, [r1, #\byte]
    strb r3, [r0, #\byte]
    .endr
1:  bx lr
    .ltorg
