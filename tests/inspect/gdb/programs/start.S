// Runs from RAM, as after a download: core 0 enters at start with a stack at the end of SRAM.
    .syntax unified
    .cpu cortex-m0plus
    .section .vectors, "ax"
    .global start
    .thumb_func
start:
    ldr r0, =0xe000ed08     // VTOR
    ldr r1, =vectors
    str r1, [r0]
    bl main
1:  b 1b
    .ltorg
    .balign 256
    .global vectors
vectors:
    .word 0x20042000, start
    .rept 12
    .word fault
    .endr
    .word switch_tasks, fault
    .weak switch_tasks
    .set switch_tasks, no_tasks
    .text
    .thumb_func
no_tasks:                   // beside fault, so that a debugger has one name for each
    b no_tasks
    .global fault
    .thumb_func
    .type fault, %function
fault:
    b fault
    .size fault, . - fault
