#include "dsp/rfft_stages.h"

#include "dsp/log2.h"
#include "dsp/rfft_math.h"

#if !defined(__ARM_ARCH_6M__)

int32_t rfft_window_shift(const int16_t in[RFFT_SIZE]) {
    uint32_t magnitudes = 0;
    for (uint32_t n = 0; n < RFFT_SIZE; ++n) magnitudes |= (uint32_t)(in[n] < 0 ? ~in[n] : in[n]);
    return 1 + bit_length(magnitudes);
}

// Four-point transform of `leg` into out[0], out[stride], out[2 stride], out[3 stride].
static void butterfly4(const rfft_complex_t leg[4], rfft_complex_t* out, uint32_t stride) {
    const rfft_complex_t even = add(leg[0], leg[2]);
    const rfft_complex_t even_minus = subtract(leg[0], leg[2]);
    const rfft_complex_t odd = add(leg[1], leg[3]);
    const rfft_complex_t odd_minus = subtract(leg[1], leg[3]);
    out[0] = add(even, odd);
    out[stride] = (rfft_complex_t){even_minus.re + odd_minus.im, even_minus.im - odd_minus.re};
    out[2 * stride] = subtract(even, odd);
    out[3 * stride] = (rfft_complex_t){even_minus.re - odd_minus.im, even_minus.im + odd_minus.re};
}

void rfft_first_stage(const int16_t in[RFFT_SIZE], const uint16_t window[RFFT_SIZE], int32_t shift,
                      rfft_complex_t z[RFFT_POINTS]) {
    for (uint32_t b = 0; b < RFFT_POINTS / 4; ++b) {
        rfft_complex_t leg[4];
        for (uint32_t i = 0; i < 4; ++i) {
            const uint32_t n = 2 * (b + RFFT_POINTS / 4 * i);
            leg[i].re = in[n] * (int32_t)window[n] >> shift;
            leg[i].im = in[n + 1] * (int32_t)window[n + 1] >> shift;
        }
        butterfly4(leg, &z[64 * (b & 1) + 16 * (b >> 1 & 3) + 4 * (b >> 3)], 1);
    }
}

static void radix4_stage(rfft_complex_t z[RFFT_POINTS], uint32_t span, const rfft_twiddle_t twiddles[][3]) {
    for (uint32_t block = 0; block < RFFT_POINTS; block += 4 * span) {
        for (uint32_t k = 0; k < span; ++k) {
            rfft_complex_t* base = z + block + k;
            rfft_complex_t leg[4];
            for (uint32_t i = 0; i < 4; ++i) leg[i] = scale_complex(base[i * span], 2);
            if (k != 0) {
                const rfft_twiddle_t* w = twiddles[k - 1];
                leg[1] = rotate(base[span], w[0].cosine, w[0].sine, 17);
                leg[3] = rotate(base[3 * span], w[1].cosine, w[1].sine, 17);
                leg[2] = rotate(base[2 * span], w[2].cosine, w[2].sine, 17);
            }
            butterfly4(leg, base, span);
        }
    }
}

void rfft_middle_stages(rfft_complex_t z[RFFT_POINTS]) {
    radix4_stage(z, 4, rfft_twiddles_16);
    radix4_stage(z, 16, rfft_twiddles_64);
}

void rfft_last_stage_power(rfft_complex_t z[RFFT_POINTS]) {
    for (uint32_t k = 1; k <= 32; ++k) {
        rfft_complex_t bins[4];
        rfft_last_stage(z, k, bins);
        z[k].re = (int32_t)rfft_power(bins[0]);
        z[128 - k].re = (int32_t)rfft_power(bins[1]);
        z[64 - k].re = (int32_t)rfft_power(bins[2]);
        z[64 + k].re = (int32_t)rfft_power(bins[3]);
    }
}

#endif
