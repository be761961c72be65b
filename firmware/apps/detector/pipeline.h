// From a block of PDM to a probability: decimation, four overlapping frames of features, the network.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dsp/features.h"
#include "dsp/pdm.h"

#define PIPELINE_FRAMES 4u  // feature frames in a block

void pipeline_init(void);

// Before the first block: gives the network one block of silence, until its window holds the features of digital zero
// as if it had always been quiet. Returns whether it had work to do; call it until it has none.
bool pipeline_settle(void);

// PDM words to PCM; the result stays valid until the next call.
const int16_t* pipeline_decimate(const uint32_t* words);

// Running mean that the decimator takes off the signal, in Q15; beyond 16 bits for a stuck microphone.
int32_t pipeline_mean(void);

// Features and network on the PCM of the last pipeline_decimate(). Returns 0..255.
uint8_t pipeline_classify(void);

// The features of the block last classified, PIPELINE_FRAMES of them.
const int8_t (*pipeline_features(void))[FEATURE_BANDS];
