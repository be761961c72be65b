// pdm_fir and pdm_half_band for ARMv6-M; pdm_stages.c says what they compute. Cycles are for zero-wait SRAM.
#if defined(__ARM_ARCH_6M__)
        .syntax unified
        .cpu    cortex-m0plus
        .thumb

// Offsets in pdm_state_t.
        .equ    BRANCH_A, 8
        .equ    BRANCH_B, 24
        .equ    DROOP, 36

// Coefficients of the half-band filter and the droop corrector, Q8 (training/dsp/tables.py).
#include "dsp/pdm_coefficients.inc"

        .section .ram_text.pdm, "ax", %progbits
        .p2align 2

// Adds the table entry at r0 + \table to the lanes. 6 cycles.
.macro  add_entry table, completing, following
        add     r0, \table
        ldmia   r0!, {r1, r2}
        adds    \completing, r1
        adds    \following, r2
.endm

// One word: 40 cycles. The completed output leaves in the low half of \completing, whose high half then is the younger
// output of the next word but one.
.macro  fir_word completing, following
        ldmia   r7!, {r5}
        lsls    r0, r5, #3              // byte 0, times 8 bytes an entry
        ands    r0, r6
        add_entry r8, \completing, \following
        lsrs    r0, r5, #5
        ands    r0, r6
        add_entry r9, \completing, \following
        lsrs    r0, r5, #13
        ands    r0, r6
        add_entry r10, \completing, \following
        lsrs    r0, r5, #21
        ands    r0, r6
        add_entry r11, \completing, \following
        lsls    r1, \completing, #16
        lsrs    r1, r1, #13
        lsrs    \completing, \completing, #16
        mov     r0, r12
        str     r1, [r7, r0]
.endm

// void pdm_fir(pdm_state_t* state, const uint32_t* words, int32_t* narrow, uint32_t pairs)
// r3, r4 lanes; r5 word; r6 mask of an index; r7 next word; r8-r11 tables of bytes 0-3; r12 from the word after the
// current one to its output; lr end of words.
        .global pdm_fir
        .type   pdm_fir, %function
        .thumb_func
pdm_fir:
        push    {r0, r4-r7, lr}
        mov     r4, r8
        mov     r5, r9
        mov     r6, r10
        mov     r7, r11
        push    {r4-r7}
        mov     r7, r1
        lsls    r3, r3, #3
        adds    r3, r3, r7
        mov     lr, r3
        subs    r2, r2, r7
        subs    r2, r2, #4              // r7 has moved on when the output is stored
        mov     r12, r2
        ldr     r1, =pdm_fir_table
        movs    r2, #1
        lsls    r2, r2, #11
        mov     r8, r1
        adds    r1, r1, r2
        mov     r9, r1
        adds    r1, r1, r2
        mov     r10, r1
        adds    r1, r1, r2
        mov     r11, r1
        movs    r6, #0xFF
        lsls    r6, r6, #3
        ldmia   r0!, {r3, r4}
        b       2f
1:      fir_word r3, r4
        fir_word r4, r3
2:      cmp     r7, lr
        bne     1b
        ldr     r0, [sp, #16]
        stmia   r0!, {r3, r4}
        pop     {r4-r7}
        mov     r8, r4
        mov     r9, r5
        mov     r10, r6
        mov     r11, r7
        pop     {r0, r4-r7, pc}
        .pool
        .size   pdm_fir, . - pdm_fir

// \output = \previous + ((c (\input - \last)) >> 8), then \previous = \input. 7 cycles.
.macro  all_pass output, input, last, previous, c
        mov     \output, \last
        subs    \output, \input, \output
        movs    r4, #\c
        muls    \output, r4
        asrs    \output, \output, #8
        add     \output, \previous
        mov     \previous, \input
.endm

// void pdm_half_band(pdm_state_t* state, const int32_t* narrow, int16_t* pcm, uint32_t pairs)
// 64 cycles a pair. r0 narrow; r1 pcm; r5, r12, lr branch B; r6 droop; r7 DC; r8-r11 branch A; [sp] end of pcm.
        .global pdm_half_band
        .type   pdm_half_band, %function
        .thumb_func
pdm_half_band:
        push    {r0, r4-r7, lr}
        mov     r4, r8
        mov     r5, r9
        mov     r6, r10
        mov     r7, r11
        push    {r4-r7}
        lsls    r3, r3, #1
        adds    r3, r3, r2
        push    {r2, r3}                // pcm, end of pcm
        adds    r0, #BRANCH_A
        ldmia   r0!, {r4-r7}
        mov     r8, r4
        mov     r9, r5
        mov     r10, r6
        mov     r11, r7
        ldmia   r0!, {r3-r7}
        mov     r12, r4
        mov     lr, r5
        mov     r5, r3
        mov     r0, r1
        mov     r1, r2
1:      ldmia   r0!, {r2}
        all_pass r3, r2, r12, r5, HALFBAND_B0
        all_pass r2, r3, lr, r12, HALFBAND_B1
        mov     lr, r2
        ldmia   r0!, {r2}
        all_pass r3, r2, r9, r8, HALFBAND_A0
        all_pass r2, r3, r10, r9, HALFBAND_A1
        all_pass r3, r2, r11, r10, HALFBAND_A2
        mov     r11, r3
        add     r3, lr
        asrs    r3, r3, #1
        subs    r6, r3, r6
        movs    r4, #DROOP_B
        muls    r6, r4
        asrs    r6, r6, #8
        adds    r6, r6, r3
        asrs    r3, r7, #9
        subs    r3, r6, r3
        adds    r7, r7, r3
        adds    r3, #4
        asrs    r3, r3, #3
        sxth    r4, r3
        cmp     r4, r3
        bne     3f
2:      strh    r4, [r1]
        adds    r1, #2
        ldr     r4, [sp, #4]
        cmp     r1, r4
        bne     1b
        ldr     r0, [sp, #24]
        adds    r0, #BRANCH_B
        mov     r1, r5
        mov     r2, r12
        mov     r3, lr
        stmia   r0!, {r1-r3, r6, r7}
        subs    r0, #(DROOP + 8 - BRANCH_A)
        mov     r1, r8
        mov     r2, r9
        mov     r3, r10
        mov     r4, r11
        stmia   r0!, {r1-r4}
        add     sp, #8
        pop     {r4-r7}
        mov     r8, r4
        mov     r9, r5
        mov     r10, r6
        mov     r11, r7
        pop     {r0, r4-r7, pc}
3:      asrs    r4, r3, #31             // out of range: 0x7FFF, or its complement when negative
        ldr     r3, =0x7FFF
        eors    r4, r3
        b       2b
        .pool
        .size   pdm_half_band, . - pdm_half_band
#endif
