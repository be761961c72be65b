#include "drivers/watchdog.h"

#include "hw/rp2040.h"

// RP2040-E1: the counter goes down twice per tick.
#define WATCHDOG_LOAD_VALUE (WATCHDOG_TIMEOUT_US * 2u)
_Static_assert(WATCHDOG_LOAD_VALUE <= 0x00ffffffu, "LOAD has 24 bits");

// SCRATCH survives the restart. The boot ROM reads 4 to 7; 0 and 1 are free.
#define SCRATCH_MAGIC 0
#define SCRATCH_PC 1
#define FAULT_MAGIC 0xfa17ed01u
#define CHECK_MAGIC 0xfa17ed02u

restart_t watchdog_take_restart(void) {
    restart_t restart = {RESTART_COLD, 0};
    if (WATCHDOG->SCRATCH[SCRATCH_MAGIC] == FAULT_MAGIC) {
        restart = (restart_t){RESTART_FAULT, WATCHDOG->SCRATCH[SCRATCH_PC]};
    } else if (WATCHDOG->SCRATCH[SCRATCH_MAGIC] == CHECK_MAGIC) {
        restart = (restart_t){RESTART_CHECK, WATCHDOG->SCRATCH[SCRATCH_PC]};
    } else if (WATCHDOG->REASON & WATCHDOG_REASON_TIMER) {
        restart.reason = RESTART_WATCHDOG;
    }
    WATCHDOG->SCRATCH[SCRATCH_MAGIC] = 0;
    return restart;
}

// Everything but the oscillators goes through reset: the crystal would take its start-up time anew, and the ring
// oscillator clocks the chip until it runs.
static void reset_everything(void) { PSM->WDSEL = PSM_WDSEL_BITS & ~(PSM_FRCE_ON_ROSC | PSM_FRCE_ON_XOSC); }

void watchdog_start(void) {
    reset_everything();
    hw_clear(&WATCHDOG->CTRL, WATCHDOG_CTRL_ENABLE);
    WATCHDOG->LOAD = WATCHDOG_LOAD_VALUE;
    hw_set(&WATCHDOG->CTRL, WATCHDOG_CTRL_ENABLE);
}

void watchdog_feed(void) { WATCHDOG->LOAD = WATCHDOG_LOAD_VALUE; }

_Noreturn static void reboot(uint32_t magic, uint32_t word) {
    WATCHDOG->SCRATCH[SCRATCH_PC] = word;
    WATCHDOG->SCRATCH[SCRATCH_MAGIC] = magic;
    reset_everything();
    hw_set(&WATCHDOG->CTRL, WATCHDOG_CTRL_TRIGGER);
    for (;;) {
    }
}

_Noreturn void fault_reboot(uint32_t pc) { reboot(FAULT_MAGIC, pc); }

_Noreturn void watchdog_restart(uint32_t check) { reboot(CHECK_MAGIC, check); }
