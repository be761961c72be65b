#include "dsp/pdm_stages.h"

#include "dsp/pdm_coefficients.inc"

#if !defined(__ARM_ARCH_6M__)

// One word in, one 32 kHz sample out.
static int32_t fir_step(uint32_t lanes[2], uint32_t word) {
    const uint32_t* e0 = pdm_fir_table[0][word & 0xFF];
    const uint32_t* e1 = pdm_fir_table[1][word >> 8 & 0xFF];
    const uint32_t* e2 = pdm_fir_table[2][word >> 16 & 0xFF];
    const uint32_t* e3 = pdm_fir_table[3][word >> 24];
    const uint32_t completed = lanes[0] + e0[0] + e1[0] + e2[0] + e3[0];
    lanes[0] = lanes[1] + e0[1] + e1[1] + e2[1] + e3[1];
    lanes[1] = completed >> 16;
    return (int32_t)((completed & 0xFFFF) << PDM_FRACTION_BITS);
}

void pdm_fir(pdm_state_t* state, const uint32_t* words, int32_t* narrow, uint32_t pairs) {
    for (uint32_t i = 0; i < 2 * pairs; ++i) narrow[i] = fir_step(state->lanes, words[i]);
}

// First-order all-pass (c + z^-1) / (1 + c z^-1), c in Q8. state[0] is its last input, state[1] its last output; the
// latter is updated by whoever takes it as input.
static int32_t all_pass(int32_t* state, int32_t input, int32_t c) {
    const int32_t output = state[0] + ((c * (input - state[1])) >> 8);
    state[0] = input;
    return output;
}

static int16_t saturate(int32_t value) {
    if (value > INT16_MAX) return INT16_MAX;
    if (value < INT16_MIN) return INT16_MIN;
    return (int16_t)value;
}

void pdm_half_band(pdm_state_t* state, const int32_t* narrow, int16_t* pcm, uint32_t pairs) {
    int32_t* a = state->branch_a;
    int32_t* b = state->branch_b;
    for (uint32_t i = 0; i < pairs; ++i) {
        b[2] = all_pass(b + 1, all_pass(b, narrow[2 * i], HALFBAND_B0), HALFBAND_B1);
        a[3] = all_pass(a + 2, all_pass(a + 1, all_pass(a, narrow[2 * i + 1], HALFBAND_A0), HALFBAND_A1), HALFBAND_A2);
        const int32_t half_band = (a[3] + b[2]) >> 1;
        state->droop = half_band + ((DROOP_B * (half_band - state->droop)) >> 8);
        const int32_t ac = state->droop - (state->dc >> PDM_DC_SHIFT);
        state->dc += ac;
        pcm[i] = saturate((ac + (1 << (PDM_FRACTION_BITS - 1))) >> PDM_FRACTION_BITS);
    }
}

#endif
