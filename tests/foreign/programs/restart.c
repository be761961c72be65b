/* Core 1 resets core 0 by the power-on state machine and goes on itself. */
#include "sdk.h"

enum { FIFO_ST = 0x50, FIFO_WR = 0x54, FIFO_RD = 0x58, VALID = 1, SCRATCH0 = 12, FRCE_OFF = 4, PROC0 = 1 << 15 };

static uint32_t stack1[64] __attribute__((aligned(8), section(".noinit")));
static volatile uint32_t count __attribute__((section(".noinit")));
extern uint32_t vectors[];

static void launch(void (*entry)(void)) {
    const uint32_t sequence[] = {0, 0, 1, REG(PPB + 0xed08), (uint32_t)(stack1 + 64), (uint32_t)entry};
    for (unsigned step = 0; step < 6;) {
        if (sequence[step] == 0) {
            while (REG(SIO + FIFO_ST) & VALID) (void)REG(SIO + FIFO_RD);
            sev();
        }
        REG(SIO + FIFO_WR) = sequence[step];
        sev();
        while (!(REG(SIO + FIFO_ST) & VALID)) wfe();
        step = REG(SIO + FIFO_RD) == sequence[step] ? step + 1 : 0;
    }
}

/* In SRAM: while core 0 boots, flash is not where programs see it. */
TIME_CRITICAL("worker") static void worker(void) {
    for (volatile int n = 0; n < 1000; n++) {
    }
    REG(PSM + SET_ALIAS + FRCE_OFF) = PROC0;
    while (!(REG(PSM + FRCE_OFF) & PROC0)) {
    }
    for (volatile int n = 0; n < 1000; n++) {
    }
    REG(PSM + CLR_ALIAS + FRCE_OFF) = PROC0;
    for (;;) count++;
}

int main(void) {
    sdk_init();
    const uint32_t boot = REG(WATCHDOG + SCRATCH0) + 1;
    REG(WATCHDOG + SCRATCH0) = boot;
    show("boot", boot);
    flush();
    if (boot == 1) {
        launch(worker);
        for (;;) {
        }
    }
    const uint32_t before = count;
    busy_wait_us(1000);
    show("core1", count - before > 1000);
    show("vectors", REG(PPB + 0xed08) == (uint32_t)vectors);
    flush();
    for (;;) wfi();
}
