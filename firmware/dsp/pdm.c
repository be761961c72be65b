#include "dsp/pdm.h"

#include "dsp/pdm_tables.inc"
#include "hot.h"

#define FIR_TAPS 128
#define FIR_HALF_GAIN 32767  // half the sum of all taps: the FIR's output for a bit density of one half
#define FRACTION_BITS 3      // Q18 below Q15
#define DC_SHIFT 9           // corner 16000 / (2 pi 2^9) = 5 Hz
#define CHUNK_SAMPLES 32     // the FIR's output waits on the stack in pieces of this size

// A word of 32 bits contributes to the four FIR outputs that overlap it. Output 0 is completed by this word, output 3
// begins with it. table[value][byte] holds what a byte of that value adds: [0] for outputs 0 (low half) and 2 (high
// half), [1] for outputs 1 and 3. With this pairing one step of time is a swap of the words and one shift. All taps are
// positive and add up to less than 2^16, so the low half never carries into the high half.
typedef uint32_t fir_entry_t[2];
static fir_entry_t fir_table[4][256];

static uint32_t lane_pair(const uint16_t* low, const uint16_t* high) { return *low | (uint32_t)*high << 16; }

static void fill_fir_table(void) {
    for (uint32_t byte = 0; byte < 4; ++byte) {
        for (uint32_t bit = 0; bit < 8; ++bit) {
            const uint16_t* tap = &fir_taps[8 * byte + bit];
            const uint32_t first = lane_pair(tap + 96, tap + 32);
            const uint32_t second = lane_pair(tap + 64, tap);
            for (uint32_t value = 0; value < 256; ++value) {
                if (bit == 0) fir_table[byte][value][0] = fir_table[byte][value][1] = 0;
                if (value >> bit & 1) {
                    fir_table[byte][value][0] += first;
                    fir_table[byte][value][1] += second;
                }
            }
        }
    }
}

// One word in, one 32 kHz sample out, Q18.
static inline int32_t fir_step(uint32_t lanes[2], uint32_t word) {
    const uint32_t* e0 = fir_table[0][word & 0xFF];
    const uint32_t* e1 = fir_table[1][word >> 8 & 0xFF];
    const uint32_t* e2 = fir_table[2][word >> 16 & 0xFF];
    const uint32_t* e3 = fir_table[3][word >> 24];
    const uint32_t completed = lanes[0] + e0[0] + e1[0] + e2[0] + e3[0];
    lanes[0] = lanes[1] + e0[1] + e1[1] + e2[1] + e3[1];
    lanes[1] = completed >> 16;
    return ((int32_t)(completed & 0xFFFF) - FIR_HALF_GAIN) * (1 << FRACTION_BITS);
}

// First-order all-pass (c + z^-1) / (1 + c z^-1), c in Q8. `state[0]` is its last input, `state[1]` its last output.
static inline int32_t all_pass(int32_t* state, int32_t input, int32_t c) {
    const int32_t output = state[0] + ((c * (input - state[1])) >> 8);
    state[0] = input;
    return output;
}

static inline int32_t branch_a(int32_t state[4], int32_t input) {
    const int32_t first = all_pass(state, input, HALFBAND_A0);
    const int32_t second = all_pass(state + 1, first, HALFBAND_A1);
    const int32_t third = all_pass(state + 2, second, HALFBAND_A2);
    state[3] = third;
    return third;
}

static inline int32_t branch_b(int32_t state[3], int32_t input) {
    const int32_t first = all_pass(state, input, HALFBAND_B0);
    const int32_t second = all_pass(state + 1, first, HALFBAND_B1);
    state[2] = second;
    return second;
}

static inline int16_t saturate(int32_t value) {
    if (value > INT16_MAX) return INT16_MAX;
    if (value < INT16_MIN) return INT16_MIN;
    return (int16_t)value;
}

static void fir(pdm_state_t* state, const uint32_t* words, int32_t* out, uint32_t count) {
    uint32_t lanes[2] = {state->lanes[0], state->lanes[1]};
    for (uint32_t i = 0; i < count; ++i) out[i] = fir_step(lanes, words[i]);
    state->lanes[0] = lanes[0];
    state->lanes[1] = lanes[1];
}

static void half_band(pdm_state_t* state, const int32_t* in, int16_t* pcm, uint32_t samples) {
    for (uint32_t i = 0; i < samples; ++i) {
        const int32_t sum = branch_b(state->branch_b, in[2 * i]) + branch_a(state->branch_a, in[2 * i + 1]);
        const int32_t flat = (sum >> 1);
        state->droop = flat + ((DROOP_B * (flat - state->droop)) >> 8);
        const int32_t ac = state->droop - (state->dc >> DC_SHIFT);
        state->dc += ac;
        pcm[i] = saturate((ac + (1 << (FRACTION_BITS - 1))) >> FRACTION_BITS);
    }
}

void pdm_init(pdm_state_t* state) {
    fill_fir_table();
    *state = (pdm_state_t){0};
    for (int i = 0; i < 3; ++i) fir_step(state->lanes, 0x55555555);
}

HOT void pdm_decimate(pdm_state_t* state, const uint32_t* words, int16_t* pcm, uint32_t samples) {
    int32_t narrow[CHUNK_SAMPLES * PDM_WORDS_PER_SAMPLE];
    while (samples != 0) {
        const uint32_t chunk = samples < CHUNK_SAMPLES ? samples : CHUNK_SAMPLES;
        fir(state, words, narrow, chunk * PDM_WORDS_PER_SAMPLE);
        half_band(state, narrow, pcm, chunk);
        words += chunk * PDM_WORDS_PER_SAMPLE;
        pcm += chunk;
        samples -= chunk;
    }
}
