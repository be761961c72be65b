/* All four alarms, a repeating one by re-arming, forced interrupts, pausing, and setting the time. */
#include "sdk.h"

static volatile uint32_t fired[4], late[4];
static uint32_t target[4];

static void handle(unsigned n) {
    REG(TIMER + 0x34) = 1u << n;
    REG(TIMER + 0x3c + CLR_ALIAS) = 1u << n;
    late[n] = REG(TIMER + 0x28) - target[n];
    if (n == 2 && fired[n] < 9) {
        target[n] += 250;
        REG(TIMER + 0x10 + 4 * n) = target[n];
    }
    fired[n]++;
}
void isr_irq0(void);
void isr_irq1(void);
void isr_irq2(void);
void isr_irq3(void);
void isr_irq0(void) { handle(0); }
void isr_irq1(void) { handle(1); }
void isr_irq2(void) { handle(2); }
void isr_irq3(void) { handle(3); }

int main(void) {
    sdk_init();
    for (unsigned n = 0; n < 4; n++) irq_enable(n);
    REG(TIMER + SET_ALIAS + 0x38) = 15;
    const uint32_t now = REG(TIMER + 0x28);
    for (unsigned n = 0; n < 3; n++) {
        target[n] = now + 500 * (n + 1);
        REG(TIMER + 0x10 + 4 * n) = target[n];
    }
    REG(TIMER + 0x1c) = now + 100;
    show("armed", REG(TIMER + 0x20));
    REG(TIMER + 0x20) = 8;             /* disarms alarm 3 */
    REG(TIMER + SET_ALIAS + 0x3c) = 8; /* forces it instead */
    busy_wait_us(5000);
    for (unsigned n = 0; n < 4; n++) show("fired", fired[n]);
    show("late", late[0] > 12 || late[1] > 12 || late[2] > 12); /* handlers that the XIP cache has to fetch */
    show("armed_after", REG(TIMER + 0x20));

    REG(TIMER + 0x30) = 1; /* pause */
    const uint32_t paused = REG(TIMER + 0x28);
    for (volatile int n = 0; n < 1000; n++) {
    }
    show("paused", REG(TIMER + 0x28) == paused);
    REG(TIMER + 0x30) = 0;

    REG(TIMER + 0x04) = 0xffffff00; /* low half is taken when the high half is written */
    REG(TIMER + 0x00) = 5;
    busy_wait_us(300);
    show("carried", (uint32_t)(time_us() >> 32));
    const uint32_t low = REG(TIMER + 0x0c);
    show("latched", REG(TIMER + 0x08) == 6 && low < 1000);
    flush();
    return 0;
}
