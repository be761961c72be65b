// 256-point FFT of real Q15 samples with a window, in block floating point.
//
// The frame is normalised by its peak: with L the number of magnitude bits that the largest |x| needs (0..15), each
// product x * w (Q15 window, so at most 2^(L+15)) is shifted right by L+1, which leaves |v| <= 2^14. Then a 128-point
// complex FFT by decimation in time over v[2n] + i v[2n+1], radices 4, 4, 4, 2, and the split into 129 real-input
// bins. Samples between stages are int32_t of at most 17 bits, twiddles Q15, every product rounded half up and scaled
// by 1/4 (radix-4) or 1/2 (radix-2), in total 1/64. Bound: |sum over n = j mod 64 of v[n]| <= 2^15 keeps every complex
// magnitude below 2^16 and every product below 2^31; a window must therefore satisfy
// w[n] + w[n+64] + w[n+128] + w[n+192] <= 2.0 (a Hann window does with equality, a rectangle must be 0.5 or less).
#pragma once

#include <stdint.h>

#define RFFT_SIZE 256
#define RFFT_BANDS 32

// Spectrum of in[n] * window[n]. `in`: Q15. `window`: Q15 unsigned, 32768 is 1.0, aligned to 4 bytes. `out`: Q15 pairs
// re, im of bins 1..127 in out[2k], out[2k+1]; out[0] is bin 0 and out[1] is bin 128 (both real). Returns the exponent
// e: the unscaled transform, in units of one Q15 step of `in`, is out * 2^e. Saturates only where rounding passes
// +-1.0.
int32_t rfft_q15_256(const int16_t in[RFFT_SIZE], const uint16_t window[RFFT_SIZE], int16_t out[RFFT_SIZE]);

// Same transform; instead of the bins, power[b] = sum of re^2 + im^2 over bins 4b..4b+3, Q30 (the 2^32 of four bins at
// full scale is out of reach, Parseval). In units of `in` squared the power is power * 2^(2e).
int32_t rfft_q15_256_power(const int16_t in[RFFT_SIZE], const uint16_t window[RFFT_SIZE], uint32_t power[RFFT_BANDS]);
