// Block resets (datasheet 2.14).
#pragma once

#include "hw/rp2040.h"

// Takes blocks out of reset and waits until they are ready.
static inline void resets_release(uint32_t blocks) {
    hw_clear(&RESETS->RESET, blocks);
    while ((RESETS->RESET_DONE & blocks) != blocks) {
    }
}

// Puts blocks into their reset state, whatever they did before.
static inline void resets_cycle(uint32_t blocks) {
    hw_set(&RESETS->RESET, blocks);
    resets_release(blocks);
}
