// Fault injection: a build for tests may stall or crash the main loop once, at a chosen block. Not in shipped builds.
//
//   INJECT_STALL_BLOCK, INJECT_STALL_US  the loop stands still for that long in that block
//   INJECT_CRASH_BLOCK                   an undefined instruction (HardFault) in that block
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "hw/timer.h"

// `first_start`: whether this is not a restart by watchdog or fault; a restarted program must survive.
static inline void inject_at(uint32_t block, bool first_start) {
    (void)block;
    (void)first_start;
#ifdef INJECT_STALL_BLOCK
    const uint32_t start = timer_us();
    while (first_start && block == INJECT_STALL_BLOCK && timer_us() - start < INJECT_STALL_US) {
    }
#endif
#ifdef INJECT_CRASH_BLOCK
    if (first_start && block == INJECT_CRASH_BLOCK) __asm volatile("udf #0");
#endif
}
