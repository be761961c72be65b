// The stages of rfft.c. ARMv6-M has them in assembly (rfft_armv6m.S), everything else in C (rfft_stages.c); the results
// are equal to the bit. Formats and bounds: rfft.h.
#pragma once

#include <stdint.h>

#include "dsp/rfft.h"

#define RFFT_POINTS 128  // of the complex transform: two real samples a point

typedef struct {
    int32_t re;
    int32_t im;
} rfft_complex_t;

// Right shift of x * w that leaves 14 magnitude bits: 1 + the magnitude bits of the largest |in[n]|, 1 .. 16. `in` is
// aligned to 4 bytes.
int32_t rfft_window_shift(const int16_t in[RFFT_SIZE]);

// Window, normalisation (rounded down, which shows in bin 0 alone) and the first radix-4 stage, whose twiddles are all
// 1. Both inputs are aligned to 4 bytes and read in digit-reversed order.
void rfft_first_stage(const int16_t in[RFFT_SIZE], const uint16_t window[RFFT_SIZE], int32_t shift,
                      rfft_complex_t z[RFFT_POINTS]);

// The two radix-4 stages with twiddles, each scaled by 1/4: 32 transforms of 4 points become 8 of 16, then 2 of 64.
void rfft_middle_stages(rfft_complex_t z[RFFT_POINTS]);

// The last (radix-2) stage and the split into bins of the real input. z[k].re becomes the power of bin k.
void rfft_last_stage_power(rfft_complex_t z[RFFT_POINTS]);
