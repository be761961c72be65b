#include "dsp/rfft.h"

#include <string.h>

#include "dsp/rfft_math.h"
#include "dsp/rfft_stages.h"
#include "hot.h"

#define BINS_PER_BAND (RFFT_POINTS / RFFT_BANDS)

static inline int32_t transform(const int16_t in[RFFT_SIZE], const uint16_t window[RFFT_SIZE],
                                rfft_complex_t z[RFFT_POINTS]) {
    const int32_t shift = rfft_window_shift(in);
    rfft_first_stage(in, window, shift, z);
    rfft_middle_stages(z);
    return shift - 9;
}

static HOT int32_t power_aligned(const int16_t in[RFFT_SIZE], const uint16_t window[RFFT_SIZE],
                                 uint32_t power[RFFT_BANDS]) {
    rfft_complex_t z[RFFT_POINTS];
    rfft_complex_t trivial[3];
    const int32_t exponent = transform(in, window, z);
    rfft_trivial_bins(z, trivial);
    rfft_last_stage_power(z);
    z[0].re = (int32_t)rfft_power(trivial[0]);
    z[64].re = (int32_t)rfft_power(trivial[2]);
    const rfft_complex_t* bin = z;
    for (uint32_t b = 0; b < RFFT_BANDS; ++b, bin += BINS_PER_BAND) {
        power[b] = (uint32_t)bin[0].re + (uint32_t)bin[1].re + (uint32_t)bin[2].re + (uint32_t)bin[3].re;
    }
    return exponent;
}

// Frames in mid-word are moved: the stages read two samples at a time. A block's frames start at multiples of 128.
static HOT int32_t power_unaligned(const int16_t in[RFFT_SIZE], const uint16_t window[RFFT_SIZE],
                                   uint32_t power[RFFT_BANDS]) {
    _Alignas(4) int16_t copy[RFFT_SIZE];
    memcpy(copy, in, sizeof copy);
    return power_aligned(copy, window, power);
}

HOT int32_t rfft_q15_256_power(const int16_t in[RFFT_SIZE], const uint16_t window[RFFT_SIZE],
                               uint32_t power[RFFT_BANDS]) {
    return ((uintptr_t)in & 3) != 0 ? power_unaligned(in, window, power) : power_aligned(in, window, power);
}

static int16_t saturate(int32_t value) {
    if (value > INT16_MAX) return INT16_MAX;
    if (value < INT16_MIN) return INT16_MIN;
    return (int16_t)value;
}

static void store(int16_t out[RFFT_SIZE], uint32_t k, rfft_complex_t bin) {
    out[2 * k] = saturate(bin.re);
    out[2 * k + 1] = saturate(bin.im);
}

int32_t rfft_q15_256(const int16_t in[RFFT_SIZE], const uint16_t window[RFFT_SIZE], int16_t out[RFFT_SIZE]) {
    _Alignas(4) int16_t copy[RFFT_SIZE];
    rfft_complex_t z[RFFT_POINTS];
    rfft_complex_t bins[4];
    memcpy(copy, in, sizeof copy);
    const int32_t exponent = transform(copy, window, z);
    rfft_trivial_bins(z, bins);
    store(out, 0, (rfft_complex_t){bins[0].re, bins[1].re});
    store(out, 64, bins[2]);
    for (uint32_t k = 1; k <= 32; ++k) {
        rfft_last_stage(z, k, bins);
        store(out, k, bins[0]);
        store(out, 128 - k, bins[1]);
        store(out, 64 - k, bins[2]);
        store(out, 64 + k, bins[3]);
    }
    return exponent;
}
