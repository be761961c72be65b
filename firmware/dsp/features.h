// Log-power spectrum features: what the network sees.
//
// Feature b of a frame x[0..255] (Q15 PCM) is
//     clamp(round(8 * log2(power[b] / 2^11)) - 128, -128, 127)
//     power[b] = sum over bins k = 4b .. 4b+3 of |sum over n of x[n] * hann[n] * exp(-2 pi i k n / 256)|^2
// with x as an integer and hann peaking at 1: 0.376 dB a step, 250 Hz a band. A full-scale sine on a bin gives about
// +125, the floor of -128 is 95 dB below it. Arithmetic: block floating point per frame (see rfft.h), so the error is
// some 80 dB below the strongest bin of the same frame at every loudness.
#pragma once

#include <stdint.h>

#define FEATURE_FRAME 256
#define FEATURE_HOP 128
#define FEATURE_BANDS 32

// `frame`: Q15, aligned as int16_t. `bands`: one byte a band, lowest first. No state.
void features_compute(const int16_t frame[FEATURE_FRAME], int8_t bands[FEATURE_BANDS]);
