// Vector table and start-up: data copied, bss cleared, main called; its return is a BKPT, as SDK programs end.
    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .section .vectors, "ax"
    .global vectors
vectors:
    .word __stack_top
    .word reset_handler + 1
    .word unexpected + 1
    .word unexpected + 1
    .rept 7
    .word unexpected + 1
    .endr
    .word isr_svcall
    .word unexpected + 1
    .word unexpected + 1
    .word isr_pendsv
    .word isr_systick
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    .weak isr_irq\n
    .set isr_irq\n, unexpected
    .word isr_irq\n
    .endr
    .weak isr_svcall
    .set isr_svcall, unexpected
    .weak isr_pendsv
    .set isr_pendsv, unexpected
    .weak isr_systick
    .set isr_systick, unexpected

    .section .reset, "ax"
    .global reset_handler
    .type reset_handler, %function
    .thumb_func
reset_handler:
    ldr r0, =__stack_top
    msr msp, r0
    ldr r0, =vectors
    ldr r1, =0xe000ed08
    str r0, [r1]
    ldr r4, =copy_table
1:  ldmia r4!, {r1, r2, r3}         // source, destination, end
    cmp r1, #0
    beq 3f
2:  cmp r2, r3
    bhs 1b
    ldmia r1!, {r0}
    stmia r2!, {r0}
    b 2b
3:  ldr r1, =__bss_start
    ldr r2, =__bss_end
    movs r0, #0
4:  cmp r1, r2
    bhs 5f
    stmia r1!, {r0}
    b 4b
5:  ldr r0, =main                   // by address: main may be in RAM
    blx r0
    .type exit, %function
    .thumb_func
exit:
    bl _exit
    .size exit, . - exit
    .global _exit
    .type _exit, %function
    .thumb_func
_exit:
    bkpt #0
    b _exit
    .size _exit, . - _exit

    .type unexpected, %function
    .thumb_func
unexpected:
    bkpt #0
    b unexpected

    .balign 4
copy_table:
    .word __copy_source, __copy_start, __copy_end
    .word 0
    .ltorg
