/* Edge and level interrupts, overrides, pulls, and outputs through SIO's aliases. The test drives pins 4 to 7. */
#include "sdk.h"

static volatile uint32_t edges_up, edges_down, levels;
enum { INTR0 = 0xf0, INTE0 = 0x100, INTF0 = 0x110, INTS0 = 0x120 };
void isr_irq13(void);
void isr_irq13(void) {
    const uint32_t status = REG(IO_BANK0 + INTS0);
    REG(IO_BANK0 + INTF0) = 0;
    REG(IO_BANK0 + INTR0) = status;
    if (status & 8u << 16) edges_up++;
    if (status & 4u << 16) edges_down++;
    if (status & 1u << 20) { /* pin 5 low: a level stays until it is masked */
        levels++;
        REG(IO_BANK0 + CLR_ALIAS + INTE0) = 1u << 20;
    }
}

int main(void) {
    sdk_init();
    for (unsigned pin = 4; pin < 8; pin++) pin_function(pin, 5);
    REG(PADS_BANK0 + 4 + 4 * 5 + CLR_ALIAS) = 4;
    REG(PADS_BANK0 + 4 + 4 * 5 + SET_ALIAS) = 8; /* pull-up */
    busy_wait_us(10);
    show("pulled_up", REG(SIO + 4) >> 5 & 1);
    REG(IO_BANK0 + INTR0) = 0xffffffff;
    REG(IO_BANK0 + INTE0 + SET_ALIAS) = 0xcu << 16 | 1u << 20;
    irq_enable(13);

    /* An output seen by its own input, toggled by XOR, then inverted by the pad's override. */
    pin_function(10, 5);
    REG(SIO + 0x24) = 1u << 10;
    REG(SIO + 0x14) = 1u << 10;
    busy_wait_us(1);
    uint32_t seen = REG(SIO + 4) >> 10 & 1;
    REG(SIO + 0x1c) = 1u << 10;
    busy_wait_us(1);
    seen = seen << 1 | (REG(SIO + 4) >> 10 & 1);
    REG(IO_BANK0 + 8 * 10 + 4 + SET_ALIAS) = 1u << 8;
    busy_wait_us(1);
    seen = seen << 1 | (REG(SIO + 4) >> 10 & 1);
    REG(IO_BANK0 + 8 * 10 + 4 + SET_ALIAS) = 3u << 16; /* input forced high */
    busy_wait_us(1);
    seen = seen << 1 | (REG(SIO + 4) >> 10 & 1);
    show_hex("seen", seen);
    show_hex("status", REG(IO_BANK0 + 8 * 10) & 0x3f00);

    REG(IO_BANK0 + INTF0) = 4u << 16;
    busy_wait_us(1);
    show("forced", edges_down > 0);
    edges_down = 0;
    print("ready\n");
    flush();
    busy_wait_us(10000); /* meanwhile the test moves the pins */
    show("up", edges_up);
    show("down", edges_down);
    show("levels", levels);
    show("bootsel", REG(SIO + 8) >> 1 & 1);
    flush();
    return 0;
}
