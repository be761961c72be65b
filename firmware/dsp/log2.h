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
    // The length of a 4-bit number, four bits each, packed into one constant.
    return length + (int32_t)((UINT64_C(0x4444444433332210) >> (4 * value)) & 15);
}

// 8 * log2(value), Q3 rounded to an integer, for value >= 1: 0 .. 256. Taken from the eight leading bits, so it is
// within 0.55 of the exact figure.
int32_t log2_eighths(uint32_t value);
