#include "dsp/rfft.h"

#include "dsp/log2.h"
#include "dsp/rfft_tables.inc"
#include "hot.h"

#define POINTS 128  // of the complex transform: two real samples a point

typedef struct {
    int32_t re;
    int32_t im;
} complex_t;

// value / 2^shift rounded half up.
static inline int32_t scale(int32_t value, int32_t shift) { return (value + (1 << (shift - 1))) >> shift; }

static inline complex_t scale_complex(complex_t a, int32_t shift) {
    return (complex_t){scale(a.re, shift), scale(a.im, shift)};
}

// a * (cosine - i sine) / 2^shift, cosine and sine in Q15.
static inline complex_t rotate(complex_t a, int32_t cosine, int32_t sine, int32_t shift) {
    return (complex_t){scale(a.re * cosine + a.im * sine, shift), scale(a.im * cosine - a.re * sine, shift)};
}

// Four-point transform of `leg` into out[0], out[stride], out[2 stride], out[3 stride].
static inline void butterfly4(const complex_t leg[4], complex_t* out, uint32_t stride) {
    const complex_t even = {leg[0].re + leg[2].re, leg[0].im + leg[2].im};
    const complex_t even_minus = {leg[0].re - leg[2].re, leg[0].im - leg[2].im};
    const complex_t odd = {leg[1].re + leg[3].re, leg[1].im + leg[3].im};
    const complex_t odd_minus = {leg[1].re - leg[3].re, leg[1].im - leg[3].im};
    out[0] = (complex_t){even.re + odd.re, even.im + odd.im};
    out[stride] = (complex_t){even_minus.re + odd_minus.im, even_minus.im - odd_minus.re};
    out[2 * stride] = (complex_t){even.re - odd.re, even.im - odd.im};
    out[3 * stride] = (complex_t){even_minus.re - odd_minus.im, even_minus.im + odd_minus.re};
}

// Right shift of x * w that leaves 14 magnitude bits, from the largest magnitude in the frame.
static int32_t window_shift(const int16_t in[RFFT_SIZE]) {
    uint32_t magnitudes = 0;
    for (uint32_t n = 0; n < RFFT_SIZE; ++n) magnitudes |= (uint32_t)(in[n] < 0 ? ~in[n] : in[n]);
    return bit_length(magnitudes) + 1;
}

// Window, normalisation and the first radix-4 stage, whose twiddles are all 1. Reads in digit-reversed order.
static void first_stage(const int16_t in[RFFT_SIZE], const uint16_t window[RFFT_SIZE], int32_t shift,
                        complex_t z[POINTS]) {
    for (uint32_t b = 0; b < POINTS / 4; ++b) {
        complex_t leg[4];
        for (uint32_t i = 0; i < 4; ++i) {
            const uint32_t n = 2 * (b + POINTS / 4 * i);
            leg[i].re = scale(in[n] * (int32_t)window[n], shift);
            leg[i].im = scale(in[n + 1] * (int32_t)window[n + 1], shift);
        }
        butterfly4(leg, &z[64 * (b & 1) + 16 * (b >> 1 & 3) + 4 * (b >> 3)], 1);
    }
}

// Turns groups of four transforms of `span` points into one of 4 * span points, scaled by 1/4. The three twiddles of
// k = 1, 2, .. follow one another; k = 0 needs none.
static inline void radix4_stage(complex_t z[POINTS], uint32_t span, const q15_twiddle_t* twiddles) {
    for (uint32_t k = 0; k < span; ++k) {
        for (uint32_t block = 0; block < POINTS; block += 4 * span) {
            complex_t* base = z + block + k;
            complex_t leg[4] = {scale_complex(base[0], 2)};
            for (uint32_t i = 1; i < 4; ++i) {
                const q15_twiddle_t* w = &twiddles[3 * k + i - 4];
                leg[i] = k == 0 ? scale_complex(base[i * span], 2) : rotate(base[i * span], w->cosine, w->sine, 17);
            }
            butterfly4(leg, base, span);
        }
    }
}

static int32_t transform(const int16_t in[RFFT_SIZE], const uint16_t window[RFFT_SIZE], complex_t z[POINTS]) {
    const int32_t shift = window_shift(in);
    first_stage(in, window, shift, z);
    radix4_stage(z, 4, twiddles_16);
    radix4_stage(z, 16, twiddles_64);
    return shift - 9;
}

// Bins 0, 64 and 128 need no multiplication. The last one is returned through bins[1].
static inline void trivial_bins(const complex_t z[POINTS], complex_t bins[3]) {
    const complex_t even = scale_complex(z[0], 1);
    const complex_t odd = scale_complex(z[64], 1);
    const complex_t sum = {even.re + odd.re, even.im + odd.im};
    bins[0] = (complex_t){scale(sum.re + sum.im, 1), 0};
    bins[1] = (complex_t){scale(sum.re - sum.im, 1), 0};
    bins[2] = (complex_t){scale(even.re - odd.re, 1), -scale(even.im - odd.im, 1)};
}

// Bins k and 128 - k of the real input from points k and 128 - k of the complex transform; cosine and sine of
// 2 pi k / 256.
static inline void split(complex_t point, complex_t mirror, int32_t cosine, int32_t sine, complex_t* bin,
                         complex_t* mirror_bin) {
    const complex_t sum = {point.re + mirror.re, point.im - mirror.im};
    const complex_t difference = {point.re - mirror.re, point.im + mirror.im};
    const complex_t turned = rotate(difference, cosine, sine, 15);  // times i gives what is to be subtracted
    *bin = (complex_t){scale(sum.re + turned.im, 2), scale(sum.im - turned.re, 2)};
    *mirror_bin = (complex_t){scale(sum.re - turned.im, 2), -scale(sum.im + turned.re, 2)};
}

// The last (radix-2) stage and the split at once, so that the complex spectrum is never stored: bins k, 128 - k, 64 - k
// and 64 + k in this order, k = 1..32. (At k = 32 the two pairs coincide.)
static inline void last_stage(const complex_t z[POINTS], uint32_t k, complex_t bins[4]) {
    const q15_twiddle_t w = twiddles_128[k - 1];
    const complex_t even = scale_complex(z[k], 1);
    const complex_t even_m = scale_complex(z[64 - k], 1);
    const complex_t odd = rotate(z[64 + k], w.cosine, w.sine, 16);
    const complex_t odd_m = rotate(z[128 - k], -w.cosine, w.sine, 16);
    const complex_t point_k = {even.re + odd.re, even.im + odd.im};
    const complex_t point_64_plus = {even.re - odd.re, even.im - odd.im};
    const complex_t point_64_minus = {even_m.re + odd_m.re, even_m.im + odd_m.im};
    const complex_t point_128_minus = {even_m.re - odd_m.re, even_m.im - odd_m.im};
    const q15_twiddle_t v = twiddles_256[k - 1];
    split(point_k, point_128_minus, v.cosine, v.sine, &bins[0], &bins[1]);
    split(point_64_minus, point_64_plus, v.sine, v.cosine, &bins[2], &bins[3]);
}

static inline uint32_t square(complex_t a) { return (uint32_t)(a.re * a.re) + (uint32_t)(a.im * a.im); }

HOT int32_t rfft_q15_256_power(const int16_t in[RFFT_SIZE], const uint16_t window[RFFT_SIZE],
                               uint32_t power[RFFT_BANDS]) {
    complex_t z[POINTS];
    complex_t bins[4];
    const int32_t exponent = transform(in, window, z);
    for (uint32_t b = 0; b < RFFT_BANDS; ++b) power[b] = 0;
    trivial_bins(z, bins);
    power[0] = square(bins[0]);
    power[64 / 4] = square(bins[2]);
    for (uint32_t k = 1; k <= 32; ++k) {
        last_stage(z, k, bins);
        power[k / 4] += square(bins[0]);
        power[(128 - k) / 4] += square(bins[1]);
        if (k == 32) break;
        power[(64 - k) / 4] += square(bins[2]);
        power[(64 + k) / 4] += square(bins[3]);
    }
    return exponent;
}

static void store(int16_t out[RFFT_SIZE], uint32_t k, complex_t bin) {
    out[2 * k] = (int16_t)(bin.re > INT16_MAX ? INT16_MAX : bin.re < INT16_MIN ? INT16_MIN : bin.re);
    out[2 * k + 1] = (int16_t)(bin.im > INT16_MAX ? INT16_MAX : bin.im < INT16_MIN ? INT16_MIN : bin.im);
}

int32_t rfft_q15_256(const int16_t in[RFFT_SIZE], const uint16_t window[RFFT_SIZE], int16_t out[RFFT_SIZE]) {
    complex_t z[POINTS];
    complex_t bins[4];
    const int32_t exponent = transform(in, window, z);
    trivial_bins(z, bins);
    store(out, 0, (complex_t){bins[0].re, bins[1].re});
    store(out, 64, bins[2]);
    for (uint32_t k = 1; k <= 32; ++k) {
        last_stage(z, k, bins);
        store(out, k, bins[0]);
        store(out, 128 - k, bins[1]);
        if (k == 32) break;
        store(out, 64 - k, bins[2]);
        store(out, 64 + k, bins[3]);
    }
    return exponent;
}
