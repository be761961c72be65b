/* A PDM microphone read as Arm's microphone library for the Pico does: two PIO instructions, bytes by DMA, and the data
   line sampled at the end of the clock's high half, after a microphone with SELECT low has released it. */
#include "sdk.h"

enum { CTRL = 0, RXF0 = 0x20, MEM0 = 0x48, SM0 = 0xc8 };
enum { CLKDIV = 0, EXECCTRL = 4, SHIFTCTRL = 8, INSTR = 16, PINCTRL = 20 };
enum { DATA = 2, CLOCK = 3, BYTES = 4096 };

static uint8_t bits[BYTES];

static uint32_t ones(void) {
    uint32_t count = 0;
    for (unsigned n = 0; n < BYTES; n++) {
        for (uint32_t left = bits[n]; left != 0; left &= left - 1) count++;
    }
    return count;
}

static void capture(void) {
    REG(DMA + 0x00) = PIO0 + RXF0;
    REG(DMA + 0x04) = (uint32_t)bits;
    REG(DMA + 0x08) = BYTES;
    REG(DMA + 0x0c) = 4u << 15 | 1u << 5 | 1; /* DREQ_PIO0_RX0, INCR_WRITE, bytes, chained to itself */
    while (REG(DMA + 0x0c) & 1u << 24) {
    }
}

int main(void) {
    sdk_init();
    REG(PIO0 + MEM0) = 0xb042;     /* nop        side 1 */
    REG(PIO0 + MEM0 + 4) = 0x4001; /* in pins, 1 side 0 */
    const uint32_t sm = PIO0 + SM0;
    REG(sm + PINCTRL) = 1u << 26 | (uint32_t)CLOCK << 5;
    REG(sm + INSTR) = 0xe081; /* set pindirs, 1 */
    pin_function(CLOCK, 6);
    pin_function(DATA, 6);
    REG(sm + PINCTRL) = 1u << 29 | (uint32_t)DATA << 15 | (uint32_t)CLOCK << 10;
    REG(sm + EXECCTRL) = 1u << 12;
    REG(sm + SHIFTCTRL) = 1u << 31 | 8u << 20 | 1u << 16;
    REG(sm + CLKDIV) = 61u << 16;
    REG(sm + INSTR) = 0; /* jmp 0 */
    REG(PIO0 + CTRL + SET_ALIAS) = 1;
    for (unsigned n = 0; n < 4; n++) capture();
    show("ones", ones());
    flush();
    return 0;
}
