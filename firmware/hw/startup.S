// Vector table and C runtime start, entered from boot2 with MSP set from the first vector.
#include "hw/rp2040_addresses.h"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .section .vectors, "a"
    .global vector_table
vector_table:
    .word __stack_top
    .word reset_handler
    .word nmi_handler
    .word hard_fault_handler
    .rept 7
    .word default_handler       // reserved by ARMv6-M
    .endr
    .word svc_handler
    .word default_handler
    .word default_handler
    .word pendsv_handler
    .word systick_handler
    .irp name, IRQ_NAMES
    .word irq_\name
    .endr
    .rept 6
    .word default_handler       // interrupts 26 to 31 have no source
    .endr

    .section .text.reset_handler, "ax", %progbits
    .global reset_handler
    .type reset_handler, %function
    .thumb_func
reset_handler:
    // Paint the stack before anything uses it: memory_stack_unused() looks for the first changed word.
    // The painted value is never a plausible address.
    ldr r0, =__stack_bottom
    ldr r1, =__stack_top
    ldr r2, =0x5aa5c33c
1:  stmia r0!, {r2}
    cmp r0, r1
    blo 1b

    // Load image to run image: __copy_table holds {source, start, end} per section.
    ldr r4, =__copy_table_start
    ldr r5, =__copy_table_end
2:  cmp r4, r5
    bhs 4f
    ldmia r4!, {r0, r1, r2}
    b 31f
3:  ldmia r0!, {r3}
    stmia r1!, {r3}
31: cmp r1, r2
    blo 3b
    b 2b

4:  ldr r0, =__bss_start
    ldr r1, =__bss_end
    movs r2, #0
    b 51f
5:  stmia r0!, {r2}
51: cmp r0, r1
    blo 5b

    bl main
    b default_handler           // main never returns
    .ltorg
    .size reset_handler, . - reset_handler

    // A HardFault passes the address of the faulting instruction on: the exception frame's return
    // address lies at MSP+24 (only the main stack is used).
    .section .text.hard_fault_handler, "ax", %progbits
    .global hard_fault_handler
    .type hard_fault_handler, %function
    .thumb_func
hard_fault_handler:
    mrs r0, msp
    ldr r0, [r0, #24]
    ldr r1, =fault_reboot
    bx r1
    .ltorg
    .size hard_fault_handler, . - hard_fault_handler

    // An interrupt that nobody enabled: reported like a fault at the vector's number.
    .section .text.default_handler, "ax", %progbits
    .global default_handler
    .type default_handler, %function
    .thumb_func
default_handler:
    mrs r0, ipsr
    ldr r1, =fault_reboot
    bx r1
    .ltorg
    .size default_handler, . - default_handler

    .macro weak_handler name
    .weak \name
    .thumb_set \name, default_handler
    .endm
    .irp name, nmi_handler, svc_handler, pendsv_handler, systick_handler
    weak_handler \name
    .endr
    .irp name, IRQ_NAMES
    weak_handler irq_\name
    .endr
