// Watchdog (datasheet 4.7): restarts the chip when the main loop stops taking blocks, and carries the reason over.
#pragma once

#include <stdint.h>

#define WATCHDOG_TIMEOUT_US 500000u

typedef enum {
    RESTART_COLD,      // power, RUN pin or debugger
    RESTART_WATCHDOG,  // the loop hung
    RESTART_FAULT,     // HardFault or an interrupt without handler
    RESTART_CHECK,     // a check of the program's own failed
} restart_reason_t;

typedef struct {
    restart_reason_t reason;
    uint32_t fault_pc;  // RESTART_FAULT: address of the instruction, or the exception number when below 64;
                        // RESTART_CHECK: what watchdog_restart() was given
} restart_t;

// Why the chip started; forgets it, so that a later power-on is not mistaken. Call before watchdog_start().
restart_t watchdog_take_restart(void);

// Starts counting WATCHDOG_TIMEOUT_US; needs the microsecond tick of clocks_init().
void watchdog_start(void);

// Starts the count anew.
void watchdog_feed(void);

// Restarts at once and reports `pc` after it. Called by the exception handlers of startup.S.
_Noreturn void fault_reboot(uint32_t pc);

// Restarts at once because a check failed, and reports `check` after it.
_Noreturn void watchdog_restart(uint32_t check);
