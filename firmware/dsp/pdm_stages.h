// The two halves of pdm_decimate. ARMv6-M has them in assembly (pdm_armv6m.S), everything else in C (pdm_stages.c);
// the results are equal to the bit.
#pragma once

#include "dsp/pdm.h"

// A word of 32 bits contributes to the four FIR outputs that overlap it. Output 0 is completed by this word, output 3
// begins with it. pdm_fir_table[byte][value] holds what a byte of that value adds: [0] for outputs 0 (low half) and 2
// (high half), [1] for outputs 1 and 3. With this pairing one step of time is a swap of the words and one shift. No tap
// is negative and all add up to less than 2^16, so the low half never carries into the high half.
typedef uint32_t pdm_fir_entry_t[2];
extern pdm_fir_entry_t pdm_fir_table[4][256];

#define PDM_FRACTION_BITS 3  // Q18 below Q15
#define PDM_DC_SHIFT 9       // corner of the DC blocker 16000 / (2 pi 2^9) = 5 Hz

// FIR: 2 * `pairs` words give as many samples at 32 kHz, Q18, offset by half the range (0 .. 2^19). The offset passes
// through the half-band stage exactly, all of its operations being invariant to a shift, and ends in the DC blocker.
void pdm_fir(pdm_state_t* state, const uint32_t* words, int32_t* narrow, uint32_t pairs);

// Half-band, droop corrector, DC blocker, rounding, saturation: `pairs` pairs give as many samples. `pairs` >= 1.
void pdm_half_band(pdm_state_t* state, const int32_t* narrow, int16_t* pcm, uint32_t pairs);
