// Entry points for emberwatch.training.dsp.native: whole recordings per call, so that Python's overhead does not count.
#include "dsp/features.h"
#include "dsp/pdm.h"

uint32_t native_pdm_state_size(void) { return sizeof(pdm_state_t); }

void native_features(const int16_t* pcm, uint32_t frames, int8_t* bands) {
    for (uint32_t i = 0; i < frames; ++i) features_compute(pcm + i * FEATURE_HOP, bands + i * FEATURE_BANDS);
}
