#include "drivers/pdm_mic.h"

#include "board.h"
#include "drivers/dma_channels.h"
#include "hot.h"
#include "hw/cpu.h"
#include "hw/gpio.h"
#include "hw/resets.h"
#include "hw/timer.h"

#define PDM_SM 0

// The program (datasheet 3.4 for the encodings); one side-set bit, which is bit 12:
//
//     .program pdm_mic_left           .program pdm_mic_right
//     .side_set 1                     .side_set 1
//     .wrap_target                    .wrap_target
//         in pins, 1  side 1              in pins, 1  side 0
//         mov y, y    side 0              mov y, y    side 1
//     .wrap                           .wrap
#define PIO_SIDE(level) ((level) << 12)
#define PIO_IN_PINS_1 0x4001u      // 010 ddddd 000 00001
#define PIO_MOV_Y_Y 0xa042u        // 101 ddddd 010 00 010
#define PIO_SET_PINDIRS_1 0xe081u  // 111 ddddd 100 00001
#define PIO_JMP_0 0x0000u          // 000 ddddd 000 00000

#if PDM_CHANNEL_RIGHT
#define SAMPLE_EDGE 0u
#else
#define SAMPLE_EDGE 1u
#endif
static const uint16_t program[] = {
    PIO_IN_PINS_1 | PIO_SIDE(SAMPLE_EDGE),
    PIO_MOV_Y_Y | PIO_SIDE(1u - SAMPLE_EDGE),
};
#define PROGRAM_LENGTH (sizeof program / sizeof program[0])

#define BLOCK_BYTES (PDM_BLOCK_WORDS * 4)
#define BLOCK_RING_BITS 12
_Static_assert(BLOCK_BYTES == 1 << BLOCK_RING_BITS, "the DMA address ring must be one block");

static uint32_t blocks[2][PDM_BLOCK_WORDS] __attribute__((section(".dma_blocks"), aligned(BLOCK_BYTES)));

static volatile uint32_t completed;
static volatile uint32_t completed_at_us;

static void state_machine_init(void) {
    resets_cycle(RESETS_RESET_PIO0);
    for (uint32_t i = 0; i < PROGRAM_LENGTH; i++) PIO0->INSTR_MEM[i] = program[i];
    pio_sm_t* sm = &PIO0->SM[PDM_SM];
    sm->CLKDIV = PDM_CLKDIV_INT << PIO_SM_CLKDIV_INT_LSB | PDM_CLKDIV_FRAC << PIO_SM_CLKDIV_FRAC_LSB;
    sm->EXECCTRL = (PROGRAM_LENGTH - 1) << PIO_SM_EXECCTRL_WRAP_TOP_LSB | 0u << PIO_SM_EXECCTRL_WRAP_BOTTOM_LSB;
    // The joined FIFO holds eight words: 250 us until a stalled DMA would cost a bit.
    sm->SHIFTCTRL = PIO_SM_SHIFTCTRL_FJOIN_RX | PIO_SM_SHIFTCTRL_IN_SHIFTDIR | PIO_SM_SHIFTCTRL_AUTOPUSH |
                    0u << PIO_SM_SHIFTCTRL_PUSH_THRESH_LSB;
    sm->PINCTRL = 1u << PIO_SM_PINCTRL_SIDESET_COUNT_LSB | 1u << PIO_SM_PINCTRL_SET_COUNT_LSB |
                  PDM_DATA_PIN << PIO_SM_PINCTRL_IN_BASE_LSB | PDM_CLOCK_PIN << PIO_SM_PINCTRL_SIDESET_BASE_LSB |
                  PDM_CLOCK_PIN << PIO_SM_PINCTRL_SET_BASE_LSB;
    // Make the clock an output, low, then stand at the first instruction. The pins follow the PIO only afterwards.
    sm->INSTR = PIO_SET_PINDIRS_1 | PIO_SIDE(0u);
    sm->INSTR = PIO_JMP_0 | PIO_SIDE(0u);
    gpio_set_output(PDM_CLOCK_PIN, IO_BANK0_GPIO_CTRL_FUNCSEL_PIO0);
    gpio_set_input(PDM_DATA_PIN, IO_BANK0_GPIO_CTRL_FUNCSEL_PIO0);
}

static void dma_channel_init(uint32_t channel, uint32_t chain_to, uint32_t* block) {
    dma_ch_t* dma = &DMA->CH[channel];
    dma->READ_ADDR = (uintptr_t)&PIO0->RXF[PDM_SM];
    dma->WRITE_ADDR = (uintptr_t)block;
    dma->TRANS_COUNT = PDM_BLOCK_WORDS;
    dma->AL1_CTRL = DMA_CH_CTRL_TRIG_EN | DMA_CH_CTRL_TRIG_HIGH_PRIORITY | DMA_CH_CTRL_TRIG_DATA_SIZE_WORD |
                    DMA_CH_CTRL_TRIG_INCR_WRITE | BLOCK_RING_BITS << DMA_CH_CTRL_TRIG_RING_SIZE_LSB |
                    DMA_CH_CTRL_TRIG_RING_SEL | chain_to << DMA_CH_CTRL_TRIG_CHAIN_TO_LSB |
                    (DREQ_PIO0_RX0 + PDM_SM) << DMA_CH_CTRL_TRIG_TREQ_SEL_LSB;
}

void pdm_mic_init(void) {
    state_machine_init();
    dma_channel_init(DMA_CHANNEL_PDM_A, DMA_CHANNEL_PDM_B, blocks[0]);
    dma_channel_init(DMA_CHANNEL_PDM_B, DMA_CHANNEL_PDM_A, blocks[1]);
    DMA->INTE0 = 1u << DMA_CHANNEL_PDM_A | 1u << DMA_CHANNEL_PDM_B;
    NVIC->NVIC_ISER = 1u << DMA_IRQ_0;
}

void pdm_mic_start(void) {
    completed = 0;
    completed_at_us = timer_us();
    // Triggering A alone: B waits for A's chain.
    DMA->CH[DMA_CHANNEL_PDM_A].AL1_TRANS_COUNT_TRIG = PDM_BLOCK_WORDS;
    PIO0->CTRL = 1u << (PIO_CTRL_CLKDIV_RESTART_LSB + PDM_SM) | 1u << (PIO_CTRL_SM_RESTART_LSB + PDM_SM) |
                 1u << (PIO_CTRL_SM_ENABLE_LSB + PDM_SM);
}

// WFI with interrupts masked wakes on a pending one all the same, so a block that completes between the test and
// the instruction is not slept through.
static uint32_t wait_for_more_than(uint32_t taken) {
    uint32_t available;
    for (;;) {
        cpu_disable_interrupts();
        available = completed;
        if (available != taken) break;
        cpu_wait_for_interrupt();
        cpu_enable_interrupts();
    }
    cpu_enable_interrupts();
    return available;
}

uint32_t pdm_mic_take(uint32_t* taken, uint32_t* missed) {
    const uint32_t available = wait_for_more_than(*taken);
    *missed += available - 1u - *taken;
    *taken = available;
    return available - 1u;
}

bool pdm_mic_overwritten(uint32_t number) { return completed - number > 1u; }

const uint32_t* pdm_mic_block(uint32_t number) { return blocks[number & 1u]; }

uint32_t pdm_mic_block_time(void) { return completed_at_us; }

bool pdm_mic_take_stall(void) {
    const uint32_t mark = 1u << (PIO_FDEBUG_RXSTALL_LSB + PDM_SM);
    if (!(PIO0->FDEBUG & mark)) return false;
    PIO0->FDEBUG = mark;  // write one to clear
    return true;
}

static COLD uint32_t filling_channel(void) {
    return DMA->CH[DMA_CHANNEL_PDM_A].AL1_CTRL & DMA_CH_CTRL_TRIG_BUSY ? DMA_CHANNEL_PDM_A : DMA_CHANNEL_PDM_B;
}

static COLD bool in_order(uint32_t filling) {
    const dma_ch_t* dma = DMA->CH;
    const uint32_t idle = DMA_CHANNEL_PDM_A + DMA_CHANNEL_PDM_B - filling;
    if (DMA->CH_DBG[filling].DBG_TCR != PDM_BLOCK_WORDS || DMA->CH_DBG[idle].DBG_TCR != PDM_BLOCK_WORDS) return false;
    if (dma[filling].READ_ADDR != (uintptr_t)&PIO0->RXF[PDM_SM] || dma[idle].READ_ADDR != (uintptr_t)&PIO0->RXF[PDM_SM])
        return false;
    if (dma[idle].WRITE_ADDR != (uintptr_t)blocks[idle - DMA_CHANNEL_PDM_A]) return false;
    const uint32_t left = dma[filling].TRANS_COUNT;
    const uint32_t offset = dma[filling].WRITE_ADDR - (uintptr_t)blocks[filling - DMA_CHANNEL_PDM_A];
    // A word may be written between the two reads, and the last one of the block is on its way with none left to count.
    return offset < BLOCK_BYTES && ((offset / 4u + left - PDM_BLOCK_WORDS + 1u) & (PDM_BLOCK_WORDS - 1u)) <= 2u;
}

COLD bool pdm_mic_in_order(void) {
    const uint32_t filling = filling_channel();
    // The channels may change places while they are looked at, at the end of a block that took long.
    return in_order(filling) || filling != filling_channel();
}

// A handler that was kept away for several blocks finds merged flags. Which channel is filling now tells whether the
// count is odd or even, so that block numbers and buffers never fall out of step.
HOT void irq_dma_0(void) {
    const uint32_t done = DMA->INTS0;
    DMA->INTS0 = done;
    completed_at_us = timer_us();
    uint32_t count = completed + (done >> DMA_CHANNEL_PDM_A & 1u) + (done >> DMA_CHANNEL_PDM_B & 1u);
    const uint32_t filling = DMA->CH[DMA_CHANNEL_PDM_A].CTRL_TRIG & DMA_CH_CTRL_TRIG_BUSY ? 0u : 1u;
    if ((count & 1u) != filling) count++;
    completed = count;
}
