/* Core 1 through the ROM's handshake, FIFO interrupts, spinlocks, reset of core 1 by the power-on state machine. */
#include "sdk.h"

enum { FIFO_ST = 0x50, FIFO_WR = 0x54, FIFO_RD = 0x58, VALID = 1, READY = 2 };

static uint32_t stack1[256] __attribute__((aligned(8)));
static volatile uint32_t counter, from_irq, irqs1, own_vectors;
extern uint32_t vectors[];

static void push(uint32_t word) {
    while (!(REG(SIO + FIFO_ST) & READY)) {
    }
    REG(SIO + FIFO_WR) = word;
    sev();
}
static uint32_t pop(void) {
    while (!(REG(SIO + FIFO_ST) & VALID)) wfe();
    return REG(SIO + FIFO_RD);
}
static void drain(void) {
    while (REG(SIO + FIFO_ST) & VALID) (void)REG(SIO + FIFO_RD);
}

static void launch(void (*entry)(void)) {
    const uint32_t sequence[] = {0, 0, 1, REG(PPB + 0xed08), (uint32_t)(stack1 + 256), (uint32_t)entry};
    unsigned step = 0;
    do {
        const uint32_t word = sequence[step];
        if (word == 0) {
            drain();
            sev();
        }
        push(word);
        step = pop() == word ? step + 1 : 0;
    } while (step < 6);
}

static void reset_core1(void) {
    REG(PSM + SET_ALIAS + 4) = 1u << 16;
    while (!(REG(PSM + 4) & 1u << 16)) {
    }
    REG(PSM + CLR_ALIAS + 4) = 1u << 16;
    show("announced", pop() == 0);
}

static void locked_add(uint32_t rounds) {
    while (rounds--) {
        const uint32_t state = disable_interrupts();
        while (!REG(SIO + 0x100 + 4 * 7)) {
        }
        dmb();
        const uint32_t old = counter;
        for (volatile int n = 0; n < 3; n++) {
        }
        counter = old + 1;
        dmb();
        REG(SIO + 0x100 + 4 * 7) = 0;
        restore_interrupts(state);
    }
}

void isr_irq15(void);
void isr_irq15(void) {
    while (REG(SIO + FIFO_ST) & VALID) from_irq += REG(SIO + FIFO_RD);
    REG(SIO + FIFO_ST) = 0xff;
}
void isr_irq16(void);
void isr_irq16(void) {
    irqs1++;
    while (REG(SIO + FIFO_ST) & VALID) push(2 * REG(SIO + FIFO_RD));
    REG(SIO + FIFO_ST) = 0xff;
}

static void worker(void) {
    own_vectors = REG(PPB + 0xed08) == (uint32_t)vectors && REG(SIO) == 1;
    push(123);
    const uint32_t rounds = pop();
    locked_add(rounds);
    push(REG(PPB + 0xed08));
    for (;;) wfi();
}

static void echo(void) {
    irq_enable(16);
    for (;;) wfi();
}

int main(void) {
    sdk_init();
    launch(worker);
    show("greeting", pop());
    show("own_vectors", own_vectors);
    push(2000);
    locked_add(2000);
    pop();
    show("counter", counter);
    show_hex("spinlocks", REG(SIO + 0x5c));

    reset_core1();
    launch(echo);
    drain();
    REG(SIO + FIFO_ST) = 0xff;
    irq_enable(15);
    busy_wait_us(100);
    for (uint32_t n = 1; n <= 10; n++) {
        push(n);
        busy_wait_us(20);
    }
    busy_wait_us(100);
    show("doubled", from_irq);
    show("irqs1", irqs1 >= 1 && irqs1 <= 11);

    /* Reading an empty and writing a full FIFO set sticky errors. */
    REG(PPB + 0xe180) = 1u << 15;
    REG(PSM + SET_ALIAS + 4) = 1u << 16;
    drain();
    (void)REG(SIO + FIFO_RD);
    for (unsigned n = 0; n < 9; n++) REG(SIO + FIFO_WR) = 5;
    show_hex("sticky", REG(SIO + FIFO_ST) & 0xc);
    REG(SIO + FIFO_ST) = 0xff;
    show_hex("cleared", REG(SIO + FIFO_ST) & 0xc);
    flush();
    return 0;
}
