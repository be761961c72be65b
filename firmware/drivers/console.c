#include "drivers/console.h"

#include "board.h"
#include "drivers/dma_channels.h"
#include "hot.h"
#include "hw/cpu.h"
#include "hw/gpio.h"
#include "hw/resets.h"

#if CONSOLE_UART == 0
#define CONSOLE UART0
#define CONSOLE_RESET RESETS_RESET_UART0
#define CONSOLE_DREQ DREQ_UART0_TX
#else
#define CONSOLE UART1
#define CONSOLE_RESET RESETS_RESET_UART1
#define CONSOLE_DREQ DREQ_UART1_TX
#endif

_Static_assert(CONSOLE_RING_BITS >= 1 && CONSOLE_RING_BITS <= 15, "the DMA wraps addresses at 2 to 32768 bytes");

// The DMA's read address wraps inside the ring by itself, which asks for this alignment.
static uint8_t ring[CONSOLE_RING_BYTES] __attribute__((section(".dma_blocks"), aligned(CONSOLE_RING_BYTES)));
// Free-running byte counts. written - sent <= CONSOLE_RING_BYTES; a byte counts as sent once its transfer is over.
static uint32_t written, sent;
static uint32_t in_flight;  // bytes of the transfer that the DMA is making, 0 when idle
static uint32_t dropped;

void console_init(void) {
    resets_cycle(CONSOLE_RESET);
    CONSOLE->UARTIBRD = CONSOLE_IBRD;
    CONSOLE->UARTFBRD = CONSOLE_FBRD;
    CONSOLE->UARTLCR_H = UART_UARTLCR_H_WLEN_8_BITS | UART_UARTLCR_H_FEN;  // also latches the divisors
    CONSOLE->UARTCR = UART_UARTCR_UARTEN | UART_UARTCR_TXE;
    CONSOLE->UARTDMACR = UART_UARTDMACR_TXDMAE;
    gpio_set_output(CONSOLE_TX_PIN, IO_BANK0_GPIO_CTRL_FUNCSEL_UART);

    dma_ch_t* channel = &DMA->CH[DMA_CHANNEL_CONSOLE];
    channel->READ_ADDR = (uintptr_t)ring;
    channel->WRITE_ADDR = (uintptr_t)&CONSOLE->UARTDR;
    // CHAIN_TO the channel itself means no chaining.
    channel->AL1_CTRL = DMA_CH_CTRL_TRIG_EN | DMA_CH_CTRL_TRIG_DATA_SIZE_BYTE | DMA_CH_CTRL_TRIG_INCR_READ |
                        CONSOLE_RING_BITS << DMA_CH_CTRL_TRIG_RING_SIZE_LSB |
                        DMA_CHANNEL_CONSOLE << DMA_CH_CTRL_TRIG_CHAIN_TO_LSB |
                        CONSOLE_DREQ << DMA_CH_CTRL_TRIG_TREQ_SEL_LSB;
    DMA->INTE1 = 1u << DMA_CHANNEL_CONSOLE;
    NVIC->NVIC_ISER = 1u << DMA_IRQ_1;
}

// Interrupts masked. The read address already stands where the last transfer ended.
static void send_next(void) {
    in_flight = written - sent;
    if (in_flight) DMA->CH[DMA_CHANNEL_CONSOLE].AL1_TRANS_COUNT_TRIG = in_flight;
}

void console_write(const char* text, uint32_t size) {
    // Only this function adds, so the free space can but grow after the check.
    if (size > CONSOLE_RING_BYTES - (written - sent)) {
        dropped += size;
        return;
    }
    for (uint32_t i = 0; i < size; i++) ring[(written + i) % CONSOLE_RING_BYTES] = (uint8_t)text[i];

    const uint32_t primask = cpu_mask_interrupts();
    written += size;
    if (!in_flight) send_next();
    cpu_restore_interrupts(primask);
}

uint32_t console_dropped(void) { return dropped; }

COLD bool console_in_order(void) {
    const uint32_t primask = cpu_mask_interrupts();
    const uint32_t waiting = written - sent;
    const dma_ch_t* channel = &DMA->CH[DMA_CHANNEL_CONSOLE];
    const bool sending = (channel->AL1_CTRL & DMA_CH_CTRL_TRIG_BUSY) || (DMA->INTR & 1u << DMA_CHANNEL_CONSOLE);
    const uint32_t ahead = channel->READ_ADDR - (uintptr_t)ring - sent;
    const bool in_order = waiting <= CONSOLE_RING_BYTES && in_flight <= waiting && !in_flight == !waiting &&
                          sending == (in_flight != 0) && ahead % CONSOLE_RING_BYTES <= in_flight &&
                          channel->WRITE_ADDR == (uintptr_t)&CONSOLE->UARTDR &&
                          channel->READ_ADDR - (uintptr_t)ring < CONSOLE_RING_BYTES;
    cpu_restore_interrupts(primask);
    return in_order;
}

void irq_dma_1(void) {
    DMA->INTS1 = 1u << DMA_CHANNEL_CONSOLE;
    sent += in_flight;
    send_next();
}
