// A second stage as SDK programs carry it: checks the flash's quad enable bit, enters continuous quad reads, and
// returns to its caller when it was copied to RAM and called there (LR not 0), else enters the vector table.
    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .equ SSI, 0x18000000
    .equ CTRLR0, 0x00
    .equ CTRLR1, 0x04
    .equ SSIENR, 0x08
    .equ BAUDR, 0x14
    .equ SR, 0x28
    .equ DR0, 0x60
    .equ RX_SAMPLE_DLY, 0xf0
    .equ SPI_CTRLR0, 0xf4
    .equ PADS_QSPI, 0x40020000

    .section .boot2, "ax"
    .global boot2
boot2:
    push {lr}
    ldr r3, =PADS_QSPI
    movs r0, #0x21                  // SCLK: 8 mA, fast slew
    str r0, [r3, #4]
    ldr r0, [r3, #8]
    movs r1, #2                     // data lines: no Schmitt trigger
    bics r0, r1
    str r0, [r3, #8]
    str r0, [r3, #12]
    str r0, [r3, #16]
    str r0, [r3, #20]

    ldr r3, =SSI
    movs r1, #0
    str r1, [r3, #SSIENR]
    movs r1, #4
    str r1, [r3, #BAUDR]
    movs r1, #1
    movs r2, #RX_SAMPLE_DLY
    str r1, [r3, r2]
    ldr r1, =7 << 16
    str r1, [r3, #CTRLR0]
    movs r1, #1
    str r1, [r3, #SSIENR]
    movs r0, #0x35
    bl read_status
    movs r2, #2
    cmp r0, r2
    beq 2f
    movs r1, #0x06                  // write enable
    str r1, [r3, #DR0]
    bl wait_idle
    ldr r1, [r3, #DR0]
    movs r1, #0x01                  // status registers 1 and 2
    str r1, [r3, #DR0]
    movs r0, #0
    str r0, [r3, #DR0]
    str r2, [r3, #DR0]
    bl wait_idle
    ldr r1, [r3, #DR0]
    ldr r1, [r3, #DR0]
    ldr r1, [r3, #DR0]
1:  movs r0, #0x05
    bl read_status
    movs r1, #1
    tst r0, r1
    bne 1b

2:  movs r1, #0
    str r1, [r3, #SSIENR]
    ldr r1, =0x005f0300             // quad, 32-bit frames, EEPROM read
    str r1, [r3, #CTRLR0]
    movs r1, #0
    str r1, [r3, #CTRLR1]
    ldr r1, =0x2221                 // instruction on one line, address and mode on four; 4 wait cycles
    movs r2, #SPI_CTRLR0 >> 1
    lsls r2, #1
    str r1, [r3, r2]
    movs r1, #1
    str r1, [r3, #SSIENR]
    movs r1, #0xeb
    str r1, [r3, #DR0]
    movs r1, #0xa0
    str r1, [r3, #DR0]
    bl wait_idle
    movs r1, #0
    str r1, [r3, #SSIENR]
    ldr r1, =0xa0002022             // mode bits instead of an instruction from now on
    str r1, [r3, r2]
    movs r1, #1
    str r1, [r3, #SSIENR]

    pop {r0}
    cmp r0, #0
    beq 3f
    bx r0
3:  ldr r0, =0x10000100
    ldr r1, =0xe000ed08
    str r0, [r1]
    ldmia r0, {r0, r1}
    msr msp, r0
    bx r1

// Until the FIFO is empty and the transfer over.
wait_idle:
    push {r0, r1, lr}
1:  ldr r1, [r3, #SR]
    movs r0, #4
    tst r1, r0
    beq 1b
    movs r0, #1
    tst r1, r0
    bne 1b
    pop {r0, r1, pc}

// r0: instruction, then the status that it reads.
read_status:
    push {r1, lr}
    str r0, [r3, #DR0]
    str r0, [r3, #DR0]
    bl wait_idle
    ldr r0, [r3, #DR0]
    ldr r0, [r3, #DR0]
    pop {r1, pc}

    .ltorg
