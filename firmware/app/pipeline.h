// From a block of PDM to a probability: decimation, four overlapping frames of features, the network.
#pragma once

#include <stdint.h>

#include "dsp/pdm.h"

// Starts from silence: the network's window holds the features of digital zero, as if it had always been quiet.
void pipeline_init(void);

// PDM words to PCM; the result stays valid until the next call.
const int16_t* pipeline_decimate(const uint32_t* words);

// Running mean that the decimator takes off the signal, in Q15; beyond 16 bits for a stuck microphone.
int32_t pipeline_mean(void);

// Features and network on the PCM of the last pipeline_decimate(). Returns 0..255.
uint8_t pipeline_classify(void);
