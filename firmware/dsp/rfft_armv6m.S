// The FFT's stages for ARMv6-M; rfft_stages.c says what they compute. Cycles are for zero-wait SRAM.
#if defined(__ARM_ARCH_6M__)
        .syntax unified
        .cpu    cortex-m0plus
        .thumb
        .section .ram_text.rfft, "ax", %progbits
        .p2align 2

        .equ    POINT, 8                // bytes of a complex number
        .equ    POINTS, 128

.macro  push_all
        push    {r4-r7, lr}
        mov     r4, r8
        mov     r5, r9
        mov     r6, r10
        mov     r7, r11
        push    {r4-r7}
.endm

.macro  pop_all
        pop     {r4-r7}
        mov     r8, r4
        mov     r9, r5
        mov     r10, r6
        mov     r11, r7
        pop     {r4-r7, pc}
.endm

// int32_t rfft_window_shift(const int16_t in[256])
// The highest set bit of x ^ 2x is at the number of magnitude bits of x. Two samples at once: what crosses from the low
// half into bit 0 of the high half stands for "no magnitude bits or more" and does no harm.
        .global rfft_window_shift
        .type   rfft_window_shift, %function
        .thumb_func
rfft_window_shift:
        push    {r4-r7, lr}
        movs    r1, #1                  // at least 1
        movs    r7, #16
1:      ldmia   r0!, {r2-r5}
        lsls    r6, r2, #1
        eors    r6, r2
        orrs    r1, r6
        lsls    r6, r3, #1
        eors    r6, r3
        orrs    r1, r6
        lsls    r6, r4, #1
        eors    r6, r4
        orrs    r1, r6
        lsls    r6, r5, #1
        eors    r6, r5
        orrs    r1, r6
        ldmia   r0!, {r2-r5}
        lsls    r6, r2, #1
        eors    r6, r2
        orrs    r1, r6
        lsls    r6, r3, #1
        eors    r6, r3
        orrs    r1, r6
        lsls    r6, r4, #1
        eors    r6, r4
        orrs    r1, r6
        lsls    r6, r5, #1
        eors    r6, r5
        orrs    r1, r6
        subs    r7, #1
        bne     1b
        lsrs    r2, r1, #16
        orrs    r1, r2
        lsls    r1, r1, #16
        movs    r0, #17
2:      subs    r0, #1
        lsls    r1, r1, #1
        bcc     2b
        pop     {r4-r7, pc}
        .size   rfft_window_shift, . - rfft_window_shift

// Point at r0 + \offset times its window at r1 + \offset, shifted right by r7: r5 + i r3. Clobbers r4, r6. 12 cycles.
.macro  windowed offset
  .ifc "\offset", "#0"
        ldr     r3, [r0]
        ldr     r4, [r1]
  .else
        ldr     r3, [r0, \offset]
        ldr     r4, [r1, \offset]
  .endif
        sxth    r5, r3
        asrs    r3, r3, #16
        uxth    r6, r4
        lsrs    r4, r4, #16
        muls    r5, r6
        muls    r3, r4
        asrs    r5, r7
        asrs    r3, r7
.endm

// void rfft_first_stage(const int16_t in[256], const uint16_t window[256], int32_t shift, rfft_complex_t z[128])
// 32 butterflies. r0 input, r1 window, walking together over b, whose bits from the lowest are a binary digit p and two
// quaternary digits r, q: q runs fastest, p slowest, and z is written in sequence. r8-r11 even sums and differences,
// r12, lr leg 1. [sp] z, [sp, #4] shift, [sp, #8] input at the end of a run of q, [sp, #12] runs of q left.
        .global rfft_first_stage
        .type   rfft_first_stage, %function
        .thumb_func
rfft_first_stage:
        push_all
        mov     r7, r2
        mov     r2, r3
        mov     r3, r7
        mov     r4, r0
        adds    r4, #128
        movs    r5, #8
        push    {r2-r5}
1:      windowed #0
        mov     r8, r5
        mov     r9, r3
        movs    r2, #128
        lsls    r2, r2, #1
        windowed r2                     // leg 2
        mov     r4, r8
        subs    r4, r4, r5
        mov     r10, r4
        add     r8, r5
        mov     r4, r9
        subs    r4, r4, r3
        mov     r11, r4
        add     r9, r3
        movs    r2, #128
        windowed r2                     // leg 1
        mov     r12, r5
        mov     lr, r3
        movs    r2, #192
        lsls    r2, r2, #1
        windowed r2                     // leg 3
        mov     r4, r12
        adds    r6, r4, r5              // odd sum
        subs    r4, r4, r5              // odd difference
        mov     r5, lr
        adds    r2, r5, r3
        subs    r5, r5, r3
        ldr     r7, [sp]
        mov     r3, r8
        subs    r3, r3, r6
        str     r3, [r7, #2 * POINT]
        add     r6, r8
        mov     r3, r9
        subs    r3, r3, r2
        str     r3, [r7, #2 * POINT + 4]
        add     r2, r9
        str     r6, [r7]
        str     r2, [r7, #4]
        mov     r3, r10
        subs    r3, r3, r5
        str     r3, [r7, #3 * POINT]
        add     r5, r10
        str     r5, [r7, #POINT]
        mov     r3, r11
        subs    r3, r3, r4
        str     r3, [r7, #POINT + 4]
        add     r4, r11
        str     r4, [r7, #3 * POINT + 4]
        adds    r7, #4 * POINT
        str     r7, [sp]
        ldr     r7, [sp, #4]
        adds    r0, #32
        adds    r1, #32
        ldr     r2, [sp, #8]
        cmp     r0, r2
        bne     1b
        subs    r0, #128 - 8            // next r
        subs    r1, #128 - 8
        adds    r2, #8
        ldr     r3, [sp, #12]
        subs    r3, #1
        str     r3, [sp, #12]
        cmp     r3, #4
        bne     2f
        subs    r0, #32 - 4             // next p
        subs    r1, #32 - 4
        subs    r2, #32 - 4
2:      str     r2, [sp, #8]
        cmp     r3, #0
        bne     1b
        add     sp, #16
        pop_all
        .size   rfft_first_stage, . - rfft_first_stage

// Loads the point at r0, which moves on by 8, rotates it by the twiddle at r1, which moves on too, and scales by 1/4:
// r6 + i r5. r8 is the rounding constant. 18 cycles.
.macro  rotated
        ldmia   r1!, {r2, r3}
        ldmia   r0!, {r4, r5}
        mov     r6, r4
        muls    r6, r2
        mov     r7, r5
        muls    r7, r3
        adds    r6, r6, r7
        muls    r5, r2
        muls    r4, r3
        subs    r5, r5, r4
        add     r6, r8
        asrs    r6, r6, #17
        add     r5, r8
        asrs    r5, r5, #17
.endm

// Same without rotation: \re + i \im, by way of \raw. 7 cycles.
.macro  scaled re, im, raw
        ldmia   r0!, {\re, \raw}
        adds    \re, #2
        asrs    \re, \re, #2
        adds    \raw, #2
        asrs    \im, \raw, #2
.endm

// r0 += \bytes, which may take two instructions.
.macro  move bytes
  .if   (\bytes) > 255
        adds    r0, #255
        adds    r0, #((\bytes) - 255)
  .elseif (\bytes) >= 0
        adds    r0, #(\bytes)
  .elseif (\bytes) >= -255
        subs    r0, #(-(\bytes))
  .else
        subs    r0, #255
        subs    r0, #(-(\bytes) - 255)
  .endif
.endm

// Radix-4 butterfly over the points r0 + 0, 1, 2, 3 times \span bytes; r0 moves on by one point.
// Legs 1 and 3 first: r9, r10 their sum, r11, r12 their difference. Then leg 2 and last leg 0, which is never rotated.
.macro  butterfly span, trivial
        move    \span
  .if \trivial
        scaled  r6, r5, r7
  .else
        rotated
  .endif
        mov     r9, r6
        mov     r10, r5
        move    2 * \span - POINT
  .if \trivial
        scaled  r6, r5, r7
  .else
        rotated
  .endif
        mov     r4, r9
        subs    r4, r4, r6
        mov     r11, r4
        add     r9, r6
        mov     r4, r10
        subs    r4, r4, r5
        mov     r12, r4
        add     r10, r5
        move    -\span - POINT
  .if \trivial
        scaled  r6, r5, r7
  .else
        rotated
  .endif
        move    -2 * \span - POINT
        scaled  r2, r3, r3
        subs    r0, #POINT
        subs    r4, r2, r6              // r4 + i r6 = leg 0 - leg 2, r2 + i r3 = leg 0 + leg 2
        adds    r2, r2, r6
        subs    r6, r3, r5
        adds    r3, r3, r5
        mov     r5, r9
        subs    r5, r2, r5
        add     r2, r9
        mov     r7, r10
        subs    r7, r3, r7
        add     r3, r10
        stmia   r0!, {r2, r3}           // point 0
        move    2 * \span - POINT
        stmia   r0!, {r5, r7}           // point 2
        mov     r2, r12
        subs    r2, r4, r2
        add     r4, r12
        mov     r5, r11
        subs    r5, r6, r5
        add     r6, r11
        move    -\span - POINT
        stmia   r0!, {r4, r5}           // point 1
        move    2 * \span - POINT
        stmia   r0!, {r2, r6}           // point 3
        move    -3 * \span
.endm

// All blocks of four transforms of \points points. [sp] end of z; lr end of the twiddles.
.macro  radix4_stage points, twiddles
        ldr     r1, =\twiddles
        ldr     r2, =(\points - 1) * 24
        adds    r2, r2, r1
        mov     lr, r2
1:      butterfly \points * POINT, 1
        ldr     r1, =\twiddles
2:      butterfly \points * POINT, 0
        cmp     r1, lr
        bne     2b
        move    3 * \points * POINT
        ldr     r2, [sp]
        cmp     r0, r2
        beq     3f
        b       1b
3:
.endm

// void rfft_middle_stages(rfft_complex_t z[128])
// 64 butterflies, 10 of them without rotation.
        .global rfft_middle_stages
        .type   rfft_middle_stages, %function
        .thumb_func
rfft_middle_stages:
        push_all
        movs    r2, #1
        lsls    r1, r2, #16
        mov     r8, r1
        lsls    r1, r2, #10             // bytes of z
        adds    r1, r1, r0
        push    {r1}
        radix4_stage 4, rfft_twiddles_16
        movs    r1, #POINTS
        lsls    r1, r1, #3
        subs    r0, r0, r1
        radix4_stage 16, rfft_twiddles_64
        add     sp, #4
        pop_all
        .pool
        .size   rfft_middle_stages, . - rfft_middle_stages

// (value + 1) / 2.
.macro  halve value
        adds    \value, #1
        asrs    \value, \value, #1
.endm

// Rounds r6 and the other register at bit \shift. Clobbers r7.
.macro  round other, shift
        movs    r7, #1
        lsls    r7, r7, #(\shift - 1)
        adds    r6, r6, r7
        asrs    r6, r6, #\shift
        adds    \other, \other, r7
        asrs    \other, \other, #\shift
.endm

// Powers of a bin and its mirror, r0 and r5, from sum r0 + i r1 and difference r5 + i r6 of the points, and the twiddle
// of 256. Clobbers r4, r7. 30 cycles.
.macro  split cosine, sine
        mov     r4, r5
        muls    r4, \cosine
        mov     r7, r6
        muls    r7, \sine
        adds    r4, r4, r7
        muls    r6, \cosine
        muls    r5, \sine
        subs    r6, r6, r5
        round   r4, 15
        adds    r0, #2
        adds    r1, #2
        subs    r5, r0, r6
        adds    r0, r0, r6
        subs    r6, r1, r4
        adds    r1, r1, r4
        asrs    r0, r0, #2
        asrs    r6, r6, #2
        asrs    r5, r5, #2
        asrs    r1, r1, #2
        muls    r0, r0
        muls    r6, r6
        adds    r0, r0, r6
        muls    r5, r5
        muls    r1, r1
        adds    r5, r5, r1
.endm

// Stores the powers at \near and \far + 64 points.
.macro  store_powers near, far
        mov     r1, \near
        str     r0, [r1]
        movs    r1, #128
        lsls    r1, r1, #2
        add     r1, \far
        str     r5, [r1]
.endm

// void rfft_last_stage_power(rfft_complex_t z[128])
// 32 steps. r8 address of point k, r9 of point 64 - k; r10-r12, lr what the second split waits for; [sp] twiddles.
        .global rfft_last_stage_power
        .type   rfft_last_stage_power, %function
        .thumb_func
rfft_last_stage_power:
        push_all
        adds    r0, #POINT
        mov     r8, r0
        adds    r0, #248
        adds    r0, #248
        mov     r9, r0
        ldr     r1, =rfft_twiddles_last
        push    {r1}
1:      ldr     r1, [sp]
        ldmia   r1!, {r2, r3}
        str     r1, [sp]
        movs    r0, #128
        lsls    r0, r0, #2
        add     r0, r8
        ldmia   r0!, {r4, r5}           // point 64 + k, rotated by the twiddle of 128
        mov     r6, r4
        muls    r6, r2
        mov     r7, r5
        muls    r7, r3
        adds    r6, r6, r7
        muls    r5, r2
        muls    r4, r3
        subs    r5, r5, r4
        round   r5, 16
        mov     r10, r6
        mov     r11, r5
        movs    r0, #128
        lsls    r0, r0, #2
        add     r0, r9
        ldmia   r0!, {r4, r5}           // point 128 - k, rotated by half a turn less that twiddle
        mov     r6, r5
        muls    r6, r3
        mov     r7, r4
        muls    r7, r2
        subs    r6, r6, r7
        muls    r5, r2
        muls    r4, r3
        adds    r5, r5, r4
        rsbs    r5, r5, #0
        round   r5, 16
        mov     r0, r9
        ldmia   r0!, {r1, r2}
        halve   r1
        halve   r2
        subs    r3, r1, r6              // r3 + i r4 = Z[128 - k]
        adds    r1, r1, r6              // r1 + i r2 = Z[64 - k]
        subs    r4, r2, r5
        adds    r2, r2, r5
        mov     r0, r8
        ldmia   r0!, {r5, r6}
        halve   r5
        halve   r6
        mov     r7, r10
        subs    r7, r5, r7              // r7 + i r0 = Z[64 + k]
        add     r5, r10                 // r5 + i r6 = Z[k]
        mov     r0, r11
        subs    r0, r6, r0
        add     r6, r11
        mov     r10, r1                 // sum and difference for bins 64 - k, 64 + k
        add     r10, r7
        subs    r1, r1, r7
        mov     r12, r1
        subs    r7, r2, r0
        mov     r11, r7
        adds    r2, r2, r0
        mov     lr, r2
        adds    r0, r5, r3              // and for bins k, 128 - k
        subs    r5, r5, r3
        subs    r1, r6, r4
        adds    r6, r6, r4
        ldr     r7, [sp]
        ldmia   r7!, {r2, r3}
        str     r7, [sp]
        split   r2, r3
        store_powers r8, r9
        mov     r0, r10
        mov     r1, r11
        mov     r5, r12
        mov     r6, lr
        split   r3, r2
        store_powers r9, r8
        movs    r0, #POINT
        add     r8, r0
        rsbs    r0, r0, #0
        add     r9, r0
        cmp     r8, r9
        bhi     2f
        b       1b
2:      add     sp, #4
        pop_all
        .pool
        .size   rfft_last_stage_power, . - rfft_last_stage_power
#endif
