// PDM at 1.024 MHz to PCM at 16 kHz.
//
//   bits --FIR, 128 taps, 32:1--> 32 kHz --half-band IIR, 2:1--> 16 kHz --droop--> --DC blocker--> --round--> PCM
//
// Formats. In: one bit a sample, 0 is -1.0 and 1 is +1.0, bit 0 of a word the oldest. FIR output: Q15 exactly (integer
// taps, no rounding), range +-32767. Half-band to DC blocker: Q18 in int32_t; the worst case of any bit pattern is
// below 2^22 there, so no sum and no product (8-bit coefficients) overflows; products are rounded down. Out: Q15 in
// int16_t, rounded half up and saturated. Gain is 1: a sine of amplitude a in the bit density is one of amplitude a in
// PCM. The filter's figures are asserted by tests/training/dsp/test_pdm_quality.py.
#pragma once

#include <stdint.h>

#define PDM_WORDS_PER_SAMPLE 2
#define PCM_BLOCK_SAMPLES 512

// What one decimator carries from call to call. pdm_armv6m.S knows this layout. All of it is offset by half the range.
typedef struct {
    uint32_t lanes[2];    // FIR outputs under way, two 16-bit lanes a word
    int32_t branch_a[4];  // half-band branch of the newer 32 kHz sample: last input, then each section's last output
    int32_t branch_b[3];  // half-band branch of the older 32 kHz sample
    int32_t droop;        // last output of the droop corrector, Q18
    int32_t dc;           // running mean, Q27
} pdm_state_t;

// Prepares `state` as if the bits had alternated for ever (silence). Also fills the lookup table shared by all
// decimators, so it must run before the first pdm_decimate.
void pdm_init(pdm_state_t* state);

// Turns `words` (PDM_WORDS_PER_SAMPLE a sample) into `samples` PCM samples. Any number of samples, any split into
// calls: the result is that of one call.
void pdm_decimate(pdm_state_t* state, const uint32_t* words, int16_t* pcm, uint32_t samples);
