#include "mic/interpolator.hpp"

#include <algorithm>
#include <utility>

namespace mic {

namespace {

constexpr std::size_t kTrimSamples = 16384;  // the queue is trimmed in large pieces: amortised constant time

// Taps of phase p, newest sample first: y[8n+p] = sum_k h[8(k-40)+p] x[n-(k-40)], k = 0..79. Q20; each phase sums to
// one.
constexpr std::int32_t kTaps[kPhases][kTapsPerPhase] = {
#include "mic/interpolator_taps.inc"
};

// The same with the oldest sample first, as samples lie in the queue.
constexpr auto kAscending = [] {
    std::array<std::array<std::int32_t, kTapsPerPhase>, kPhases> taps{};
    for (unsigned p = 0; p < kPhases; ++p)
        for (unsigned k = 0; k < kTapsPerPhase; ++k) taps[p][k] = kTaps[p][kTapsPerPhase - 1 - k];
    return taps;
}();

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define MIC_HOST_VECTORS [[gnu::target_clones("avx2", "default")]]
#else
#define MIC_HOST_VECTORS
#endif

// Exact in any order, so the widest vectors of the host may do it.
MIC_HOST_VECTORS std::int64_t convolve(const std::int32_t* taps, const std::int32_t* x) {
    std::int64_t sum = 0;
    for (unsigned k = 0; k < kTapsPerPhase; ++k) sum += std::int64_t{taps[k]} * x[k];
    return sum;
}

// Floor division for a possibly negative numerator.
constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0); }

}  // namespace

void SampleQueue::push(const std::int32_t* samples, std::size_t count) {
    samples_.insert(samples_.end(), samples, samples + count);
}

void SampleQueue::forget(std::int64_t index) {
    if (index <= static_cast<std::int64_t>(base_)) return;
    const std::uint64_t count = static_cast<std::uint64_t>(index) - base_;
    if (count < kTrimSamples) return;
    const auto drop = static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(count, samples_.size()));
    samples_.erase(samples_.begin(), samples_.begin() + drop);
    base_ += static_cast<std::uint64_t>(drop);
}

void SampleQueue::save(rp2040::StateWriter& out) const {
    out.put(base_);
    out.put(static_cast<std::uint64_t>(samples_.size()));
    out.bytes(samples_.data(), samples_.size() * sizeof(std::int32_t));
}

void SampleQueue::restore(rp2040::StateReader& in) {
    std::uint64_t size = 0;
    in.get(base_);
    in.get(size);
    samples_.resize(size);
    in.bytes(samples_.data(), size * sizeof(std::int32_t));
}

std::int64_t Interpolator::upsampled(std::int64_t step) const {
    const std::int64_t sample = floor_div(step, kPhases);
    const std::int32_t* taps = kAscending[static_cast<std::size_t>(step - sample * kPhases)].data();
    // x[n-(k-40)] for k = 79..0 is x[n-39] .. x[n+40], ascending.
    const std::int64_t first = sample - (static_cast<std::int64_t>(kTapsPerPhase) / 2 - 1);
    std::int64_t sum = std::int64_t{1} << (kTapBits - 1);
    if (const std::int32_t* x = queue_.window(first, kTapsPerPhase)) {
        sum += convolve(taps, x);
    } else {
        for (unsigned k = 0; k < kTapsPerPhase; ++k) {
            sum += std::int64_t{taps[k]} * queue_.at(first + k);
        }
    }
    return sum >> kTapBits;
}

void Interpolator::load(std::int64_t step) {
    if (step - step_ > 0 && step - step_ < 4) {
        for (; step_ < step; ++step_) {
            points_ = {points_[1], points_[2], points_[3], upsampled(step_ + 3)};
        }
    } else {
        for (std::int64_t i = 0; i < 4; ++i) points_[static_cast<std::size_t>(i)] = upsampled(step - 1 + i);
        step_ = step;
    }
    // Uniform cubic B-spline on points p0..p3, times six.
    const auto [p0, p1, p2, p3] = points_;
    cubic_ = {p0 + 4 * p1 + p2, 3 * (p2 - p0), 3 * (p0 - 2 * p1 + p2), p3 - 3 * p2 + 3 * p1 - p0};
    queue_.forget(step / kPhases - kTapsPerPhase);
}

}  // namespace mic
