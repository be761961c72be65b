#include "capi/resample.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace rp2040 {

namespace {

constexpr double kTarget = 16000.0;
constexpr double kZeroCrossings = 32;  // on each side
constexpr double kKaiserBeta = 9.0;    // 90 dB of stopband attenuation

double bessel_i0(double x) {
    double sum = 1, term = 1;
    for (int k = 1; k < 40; ++k) {
        term *= (x / (2 * k)) * (x / (2 * k));
        sum += term;
    }
    return sum;
}

double sinc(double x) { return x == 0 ? 1 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x); }

}  // namespace

std::vector<std::int32_t> to_16_khz(const std::int16_t* samples, std::size_t frames, unsigned channels, unsigned rate) {
    std::vector<double> mono(frames);
    for (std::size_t i = 0; i < frames; ++i) {
        double sum = 0;
        for (unsigned c = 0; c < channels; ++c) sum += samples[i * channels + c];
        mono[i] = sum / channels * 256;  // Q15 to Q23
    }
    std::vector<std::int32_t> out;
    if (rate == static_cast<unsigned>(kTarget)) {
        for (const double value : mono) out.push_back(static_cast<std::int32_t>(std::lround(value)));
        return out;
    }
    const double source = rate;
    const double cutoff = 0.92 * std::min(source, kTarget) / source;  // of half the source rate
    const double reach = kZeroCrossings / cutoff;
    const double norm = bessel_i0(kKaiserBeta);
    const auto count = static_cast<std::size_t>(std::floor(static_cast<double>(frames) * kTarget / source));
    for (std::size_t n = 0; n < count; ++n) {
        const double at = static_cast<double>(n) * source / kTarget;
        const auto first = static_cast<std::int64_t>(std::ceil(at - reach));
        const auto last = static_cast<std::int64_t>(std::floor(at + reach));
        double value = 0, gain = 0;
        for (std::int64_t i = first; i <= last; ++i) {
            const double x = static_cast<double>(i) - at;
            const double edge = x / reach;
            const double weight =
                cutoff * sinc(cutoff * x) * bessel_i0(kKaiserBeta * std::sqrt(1 - edge * edge)) / norm;
            gain += weight;
            if (i >= 0 && i < static_cast<std::int64_t>(frames)) value += weight * mono[static_cast<std::size_t>(i)];
        }
        out.push_back(static_cast<std::int32_t>(std::lround(std::clamp(value / gain, -8388608.0, 8388607.0))));
    }
    return out;
}

}  // namespace rp2040
