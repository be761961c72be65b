#include "dsp/features.h"

#include "dsp/hann.inc"
#include "dsp/log2.h"
#include "dsp/rfft.h"
#include "hot.h"

#define UNIT_LOG2 11  // feature -128 is a power of 2^11
#define STEPS 8       // a feature step is an eighth of an octave of power
#define LOWEST INT8_MIN

HOT void features_compute(const int16_t frame[FEATURE_FRAME], int8_t bands[FEATURE_BANDS]) {
    uint32_t power[RFFT_BANDS];
    const int32_t exponent = rfft_q15_256_power(frame, hann_256, power);
    const int32_t offset = STEPS * (2 * exponent - UNIT_LOG2) + LOWEST;
    for (uint32_t b = 0; b < FEATURE_BANDS; ++b) {
        int32_t feature = LOWEST;
        if (power[b] != 0) feature = log2_eighths(power[b]) + offset;
        if (feature < LOWEST) feature = LOWEST;
        if (feature > INT8_MAX) feature = INT8_MAX;
        bands[b] = (int8_t)feature;
    }
}
