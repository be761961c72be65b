// Registers of the RP2040 that this firmware uses: datasheet names, layout checked at compile time.
//
// Every peripheral on the APB and AHB-Lite buses has three aliases for atomic bit operations
// (datasheet 2.1.2); hw_set and hw_clear write to them.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef volatile uint32_t reg32_t;

static inline void hw_set(reg32_t* reg, uint32_t bits) { *(reg32_t*)((uintptr_t)reg | 0x2000u) = bits; }
static inline void hw_clear(reg32_t* reg, uint32_t bits) { *(reg32_t*)((uintptr_t)reg | 0x3000u) = bits; }

#define REG_AT(type, member, offset) _Static_assert(offsetof(type, member) == (offset), #type "." #member)

// RESETS, 2.14: one bit per block, 1 = held in reset
typedef struct {
    reg32_t RESET;
    reg32_t WDSEL;
    reg32_t RESET_DONE;
} resets_t;
#define RESETS ((resets_t*)0x4000c000u)
#define RESETS_DMA (1u << 2)
#define RESETS_IO_BANK0 (1u << 5)
#define RESETS_PADS_BANK0 (1u << 8)
#define RESETS_PIO0 (1u << 10)
#define RESETS_PLL_SYS (1u << 12)
#define RESETS_PWM (1u << 14)
#define RESETS_TIMER (1u << 21)
#define RESETS_UART0 (1u << 22)
#define RESETS_UART1 (1u << 23)

// PSM, 2.13: what a watchdog reset restarts
typedef struct {
    reg32_t FRCE_ON;
    reg32_t FRCE_OFF;
    reg32_t WDSEL;
    reg32_t DONE;
} psm_t;
#define PSM ((psm_t*)0x40010000u)
#define PSM_ALL 0x0001ffffu
#define PSM_ROSC (1u << 0)
#define PSM_XOSC (1u << 1)

// XOSC, 2.16
typedef struct {
    reg32_t CTRL;
    reg32_t STATUS;
    reg32_t DORMANT;
    reg32_t STARTUP;
} xosc_t;
#define XOSC ((xosc_t*)0x40024000u)
#define XOSC_CTRL_FREQ_RANGE_1_15MHZ 0xaa0u
#define XOSC_CTRL_ENABLE (0xfabu << 12)
#define XOSC_STATUS_STABLE (1u << 31)

// PLL, 2.18
typedef struct {
    reg32_t CS;
    reg32_t PWR;
    reg32_t FBDIV_INT;
    reg32_t PRIM;
} pll_t;
#define PLL_SYS ((pll_t*)0x40028000u)
#define PLL_CS_LOCK (1u << 31)
#define PLL_PWR_PD (1u << 0)
#define PLL_PWR_POSTDIVPD (1u << 3)
#define PLL_PWR_VCOPD (1u << 5)
#define PLL_PRIM_POSTDIV1_LSB 16
#define PLL_PRIM_POSTDIV2_LSB 12

// CLOCKS, 2.15
typedef struct {
    reg32_t CTRL;
    reg32_t DIV;
    reg32_t SELECTED;
} clock_generator_t;
typedef struct {
    clock_generator_t GPOUT[4];
    clock_generator_t REF;
    clock_generator_t SYS;
    clock_generator_t PERI;
} clocks_t;
#define CLOCKS ((clocks_t*)0x40008000u)
REG_AT(clocks_t, SYS, 0x3c);
#define CLK_REF_SRC_XOSC 2u
#define CLK_SYS_SRC_REF 0u
#define CLK_SYS_SRC_AUX 1u
#define CLK_SYS_SRC_MASK 1u
#define CLK_SYS_AUXSRC_PLL_SYS (0u << 5)
#define CLK_PERI_ENABLE (1u << 11)
#define CLK_PERI_AUXSRC_CLK_SYS (0u << 5)

// WATCHDOG, 4.7
typedef struct {
    reg32_t CTRL;
    reg32_t LOAD;
    reg32_t REASON;
    reg32_t SCRATCH[8];
    reg32_t TICK;
} watchdog_t;
#define WATCHDOG ((watchdog_t*)0x40058000u)
REG_AT(watchdog_t, TICK, 0x2c);
#define WATCHDOG_CTRL_TRIGGER (1u << 31)
#define WATCHDOG_CTRL_ENABLE (1u << 30)
#define WATCHDOG_REASON_TIMER (1u << 0)
#define WATCHDOG_REASON_FORCE (1u << 1)
#define WATCHDOG_TICK_ENABLE (1u << 9)

// TIMER, 4.6: microseconds since the watchdog tick was started
typedef struct {
    reg32_t TIMEHW;
    reg32_t TIMELW;
    reg32_t TIMEHR;
    reg32_t TIMELR;
    reg32_t ALARM[4];
    reg32_t ARMED;
    reg32_t TIMERAWH;
    reg32_t TIMERAWL;
} timer_t;
#define TIMER ((timer_t*)0x40054000u)
REG_AT(timer_t, TIMERAWL, 0x28);

// IO_BANK0 and PADS_BANK0, 2.19
typedef struct {
    struct {
        reg32_t STATUS;
        reg32_t CTRL;
    } GPIO[30];
} io_bank0_t;
#define IO_BANK0 ((io_bank0_t*)0x40014000u)
#define GPIO_FUNC_UART 2u
#define GPIO_FUNC_PWM 4u
#define GPIO_FUNC_PIO0 6u
typedef struct {
    reg32_t VOLTAGE_SELECT;
    reg32_t GPIO[30];
} pads_bank0_t;
#define PADS_BANK0 ((pads_bank0_t*)0x4001c000u)
#define PAD_SCHMITT (1u << 1)
#define PAD_PDE (1u << 2)
#define PAD_DRIVE_4MA (1u << 4)
#define PAD_IE (1u << 6)

// UART (PL011), 4.2
typedef struct {
    reg32_t DR;
    reg32_t RSR;
    reg32_t reserved0[4];
    reg32_t FR;
    reg32_t reserved1;
    reg32_t ILPR;
    reg32_t IBRD;
    reg32_t FBRD;
    reg32_t LCR_H;
    reg32_t CR;
    reg32_t IFLS;
    reg32_t IMSC;
    reg32_t RIS;
    reg32_t MIS;
    reg32_t ICR;
    reg32_t DMACR;
} uart_t;
#define UART0 ((uart_t*)0x40034000u)
#define UART1 ((uart_t*)0x40038000u)
REG_AT(uart_t, DMACR, 0x48);
#define UART_FR_BUSY (1u << 3)
#define UART_LCR_H_FEN (1u << 4)
#define UART_LCR_H_WLEN_8 (3u << 5)
#define UART_CR_UARTEN (1u << 0)
#define UART_CR_TXE (1u << 8)
#define UART_DMACR_TXDMAE (1u << 1)

// PWM, 4.5
typedef struct {
    struct {
        reg32_t CSR;
        reg32_t DIV;
        reg32_t CTR;
        reg32_t CC;
        reg32_t TOP;
    } CH[8];
} pwm_t;
#define PWM ((pwm_t*)0x40050000u)
#define PWM_CSR_EN (1u << 0)
#define PWM_CSR_A_INV (1u << 2)
#define PWM_CSR_B_INV (1u << 3)
#define PWM_DIV_INT_LSB 4

// PIO, 3.7
typedef struct {
    reg32_t CLKDIV;
    reg32_t EXECCTRL;
    reg32_t SHIFTCTRL;
    reg32_t ADDR;
    reg32_t INSTR;
    reg32_t PINCTRL;
} pio_sm_t;
typedef struct {
    reg32_t CTRL;
    reg32_t FSTAT;
    reg32_t FDEBUG;
    reg32_t FLEVEL;
    reg32_t TXF[4];
    reg32_t RXF[4];
    reg32_t IRQ;
    reg32_t IRQ_FORCE;
    reg32_t INPUT_SYNC_BYPASS;
    reg32_t DBG_PADOUT;
    reg32_t DBG_PADOE;
    reg32_t DBG_CFGINFO;
    reg32_t INSTR_MEM[32];
    pio_sm_t SM[4];
} pio_t;
#define PIO0 ((pio_t*)0x50200000u)
REG_AT(pio_t, SM, 0xc8);
#define PIO_CTRL_SM_ENABLE_LSB 0
#define PIO_CTRL_SM_RESTART_LSB 4
#define PIO_CTRL_CLKDIV_RESTART_LSB 8
#define PIO_FDEBUG_RXSTALL_LSB 0
#define PIO_CLKDIV_INT_LSB 16
#define PIO_CLKDIV_FRAC_LSB 8
#define PIO_EXECCTRL_WRAP_TOP_LSB 12
#define PIO_EXECCTRL_WRAP_BOTTOM_LSB 7
#define PIO_SHIFTCTRL_FJOIN_RX (1u << 31)
#define PIO_SHIFTCTRL_PUSH_THRESH_LSB 20  // 0 means 32
#define PIO_SHIFTCTRL_IN_SHIFTDIR_RIGHT (1u << 18)
#define PIO_SHIFTCTRL_AUTOPUSH (1u << 16)
#define PIO_PINCTRL_SIDESET_COUNT_LSB 29
#define PIO_PINCTRL_SET_COUNT_LSB 26
#define PIO_PINCTRL_IN_BASE_LSB 15
#define PIO_PINCTRL_SIDESET_BASE_LSB 10
#define PIO_PINCTRL_SET_BASE_LSB 5

// DMA, 2.5
typedef struct {
    reg32_t READ_ADDR;
    reg32_t WRITE_ADDR;
    reg32_t TRANS_COUNT;
    reg32_t CTRL_TRIG;
    reg32_t AL1_CTRL;
    reg32_t AL1_READ_ADDR;
    reg32_t AL1_WRITE_ADDR;
    reg32_t AL1_TRANS_COUNT_TRIG;
    reg32_t AL2_CTRL;
    reg32_t AL2_TRANS_COUNT;
    reg32_t AL2_READ_ADDR;
    reg32_t AL2_WRITE_ADDR_TRIG;
    reg32_t AL3_CTRL;
    reg32_t AL3_WRITE_ADDR;
    reg32_t AL3_TRANS_COUNT;
    reg32_t AL3_READ_ADDR_TRIG;
} dma_channel_t;
typedef struct {
    dma_channel_t CH[12];
    reg32_t reserved0[64];
    reg32_t INTR;
    reg32_t INTE0;
    reg32_t INTF0;
    reg32_t INTS0;
    reg32_t reserved1;
    reg32_t INTE1;
    reg32_t INTF1;
    reg32_t INTS1;
} dma_t;
#define DMA ((dma_t*)0x50000000u)
REG_AT(dma_t, INTR, 0x400);
REG_AT(dma_t, INTS1, 0x41c);
#define DMA_CTRL_EN (1u << 0)
#define DMA_CTRL_HIGH_PRIORITY (1u << 1)
#define DMA_CTRL_DATA_SIZE_BYTE (0u << 2)
#define DMA_CTRL_DATA_SIZE_WORD (2u << 2)
#define DMA_CTRL_INCR_READ (1u << 4)
#define DMA_CTRL_INCR_WRITE (1u << 5)
#define DMA_CTRL_RING_SIZE_LSB 6
#define DMA_CTRL_RING_SEL_WRITE (1u << 10)
#define DMA_CTRL_CHAIN_TO_LSB 11
#define DMA_CTRL_TREQ_SEL_LSB 15
#define DMA_CTRL_BUSY (1u << 24)
#define DREQ_PIO0_RX0 4u
#define DREQ_UART0_TX 20u
#define DREQ_UART1_TX 22u

// Cortex-M0+ private peripherals (ARMv6-M Architecture Reference Manual, B3)
typedef struct {
    reg32_t CSR;
    reg32_t RVR;
    reg32_t CVR;
} systick_t;
#define SYSTICK ((systick_t*)0xe000e010u)
#define SYSTICK_CSR_ENABLE (1u << 0)
#define SYSTICK_CSR_CLKSOURCE_CPU (1u << 2)
#define SYSTICK_MAX 0x00ffffffu
#define NVIC_ISER (*(reg32_t*)0xe000e100u)
#define NVIC_ICPR (*(reg32_t*)0xe000e280u)
#define SCB_VTOR (*(reg32_t*)0xe000ed08u)

enum { DMA_IRQ_0 = 11, DMA_IRQ_1 = 12 };
