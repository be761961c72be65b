// Cortex-M0+ instructions that C has no words for.
#pragma once

#include <stdint.h>

static inline void cpu_wait_for_interrupt(void) { __asm volatile("wfi" ::: "memory"); }
static inline void cpu_disable_interrupts(void) { __asm volatile("cpsid i" ::: "memory"); }
static inline void cpu_enable_interrupts(void) { __asm volatile("cpsie i" ::: "memory"); }

// Masks interrupts and returns the mask to restore, so that critical sections nest.
static inline uint32_t cpu_mask_interrupts(void) {
    uint32_t primask;
    __asm volatile("mrs %0, primask\n\tcpsid i" : "=r"(primask)::"memory");
    return primask;
}
static inline void cpu_restore_interrupts(uint32_t primask) {
    __asm volatile("msr primask, %0" ::"r"(primask) : "memory");
}
