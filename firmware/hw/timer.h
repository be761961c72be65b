// Time since reset (the chip's 64-bit microsecond timer) and cycle counts (SysTick).
#pragma once

#include <stdint.h>

#include "board.h"
#include "hw/rp2040.h"

// Low word of the timer; differences are right across its wrap after 71 minutes.
static inline uint32_t timer_us(void) { return TIMER->TIMERAWL; }

// Milliseconds since reset. Reading TIMELR latches TIMEHR (datasheet 4.6.4).
static inline uint64_t timer_us64(void) {
    const uint32_t low = TIMER->TIMELR;
    return (uint64_t)TIMER->TIMEHR << 32 | low;
}

static inline void cycle_counter_init(void) {
    SYSTICK->SYST_RVR = SYSTICK_SYST_RVR_RELOAD_MASK;
    SYSTICK->SYST_CVR = 0;
    SYSTICK->SYST_CSR = SYSTICK_SYST_CSR_ENABLE | SYSTICK_SYST_CSR_CLKSOURCE;
}

// A point in time for cycles_since().
typedef struct {
    uint32_t systick;
    uint32_t us;
} cycle_mark_t;

static inline cycle_mark_t cycle_mark(void) { return (cycle_mark_t){SYSTICK->SYST_CVR, timer_us()}; }

// clk_sys cycles since `mark`: exact while the 24-bit SysTick cannot have wrapped, else from the timer (1 us steps,
// saturating). SysTick counts down.
static inline uint32_t cycles_since(cycle_mark_t mark) {
    const uint32_t cycles = (mark.systick - SYSTICK->SYST_CVR) & SYSTICK_SYST_RVR_RELOAD_MASK;
    const uint32_t us = timer_us() - mark.us;
    const uint32_t cycles_per_us = CLK_SYS_HZ / 1000000u;
    if (us < SYSTICK_SYST_RVR_RELOAD_MASK / cycles_per_us - 1u) return cycles;
    return us <= UINT32_MAX / cycles_per_us ? us * cycles_per_us : UINT32_MAX;
}
