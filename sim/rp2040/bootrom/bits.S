// Bit counting and memory functions, callable with any alignment.
    .syntax unified
    .cpu cortex-m0plus
    .thumb
    .text

    .macro rom_function name
    .global \name
    .type \name, %function
    .thumb_func
\name:
    .endm

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

// uint32_t ctz32(uint32_t): 32 for 0. The lowest set bit, less one, has as many ones as zeros below it.
rom_function ctz32
    rsbs r1, r0, #0
    ands r0, r1
    subs r0, #1
    b popcount32

// uint32_t clz32(uint32_t): 32 for 0. Smear the highest bit downwards and count what stays clear.
rom_function clz32
    .irp distance, 1, 2, 4, 8, 16
    lsrs r1, r0, #\distance
    orrs r0, r1
    .endr
    mvns r0, r0
    b popcount32

// uint8_t *memset(uint8_t *to, uint8_t value, uint32_t bytes)
rom_function memset
    mov r12, r0
    uxtb r1, r1
    lsls r3, r1, #8
    orrs r1, r3
    lsls r3, r1, #16
    orrs r1, r3
1:  cmp r2, #0
    beq 4f
    lsls r3, r0, #30                // bytes until the address is a multiple of four
    beq 2f
    strb r1, [r0]
    adds r0, #1
    subs r2, #1
    b 1b
2:  subs r2, #4
    bcc 3f
    stm r0!, {r1}
    b 2b
3:  adds r2, #4
5:  subs r2, #1
    bcc 4f
    strb r1, [r0, r2]
    b 5b
4:  mov r0, r12
    bx lr

// uint8_t *memcpy(uint8_t *to, const uint8_t *from, uint32_t bytes)
rom_function memcpy
    push {r0, r4, r5, lr}
    mov r3, r0
    orrs r3, r1
    lsls r3, #30                    // word copies only when both are aligned
    bne 3f
1:  subs r2, #8
    bcc 2f
    ldm r1!, {r4, r5}
    stm r0!, {r4, r5}
    b 1b
2:  adds r2, #8
3:  movs r3, #0
4:  cmp r3, r2
    beq 5f
    ldrb r4, [r1, r3]
    strb r4, [r0, r3]
    adds r3, #1
    b 4b
5:  pop {r0, r4, r5, pc}
