/* Three WS2812 lights on GP15 by PIO: 1.25 us a bit, ten cycles at 8 MHz. */
#include "sdk.h"

enum { DATA = 15, CTRL = 0x00, FSTAT = 0x04, TXF0 = 0x10, INSTR_MEM = 0x48 };
enum { SM0_CLKDIV = 0xc8, SM0_EXECCTRL = 0xcc, SM0_SHIFTCTRL = 0xd0, SM0_INSTR = 0xd8, SM0_PINCTRL = 0xdc };

/* pico-examples' timing: T1 = 2, T2 = 5, T3 = 3 cycles, side-set on the data pin. */
static const uint16_t kProgram[] = {
    0x6221, /* 0: out x, 1      side 0 [2] */
    0x1123, /* 1: jmp !x, 3     side 1 [1] */
    0x1400, /* 2: jmp 0         side 1 [4] */
    0xa442, /* 3: nop           side 0 [4] */
};

static void pio_init(void) {
    for (unsigned n = 0; n < 4; n++) REG(PIO0 + INSTR_MEM + 4 * n) = kProgram[n];
    REG(PIO0 + SM0_CLKDIV) = 15u << 16 | 160u << 8;   /* 125 MHz / 15.625 = 8 MHz */
    REG(PIO0 + SM0_EXECCTRL) = 3u << 12;              /* wraps from 3 to 0 */
    REG(PIO0 + SM0_SHIFTCTRL) = 24u << 25 | 1u << 17; /* out to the left, autopull at 24 bits */
    REG(PIO0 + SM0_PINCTRL) = 1u << 29 | 1u << 26 | (uint32_t)DATA << 10 | DATA << 5; /* side-set and set */
    REG(PIO0 + SM0_INSTR) = 0xe081;                                                   /* set pindirs, 1 */
    pin_function(DATA, 6);
    REG(PIO0 + CTRL) = 1;
}

static void put(uint8_t red, uint8_t green, uint8_t blue) {
    while (REG(PIO0 + FSTAT) & 1u << 16) {
    }
    REG(PIO0 + TXF0) = (uint32_t)green << 24 | (uint32_t)red << 16 | (uint32_t)blue << 8;
}

int main(void) {
    sdk_init();
    pio_init();
    for (unsigned round = 0;; round++) {
        put(255, 0, 0);
        put(0, (uint8_t)round, 0);
        put(1, 2, 3);
        busy_wait_us(300);
        show("shown", round);
        busy_wait_us(20000);
    }
}
