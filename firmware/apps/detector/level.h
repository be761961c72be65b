// Sound level of a PCM block. Pure C11, integer.
#pragma once

#include <stdint.h>

#define LEVEL_CLIPPING 10  // no block in which one sample in eight is saturated can be quieter
#define LEVEL_SILENCE 99   // all samples zero, or quieter than -99 dBFS

// RMS level in -dBFS, 0..99: 0 is every sample at full scale, 3 a full-scale sine. Error at most 1 dB.
// `count` is 1..65536.
uint32_t level_dbfs(const int16_t* samples, uint32_t count);
