#include "dsp/pdm.h"

#include "dsp/pdm_stages.h"
#include "dsp/pdm_taps.inc"
#include "hot.h"

#define FIR_HALF_GAIN 32767  // half the sum of all taps: the FIR's output for a bit density of one half
#define CHUNK_SAMPLES 32     // the FIR's output waits on the stack in pieces of this size

pdm_fir_entry_t pdm_fir_table[4][256];

static uint32_t lane_pair(uint16_t low, uint16_t high) { return low | (uint32_t)high << 16; }

static void fill_fir_table(void) {
    for (uint32_t byte = 0; byte < 4; ++byte) {
        pdm_fir_table[byte][0][0] = pdm_fir_table[byte][0][1] = 0;
        for (uint32_t bit = 0; bit < 8; ++bit) {
            const uint16_t* tap = &fir_taps[8 * byte + bit];
            const uint32_t first = lane_pair(tap[96], tap[32]);
            const uint32_t second = lane_pair(tap[64], tap[0]);
            for (uint32_t value = 0; value < 1u << bit; ++value) {
                const uint32_t* without = pdm_fir_table[byte][value];
                uint32_t* with = pdm_fir_table[byte][value + (1u << bit)];
                with[0] = without[0] + first;
                with[1] = without[1] + second;
            }
        }
    }
}

void pdm_init(pdm_state_t* state) {
    static const uint32_t silence[4] = {0x55555555, 0x55555555, 0x55555555, 0x55555555};
    int32_t discarded[4];
    const int32_t middle = FIR_HALF_GAIN << PDM_FRACTION_BITS;
    fill_fir_table();
    *state = (pdm_state_t){
        .branch_a = {middle, middle, middle, middle},
        .branch_b = {middle, middle, middle},
        .droop = middle,
        .dc = middle << PDM_DC_SHIFT,
    };
    pdm_fir(state, silence, discarded, 2);
}

HOT void pdm_decimate(pdm_state_t* state, const uint32_t* words, int16_t* pcm, uint32_t samples) {
    int32_t narrow[CHUNK_SAMPLES * PDM_WORDS_PER_SAMPLE];
    while (samples != 0) {
        const uint32_t chunk = samples < CHUNK_SAMPLES ? samples : CHUNK_SAMPLES;
        pdm_fir(state, words, narrow, chunk);
        pdm_half_band(state, narrow, pcm, chunk);
        words += chunk * PDM_WORDS_PER_SAMPLE;
        pcm += chunk;
        samples -= chunk;
    }
}
