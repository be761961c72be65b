/* A fading LED by the wrap interrupt, an output measured by counting edges on another slice, phase correction. */
#include "sdk.h"

#define SLICE(n) (PWM + 0x14 * (n))
enum { CSR, DIV = 4, CTR = 8, CC = 12, TOP = 16 };

static volatile uint32_t wraps;
void isr_irq4(void);
void isr_irq4(void) {
    REG(PWM + 0xa4) = 1u << 4;
    wraps++;
    REG(SLICE(4) + CC) = (wraps * wraps & 0xffff) << 16; /* GPIO 25 is channel B of slice 4 */
}

int main(void) {
    sdk_init();
    pin_function(25, 4);
    REG(PWM + 0xa4) = 1u << 4;
    REG(PWM + SET_ALIAS + 0xa8) = 1u << 4;
    irq_enable(4);
    REG(SLICE(4) + DIV) = 4u << 4; /* 125 MHz / 4 / 65536 is 477 Hz */
    REG(SLICE(4) + TOP) = 0xffff;
    REG(SLICE(4) + CSR) = 1;
    const uint64_t begun = time_us();
    while (wraps < 20) wfi();
    const uint32_t took = (uint32_t)(time_us() - begun);
    show("wrap_us", took / 20);
    REG(PWM + CLR_ALIAS + 0xa8) = 1u << 4;

    /* 25 % at 10 kHz on GPIO 2; slice 2 counts cycles while GPIO 5, wired to it outside, is high. */
    pin_function(2, 4);
    pin_function(5, 4);
    REG(SLICE(1) + TOP) = 12499;
    REG(SLICE(1) + CC) = 3125;
    REG(SLICE(1) + CSR) = 1;
    REG(SLICE(2) + DIV) = 100u << 4;
    REG(SLICE(2) + CTR) = 0;
    REG(SLICE(2) + CSR) = 1 | 1u << 4;
    busy_wait_us(10000);
    REG(SLICE(2) + CSR) = 1u << 4;
    show("high_counts", REG(SLICE(2) + CTR));

    /* Phase correct halves the frequency; slices started together stay together. */
    REG(PWM + 0xa0) = 0;
    for (unsigned n = 6; n < 8; n++) {
        REG(SLICE(n) + TOP) = 999;
        REG(SLICE(n) + CTR) = 0;
        REG(SLICE(n) + CSR) = n == 6 ? 2 : 0;
    }
    REG(PWM + 0xa4) = 0xff;
    REG(PWM + 0xa0) = 3u << 6;
    for (volatile int n = 0; n < 500; n++) {
    }
    const uint32_t both = disable_interrupts();
    const uint32_t seven = REG(SLICE(7) + CTR);
    restore_interrupts(both);
    show("running", seven < 1000);
    show_hex("raw", REG(PWM + 0xa4) & 0xc0);
    flush();
    return 0;
}
