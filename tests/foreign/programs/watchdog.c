/* Reboots by time-out, by force, and into a function through the scratch registers; what survives a reset. */
#include "sdk.h"

static uint32_t boots __attribute__((section(".noinit")));
enum { CTRL, LOAD = 4, REASON = 8, SCRATCH0 = 12, SCRATCH4 = 28 };

static void reboot_selection(void) {
    REG(WATCHDOG + CLR_ALIAS + CTRL) = 1u << 30;
    REG(PSM + SET_ALIAS + 8) = 0x1ffff & ~3u; /* everything but the oscillators */
    REG(WATCHDOG + CLR_ALIAS + CTRL) = 7u << 24;
}

static void entered(void) {
    sdk_init();
    show("entered", 1);
    show_hex("magic_gone", REG(WATCHDOG + SCRATCH4));
    show_hex("reason", REG(WATCHDOG + REASON));
    flush();
    for (;;) wfi();
}

int main(void) {
    sdk_init();
    if (REG(WATCHDOG + SCRATCH0) != 0xfeedf00d) boots = 0;
    REG(WATCHDOG + SCRATCH0) = 0xfeedf00d;
    boots++;
    show("boot", boots);
    show_hex("reason", REG(WATCHDOG + REASON));
    show("spinlock_free", REG(SIO + 0x100) != 0);
    flush();
    reboot_selection();
    if (boots == 1) { /* fed for a while, then starved */
        REG(WATCHDOG + LOAD) = 2 * 10000;
        REG(WATCHDOG + SET_ALIAS + CTRL) = 1u << 30;
        for (int n = 0; n < 5; n++) {
            busy_wait_us(5000);
            REG(WATCHDOG + LOAD) = 2 * 10000;
        }
        print("starving\n");
        flush();
        for (;;) {
        }
    }
    if (boots == 2) {
        REG(WATCHDOG + SET_ALIAS + CTRL) = 1u << 31;
        for (;;) {
        }
    }
    REG(WATCHDOG + SCRATCH4) = 0xb007c0d3;
    REG(WATCHDOG + SCRATCH4 + 4) = ((uint32_t)entered | 1) ^ -0xb007c0d3u;
    REG(WATCHDOG + SCRATCH4 + 8) = 0x20041000;
    REG(WATCHDOG + SCRATCH4 + 12) = (uint32_t)entered | 1;
    REG(WATCHDOG + SET_ALIAS + CTRL) = 1u << 31;
    for (;;) {
    }
}
