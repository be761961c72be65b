/* Work put off to a less urgent interrupt, as the SDK's USB console does: of the NVIC's 32 lines the top six have no
   input, and the SDK hands them out. Then a store through a null pointer, which TinyUSB's driver makes with every
   transfer on endpoint 0. */
#include "sdk.h"

enum { TIMER_3 = 3, WORKER = 31, OTHER = 26 };

static volatile uint32_t order, worker_runs, vector_active;

void isr_irq3(void);
void isr_irq26(void);
void isr_irq31(void);

static void note(uint32_t digit) { order = order * 10 + digit; }

void isr_irq3(void) {
    REG(TIMER + 0x34) = 1u << TIMER_3;
    REG(PPB + 0xe200) = 1u << WORKER | 1u << OTHER;
    note(1);
}
void isr_irq26(void) { note(2); }
void isr_irq31(void) {
    vector_active = REG(PPB + 0xed04) & 0x1ff;
    note(3);
    if (worker_runs++ == 0) REG(PPB + 0xe200) = 1u << WORKER; /* once more, from inside */
}

int main(void) {
    sdk_init();
    REG(PPB + 0xe400 + 4 * (TIMER_3 / 4)) = 0x40u << 8 * (TIMER_3 % 4);
    REG(PPB + 0xe400 + 4 * (OTHER / 4)) = 0x80u << 8 * (OTHER % 4);
    REG(PPB + 0xe400 + 4 * (WORKER / 4)) = 0xffu << 8 * (WORKER % 4);
    irq_enable(TIMER_3);
    irq_enable(OTHER);
    irq_enable(WORKER);
    REG(TIMER + SET_ALIAS + 0x38) = 1u << TIMER_3;
    REG(TIMER + 0x1c) = REG(TIMER + 0x28) + 100;
    while (worker_runs < 2) wfi();
    show("order", order);
    show("active", vector_active);
    show_hex("enabled", REG(PPB + 0xe100));
    show_hex("lowest", REG(PPB + 0xe400 + 4 * (WORKER / 4)));

    volatile uint32_t* null = (volatile uint32_t*)0;
    __asm__ volatile("" : "+r"(null));
    const uint32_t before = *null;
    *null = ~before;
    show("unchanged", *null == before);
    flush();
    return 0;
}
