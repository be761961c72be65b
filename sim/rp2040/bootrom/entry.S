// Boot ROM: vectors, the public lookup interface, the entry of both cores and core 1's launch protocol.
// Written from the interface in the RP2040 datasheet, sections 2.8.1 to 2.8.3. No writable memory belongs
// to the ROM: user code calls into it at any time.
#include "rp2040_addresses.h"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .equ FIFO_ST_VLD, 1 << 0
    .equ FIFO_ST_RDY, 1 << 1
    .equ SCB_VTOR, SCB_BASE + SCB_VTOR_OFFSET
    .equ SCB_SCR_FROM_VTOR, 8
    .equ SCR_SLEEPDEEP, 1 << 2
    .equ WATCHDOG_SCRATCH4, WATCHDOG_BASE + WATCHDOG_SCRATCH_OFFSET + 4 * WATCHDOG_SCRATCH_STRIDE
    .equ CLOCKS_WAKE_EN0, CLOCKS_BASE + CLOCKS_WAKE_EN0_OFFSET

    .macro rom_function name
    .global \name
    .type \name, %function
    .thumb_func
\name:
    .endm

    .macro table_row first, second, target
    .byte \first, \second
    .hword \target
    .endm

    // 16-bit relocations do not carry the Thumb bit, so it is added by hand.
    .macro function_row first, second, target
    table_row \first, \second, \target + 1
    .endm

    .section .vectors, "ax"
    .word 0x20041f00                // initial stack: just below where boot2 is copied to
    .word rom_reset
    .word rom_nmi
    .word rom_hardfault
    .byte 'M', 'u', 1, 3            // magic, interface version, ROM version (as on B2 silicon)
    .hword function_table
    .hword data_table
    .hword rom_table_lookup + 1
    .hword 0

// uint16_t *rom_table_lookup(uint16_t *table, uint32_t code): 0 when the code is absent.
rom_function rom_table_lookup
    ldrh r2, [r0]
    cmp r2, #0
    beq 2f
    cmp r2, r1
    beq 1f
    adds r0, #4
    b rom_table_lookup
1:  ldrh r2, [r0, #2]
2:  mov r0, r2
    bx lr

    .text
rom_function rom_hardfault
1:  wfi
    b 1b

// An NMI during boot can only come from a stale SYSCFG mask; clear it for both cores.
rom_function rom_nmi
    ldr r0, =0x40004000
    movs r1, #0
    str r1, [r0, #0]
    str r1, [r0, #4]
    bx lr

rom_function rom_enable_clocks
    ldr r0, =CLOCKS_WAKE_EN0
    movs r1, #0
    mvns r1, r1
    str r1, [r0, #0]
    str r1, [r0, #4]
    bx lr

rom_function rom_reset
    ldr r0, =SIO_BASE
    ldr r0, [r0]                    // CPUID
    cmp r0, #0
    bne wait_for_vector
    bl rom_enable_clocks
    // Watchdog boot vector: magic, entry ^ -magic, stack, entry in SCRATCH4..7.
    ldr r4, =WATCHDOG_SCRATCH4
    ldm r4!, {r0-r3}
    ldr r5, =0xb007c0d3
    cmp r0, r5
    bne 1f
    eors r1, r3
    adds r1, r0
    bne 1f
    subs r4, #16
    str r1, [r4]                    // once only
    msr msp, r2
    blx r3
1:  bl boot_from_flash              // returns only when there is nothing to boot
rom_function rom_no_boot_source
    bkpt #0x42                      // stops the run: nothing to boot
    b rom_no_boot_source
rom_function rom_usb_boot
    bkpt #0x43                      // in an image that was given, stops the run: the model does not take over then
1:  wfi                             // the model lets the chip wait here
    b 1b

// Core 1 sleeps here until core 0 sends 0, 0, 1, VTOR, SP, entry over the SIO FIFO and sees each word echoed. A mismatch
// or a 0 starts over. Programs that never wait for the echoes depend on how long each step takes: 5 cycles for a word
// that is thrown away, 12 from there to the announcement, 5 from a sent word to WFE, 9 from WFE to the word's use.
// r4 = SIO, r5 = where send goes on, r6 = SCB_VTOR.
rom_function wait_for_vector
    ldr r4, =SIO_BASE
    ldr r6, =SCB_VTOR
    movs r0, #SCR_SLEEPDEEP
    str r0, [r6, #SCB_SCR_FROM_VTOR]
discard:
    ldr r0, [r4, #SIO_FIFO_RD_OFFSET]      // reading an empty FIFO does no harm
restart:
    ldr r0, [r4, #SIO_FIFO_ST_OFFSET]
    lsrs r0, #1                     // VLD
    bcs discard
    adr r5, receive
    movs r0, #0
    bl send                         // announce with 0; the answer must be 1
    cmp r0, #1
    bne restart
    bl send                         // echo 1, receive the vector table
    str r0, [r6]
    bl send                         // echo it, receive the stack pointer
    msr msp, r0
    bl send                         // echo it, receive the entry point
    adr r5, launch
    bl send
    .balign 4
launch:
    movs r1, #0
    str r1, [r6, #SCB_SCR_FROM_VTOR]
    blx r0
    b rom_hardfault

    .balign 4
receive:                            // waits for a word into r0; 0 means that core 0 starts over
    wfe
    ldr r0, [r4, #SIO_FIFO_ST_OFFSET]
    lsrs r0, #1
    bcc receive
    ldr r0, [r4, #SIO_FIFO_RD_OFFSET]
    cmp r0, #0
    beq restart
    bx lr

send_full:
    wfe
send:                               // sends r0, then goes on at r5
    ldr r1, [r4, #SIO_FIFO_ST_OFFSET]
    lsrs r1, #2                     // RDY
    bcc send_full
    str r0, [r4, #SIO_FIFO_WR_OFFSET]
    sev
    adds r7, r5, #1                 // the Thumb bit, which ADR leaves out
    bx r7

// For debuggers: call r7 with r0-r3, stop on return.
rom_function debug_trampoline
    movs r6, #1
    orrs r7, r6
    blx r7
rom_function debug_trampoline_end
    bkpt #0
    b debug_trampoline

    .section .tables, "a"
    .balign 2
function_table:
    function_row 'P', '3', popcount32
    function_row 'R', '3', reverse32
    function_row 'L', '3', clz32
    function_row 'T', '3', ctz32
    function_row 'M', 'S', memset
    function_row 'S', '4', memset4
    function_row 'M', 'C', memcpy
    function_row 'C', '4', memcpy44
    function_row 'U', 'B', reset_to_usb_boot
    function_row 'D', 'T', debug_trampoline
    function_row 'D', 'E', debug_trampoline_end
    function_row 'W', 'V', wait_for_vector
    function_row 'I', 'F', connect_internal_flash
    function_row 'E', 'X', flash_exit_xip
    function_row 'R', 'E', flash_range_erase
    function_row 'R', 'P', flash_range_program
    function_row 'F', 'C', flash_flush_cache
    function_row 'C', 'X', flash_enter_cmd_xip
    function_row 'E', 'C', rom_enable_clocks
    .hword 0

data_table:
    table_row 'G', 'R', git_revision
    table_row 'C', 'R', copyright
    table_row 'S', 'F', soft_float_table
    table_row 'S', 'D', soft_double_table
    .hword 0

    .balign 4
git_revision: .word 0x656d6277      // "embw": distinguishes this ROM from the silicon's
copyright:    .asciz "(C) Emberwatch contributors, Apache-2.0"
