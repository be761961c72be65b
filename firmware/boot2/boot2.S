// Second boot stage: makes the flash readable at full speed, then starts the program at 0x10000100.
//
// The boot ROM copies the first 256 bytes of flash to the top of SRAM, checks their CRC-32 and jumps here
// (datasheet 2.8.1.3), with the flash in the slow 1-bit mode of instruction 03h and LR = 0. A caller with
// LR != 0 (code that re-enters XIP after programming the flash) gets control back.
// The code is position independent, at most 252 bytes; the build pads it and adds the CRC.
//
// board.h selects how the flash is read (W25Q series data sheet, chapter "Instructions"):
//   FLASH_READ_QUAD    EBh, 4-bit address, mode and data, 4 dummy clocks; needs the QE bit of status register 2
//   FLASH_READ_DUAL    BBh, 2-bit address, mode and data, no dummy clocks
//   FLASH_READ_SERIAL  03h, 1 bit throughout, at most 50 MHz
// Quad and dual use continuous read: mode bits Axh tell the flash that the next access has no instruction byte.
// Cost of one 32-bit fetch in flash clocks: quad 8+4+8, dual 16+16, serial 8+24+32.
#include "board.h"
#include "hw/rp2040_addresses.h"

#define PAD_SLEWFAST (1 << 0)
#define PAD_SCHMITT (1 << 1)
#define PAD_DRIVE_8MA (2 << 4)

// SSI (DW_apb_ssi), datasheet 4.10
#define CTRLR0 XIP_SSI_CTRLR0_OFFSET
#define CTRLR1 XIP_SSI_CTRLR1_OFFSET
#define SSIENR XIP_SSI_SSIENR_OFFSET
#define BAUDR XIP_SSI_BAUDR_OFFSET
#define SR XIP_SSI_SR_OFFSET
#define DR0 XIP_SSI_DR_OFFSET
#define RX_SAMPLE_DLY XIP_SSI_RX_SAMPLE_DLY_OFFSET
#define SPI_CTRLR0 XIP_SSI_SPI_CTRLR0_OFFSET
#define SR_BUSY (1 << 0)
#define SR_TFE (1 << 2)

#define CTRLR0_FRF_STD (0 << 21)
#define CTRLR0_FRF_DUAL (1 << 21)
#define CTRLR0_FRF_QUAD (2 << 21)
#define CTRLR0_DFS_32(bits) (((bits) - 1) << 16)
#define CTRLR0_TX_AND_RX (0 << 8)
#define CTRLR0_EEPROM_READ (3 << 8)

#define SPI_CTRLR0_XIP_CMD(byte) ((byte) << 24)
#define SPI_CTRLR0_WAIT(clocks) ((clocks) << 11)
#define SPI_CTRLR0_INST_NONE (0 << 8)
#define SPI_CTRLR0_INST_8 (2 << 8)
#define SPI_CTRLR0_ADDR(bits) (((bits) / 4) << 2)
#define SPI_CTRLR0_1C1A 0   // instruction and address serial
#define SPI_CTRLR0_1C2A 1   // instruction serial, address in the frame format
#define SPI_CTRLR0_2C2A 2   // both in the frame format

// W25Q instructions
#define READ_STATUS_2 0x35
#define WRITE_STATUS_2 0x31
#define WRITE_ENABLE_VOLATILE 0x50
#define STATUS_2_QE 0x02
#define MODE_CONTINUOUS 0xa0

#if defined(FLASH_READ_QUAD)
#define READ_COMMAND 0xeb
#define FRAME CTRLR0_FRF_QUAD
#define WAIT_CLOCKS 4
#elif defined(FLASH_READ_DUAL)
#define READ_COMMAND 0xbb
#define FRAME CTRLR0_FRF_DUAL
#define WAIT_CLOCKS 0
#elif defined(FLASH_READ_SERIAL)
#define READ_COMMAND 0x03
#define FRAME CTRLR0_FRF_STD
#else
#error "board.h selects no FLASH_READ_ mode"
#endif

    .syntax unified
    .cpu cortex-m0plus
    .thumb
    .section .text, "ax", %progbits
    .global boot2
    .type boot2, %function
    .thumb_func
boot2:
    push {lr}

    // A fast clock needs a strong pad; the data pads drop their hysteresis, which only adds delay.
    ldr r3, =PADS_QSPI_BASE
    movs r0, #(PAD_DRIVE_8MA | PAD_SLEWFAST)
    str r0, [r3, #PADS_QSPI_GPIO_QSPI_SCLK_OFFSET]
    ldr r0, [r3, #PADS_QSPI_GPIO_QSPI_SD_OFFSET]
    movs r1, #PAD_SCHMITT
    bics r0, r1
    str r0, [r3, #PADS_QSPI_GPIO_QSPI_SD_OFFSET + 0]
    str r0, [r3, #PADS_QSPI_GPIO_QSPI_SD_OFFSET + 4]
    str r0, [r3, #PADS_QSPI_GPIO_QSPI_SD_OFFSET + 8]
    str r0, [r3, #PADS_QSPI_GPIO_QSPI_SD_OFFSET + 12]

    // r3 = SSI, r4 = 0, r5 = 1 from here on. Most SSI registers accept writes only while it is disabled.
    ldr r3, =XIP_SSI_BASE
    movs r4, #0
    movs r5, #1
    str r4, [r3, #SSIENR]
    movs r0, #FLASH_CLKDIV
    str r0, [r3, #BAUDR]
    // At divider 2 the data arrive too late for the edge that asked for them; sample one clk_sys later.
    movs r0, #RX_SAMPLE_DLY
    str r5, [r3, r0]

#if defined(FLASH_READ_QUAD)
    // WP and HOLD become IO2 and IO3 only with QE set. The volatile write leaves the non-volatile bits alone
    // and needs no wait for a programming cycle.
    ldr r0, =(CTRLR0_FRF_STD | CTRLR0_DFS_32(8) | CTRLR0_TX_AND_RX)
    str r0, [r3, #CTRLR0]
    str r5, [r3, #SSIENR]
    movs r0, #READ_STATUS_2
    str r0, [r3, #DR0]
    str r4, [r3, #DR0]
    bl wait_idle
    ldr r0, [r3, #DR0]          // shifted in during the instruction byte: meaningless
    ldr r6, [r3, #DR0]
    movs r0, #STATUS_2_QE
    tst r6, r0
    bne 1f
    orrs r6, r0
    movs r0, #WRITE_ENABLE_VOLATILE
    str r0, [r3, #DR0]
    bl wait_idle                // each instruction is its own chip-select cycle
    ldr r0, [r3, #DR0]
    movs r0, #WRITE_STATUS_2
    str r0, [r3, #DR0]
    str r6, [r3, #DR0]
    bl wait_idle
    ldr r0, [r3, #DR0]
    ldr r0, [r3, #DR0]
1:  str r4, [r3, #SSIENR]
#endif

    ldr r0, =(FRAME | CTRLR0_DFS_32(32) | CTRLR0_EEPROM_READ)
    str r0, [r3, #CTRLR0]
    str r4, [r3, #CTRLR1]       // one data frame per access
    ldr r7, =(XIP_SSI_BASE + SPI_CTRLR0)

#if !defined(FLASH_READ_SERIAL)
    // One read with the instruction byte puts the flash into continuous mode; its data do not matter.
    ldr r0, =(SPI_CTRLR0_ADDR(32) | SPI_CTRLR0_WAIT(WAIT_CLOCKS) | SPI_CTRLR0_INST_8 | SPI_CTRLR0_1C2A)
    str r0, [r7]
    str r5, [r3, #SSIENR]
    movs r0, #READ_COMMAND
    str r0, [r3, #DR0]
    movs r0, #MODE_CONTINUOUS   // address 0, then the mode bits
    str r0, [r3, #DR0]
    bl wait_idle
    str r4, [r3, #SSIENR]
    ldr r0, =(SPI_CTRLR0_XIP_CMD(MODE_CONTINUOUS) | SPI_CTRLR0_ADDR(32) | SPI_CTRLR0_WAIT(WAIT_CLOCKS) | \
              SPI_CTRLR0_INST_NONE | SPI_CTRLR0_2C2A)
#else
    ldr r0, =(SPI_CTRLR0_XIP_CMD(READ_COMMAND) | SPI_CTRLR0_ADDR(24) | SPI_CTRLR0_INST_8 | SPI_CTRLR0_1C1A)
#endif
    str r0, [r7]
    str r5, [r3, #SSIENR]

    pop {r0}
    cmp r0, #0
    beq start_program
    bx r0

start_program:
    ldr r0, =0x10000100
    ldr r1, =(SCB_BASE + SCB_VTOR_OFFSET)
    str r0, [r1]
    ldmia r0!, {r1, r2}
    msr msp, r1
    bx r2

    // Waits until every byte has gone out and the last one has come in. Changes r0 and r1.
wait_idle:
    ldr r1, [r3, #SR]
    movs r0, #SR_TFE
    tst r1, r0
    beq wait_idle
    movs r0, #SR_BUSY
    tst r1, r0
    bne wait_idle
    bx lr

    .ltorg
    .size boot2, . - boot2
