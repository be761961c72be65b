#include "apps/detector/level.h"

#include "hot.h"

// 20 log10(a) of an amplitude in 1/8 octave steps: floor(8 log2(power)) with a linear mantissa, then
// 3.0103 dB per doubling of power.
#define POWER_BITS_FULL_SCALE 30  // mean square of samples at full scale is 2^30

HOT uint32_t level_dbfs(const int16_t* samples, uint32_t count) {
    const int16_t *at = samples, *const end = samples + count;
    uint64_t sum = 0;
    // Two squares are at most 2^31, so the carry into the high word is only needed every second sample.
    for (; at + 1 < end; at += 2) sum += (uint32_t)(at[0] * at[0]) + (uint32_t)(at[1] * at[1]);
    if (at < end) sum += (uint32_t)(at[0] * at[0]);
    // Four fraction bits keep the resolution of quiet blocks.
    const uint64_t power = sum * 16 / count;
    if (power == 0) return LEVEL_SILENCE;
    // log2 in 1/256: exponent and linearly interpolated mantissa (error below 0.09 octaves of power, 0.26 dB).
    uint32_t exponent = 0;
    for (uint64_t p = power; p > 1; p >>= 1) exponent++;
    const uint32_t mantissa = (uint32_t)((exponent >= 8 ? power >> (exponent - 8) : power << (8 - exponent)) & 255u);
    const int32_t log2_256 = (int32_t)(exponent * 256 + mantissa) - 4 * 256;
    // 10 log10(2^x) = 3.0103 x dB; 771/256 = 3.0117.
    const int32_t below = (POWER_BITS_FULL_SCALE * 256 - log2_256) * 771;
    if (below <= 0) return 0;
    const uint32_t db = ((uint32_t)below + (1u << 15)) >> 16;
    return db < LEVEL_SILENCE ? db : LEVEL_SILENCE;
}
