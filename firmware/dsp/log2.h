// Base-2 logarithm of an integer in eighths of an octave.
#pragma once

#include <stdint.h>

// Number of significant bits of `value`: 0 for 0, 32 for 2^31 and above. (ARMv6-M has no CLZ.)
static inline int32_t bit_length(uint32_t value) {
    int32_t length = 0;
    if (value >> 16) {
        value >>= 16;
        length = 16;
    }
    if (value >> 8) {
        value >>= 8;
        length += 8;
    }
    if (value >> 4) {
        value >>= 4;
        length += 4;
    }
    if (value >> 2) {
        value >>= 2;
        length += 2;
    }
    return length + (int32_t)(value - (value >> 1 & value));  // 0, 1, 2, 3 have 0, 1, 2, 2 bits
}

// 8 * log2(value), Q3 rounded to an integer, for value >= 1: 0 .. 256. Taken from the eight leading bits, so it is
// within 0.55 of the exact figure.
int32_t log2_eighths(uint32_t value);
