/* pio_blink, a squarewave with clock divider, an echo with autopull and autopush, IRQ flags to the NVIC. */
#include "sdk.h"

enum { CTRL, FSTAT = 4, FDEBUG = 8, FLEVEL = 12, TXF0 = 16, RXF0 = 32, IRQ = 48, IRQ_FORCE = 52, MEM0 = 72 };
#define SM(n) (PIO0 + 0xc8 + 0x18 * (n))
enum { CLKDIV, EXECCTRL = 4, SHIFTCTRL = 8, ADDR = 12, INSTR = 16, PINCTRL = 20 };

static volatile uint32_t irqs;
void isr_irq7(void);
void isr_irq7(void) {
    irqs++;
    REG(PIO0 + IRQ) = 1;
}

static void load(unsigned at, const uint16_t* program, unsigned count) {
    for (unsigned n = 0; n < count; n++) REG(PIO0 + MEM0 + 4 * (at + n)) = program[n];
}

int main(void) {
    sdk_init();
    /* pull block; out y, 32; mov x, y; set pins, 1; jmp x-- here; mov x, y; set pins, 0; jmp x-- here; jmp 2 */
    static const uint16_t blink[] = {0x80a0, 0x6040, 0xa022, 0xe001, 0x0044, 0xa022, 0xe000, 0x0047, 0x0002};
    load(0, blink, 9);
    pin_function(3, 6);
    REG(SM(0) + PINCTRL) = 1u << 26 | 3u << 5;
    REG(SM(0) + INSTR) = 0xe081; /* set pindirs, 1 */
    REG(SM(0) + EXECCTRL) = 8u << 12;
    REG(SM(0) + SHIFTCTRL) = 3u << 18;
    REG(PIO0 + CTRL + SET_ALIAS) = 1;
    REG(PIO0 + TXF0) = 12500 - 3; /* 5 kHz at 125 MHz */
    busy_wait_us(2000);

    /* Echo of bytes with the bits inverted: out x, 8; mov isr, !x; push; */
    static const uint16_t echo[] = {0x6028, 0xa0c9, 0x8020};
    load(16, echo, 3);
    REG(SM(1) + CLKDIV) = 2u << 16 | 128u << 8;
    REG(SM(1) + EXECCTRL) = 18u << 12 | 16u << 7;
    REG(SM(1) + SHIFTCTRL) = 3u << 18 | 8u << 25 | 1u << 17;
    REG(SM(1) + INSTR) = 16; /* jmp 16 */
    REG(PIO0 + CTRL + SET_ALIAS) = 2;
    uint32_t equal = 1;
    for (uint32_t n = 0; n < 20; n++) {
        REG(PIO0 + TXF0 + 4) = n;
        while (REG(PIO0 + FSTAT) & 1u << 9) {
        }
        equal &= REG(PIO0 + RXF0 + 4) == ~n;
    }
    show("echo", equal);

    /* irq wait 0 every time; the handler clears it. */
    static const uint16_t waits[] = {0xdf20}; /* with a delay of 31 */
    load(24, waits, 1);
    REG(PIO0 + 0x12c) = 1u << 8; /* IRQ0_INTE: flag 0 */
    irq_enable(7);
    REG(SM(2) + CLKDIV) = 100u << 16; /* leaves time between two interrupts */
    REG(SM(2) + EXECCTRL) = 24u << 12 | 24u << 7;
    REG(SM(2) + INSTR) = 24;
    REG(PIO0 + CTRL + SET_ALIAS) = 4;
    busy_wait_us(1000);
    REG(PIO0 + CTRL + CLR_ALIAS) = 4;
    show("pio_irqs", irqs);

    /* FIFOs joined hold eight; FLEVEL, TXOVER. */
    REG(SM(3) + SHIFTCTRL) = 1u << 30;
    for (unsigned n = 0; n < 9; n++) REG(PIO0 + TXF0 + 12) = n;
    show("level", REG(PIO0 + FLEVEL) >> 24 & 15);
    show("overflow", REG(PIO0 + FDEBUG) >> 19 & 1);
    flush();
    return 0;
}
