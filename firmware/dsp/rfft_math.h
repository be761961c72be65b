// Complex fixed-point arithmetic of the FFT's C stages, and their tables.
#pragma once

#include "dsp/rfft_stages.h"

// Rotation by a negative angle, Q15. int32_t, because a pair is then fetched by one LDM.
typedef struct {
    int32_t cosine;
    int32_t sine;
} rfft_twiddle_t;

// Angles of a radix-4 butterfly's legs 1, 3, 2 (in the order in which the assembly wants them) for k = 1, 2, ..
extern const rfft_twiddle_t rfft_twiddles_16[3][3];   // k, 3k, 2k parts of 16 of a turn
extern const rfft_twiddle_t rfft_twiddles_64[15][3];  // of 64
// k parts of 128 and of 256 of a turn, k = 1 .. 32.
extern const rfft_twiddle_t rfft_twiddles_last[32][2];

// value / 2^shift rounded half up.
static inline int32_t scale(int32_t value, int32_t shift) { return (value + (1 << (shift - 1))) >> shift; }

static inline rfft_complex_t scale_complex(rfft_complex_t a, int32_t shift) {
    return (rfft_complex_t){scale(a.re, shift), scale(a.im, shift)};
}

static inline rfft_complex_t add(rfft_complex_t a, rfft_complex_t b) {
    return (rfft_complex_t){a.re + b.re, a.im + b.im};
}

static inline rfft_complex_t subtract(rfft_complex_t a, rfft_complex_t b) {
    return (rfft_complex_t){a.re - b.re, a.im - b.im};
}

// a * (cosine - i sine) / 2^shift, cosine and sine in Q15.
static inline rfft_complex_t rotate(rfft_complex_t a, int32_t cosine, int32_t sine, int32_t shift) {
    return (rfft_complex_t){scale(a.re * cosine + a.im * sine, shift), scale(a.im * cosine - a.re * sine, shift)};
}

// Bins k and 128 - k of the real input from points k and 128 - k of the complex transform; cosine and sine of
// 2 pi k / 256.
static inline void rfft_split(rfft_complex_t point, rfft_complex_t mirror, int32_t cosine, int32_t sine,
                              rfft_complex_t* bin, rfft_complex_t* mirror_bin) {
    const rfft_complex_t sum = {point.re + mirror.re, point.im - mirror.im};
    const rfft_complex_t difference = {point.re - mirror.re, point.im + mirror.im};
    const rfft_complex_t turned = rotate(difference, cosine, sine, 15);  // times i: to be subtracted from the sum
    *bin = (rfft_complex_t){scale(sum.re + turned.im, 2), scale(sum.im - turned.re, 2)};
    *mirror_bin = (rfft_complex_t){scale(sum.re - turned.im, 2), -scale(sum.im + turned.re, 2)};
}

// The last stage and the split at once, so that the complex spectrum is never stored: bins k, 128 - k, 64 - k and
// 64 + k in this order, k = 1 .. 32 (where the two pairs coincide). Reads z[k], z[64 - k], z[64 + k], z[128 - k].
static inline void rfft_last_stage(const rfft_complex_t z[RFFT_POINTS], uint32_t k, rfft_complex_t bins[4]) {
    const rfft_twiddle_t w = rfft_twiddles_last[k - 1][0];
    const rfft_twiddle_t v = rfft_twiddles_last[k - 1][1];
    const rfft_complex_t even = scale_complex(z[k], 1);
    const rfft_complex_t odd = rotate(z[64 + k], w.cosine, w.sine, 16);
    const rfft_complex_t even_m = scale_complex(z[64 - k], 1);
    const rfft_complex_t odd_m = rotate(z[128 - k], -w.cosine, w.sine, 16);
    rfft_split(add(even, odd), subtract(even_m, odd_m), v.cosine, v.sine, &bins[0], &bins[1]);
    rfft_split(add(even_m, odd_m), subtract(even, odd), v.sine, v.cosine, &bins[2], &bins[3]);
}

// Bins 0, 128 (both real) and 64 need no multiplication.
static inline void rfft_trivial_bins(const rfft_complex_t z[RFFT_POINTS], rfft_complex_t bins[3]) {
    const rfft_complex_t even = scale_complex(z[0], 1);
    const rfft_complex_t odd = scale_complex(z[64], 1);
    const rfft_complex_t sum = add(even, odd);
    bins[0] = (rfft_complex_t){scale(sum.re + sum.im, 1), 0};
    bins[1] = (rfft_complex_t){scale(sum.re - sum.im, 1), 0};
    bins[2] = (rfft_complex_t){scale(even.re - odd.re, 1), -scale(even.im - odd.im, 1)};
}

static inline uint32_t rfft_power(rfft_complex_t a) { return (uint32_t)(a.re * a.re) + (uint32_t)(a.im * a.im); }
