// The spectrum of the original tutorial firmware, by CMSIS-DSP: window, real FFT, magnitudes (the faster of its two
// versions).
#include "arm_math.h"

static arm_rfft_instance_q15 instance;

int cmsis_init(void) { return arm_rfft_init_256_q15(&instance, 0, 1); }

// `frame` is overwritten by the FFT, as CMSIS-DSP documents.
void cmsis_rfft(q15_t frame[256], q15_t spectrum[512]) { arm_rfft_q15(&instance, frame, spectrum); }

void cmsis_spectrum(q15_t frame[256], const q15_t window[256], q15_t spectrum[512], q15_t magnitude[129]) {
    arm_mult_q15(window, frame, frame, 256);
    arm_rfft_q15(&instance, frame, spectrum);
    arm_cmplx_mag_fast_q15(spectrum, magnitude, 129);
}
