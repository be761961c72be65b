// Audio at 16 kHz to its value at any moment, in integer arithmetic.
//
// Two stages: an eightfold polyphase FIR (passband to 7.4 kHz, images from 8.6 kHz down by more than
// 90 dB) to 128 kHz, then a cubic B-spline, whose images around multiples of 128 kHz lie below -94 dB.
// The spline's droop (0.2 dB at 8 kHz) is compensated in the FIR. Both are zero-delay: they look
// `kLookAhead` samples into the future.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "rp2040/base/state.hpp"

namespace mic {

inline constexpr std::uint64_t kSampleRate = 16000;
inline constexpr unsigned kPhases = 8;
inline constexpr unsigned kTapsPerPhase = 80;
inline constexpr int kTapBits = 20;
inline constexpr std::uint64_t kPicosecondsPerStep = 1'000'000'000'000ull / (kSampleRate * kPhases);

/// Samples waiting to be heard. Sample `i` sounds at i / 16000 s of emulated time; what was not
/// supplied is silence.
class SampleQueue {
  public:
    /// Appends samples, Q23: 2^23 is full scale.
    void push(const std::int32_t* samples, std::size_t count);
    /// Index of the first sample not supplied yet.
    [[nodiscard]] std::uint64_t end() const { return base_ + samples_.size(); }
    [[nodiscard]] std::int32_t at(std::int64_t index) const {
        const std::uint64_t i = static_cast<std::uint64_t>(index) - base_;
        return index >= 0 && i < samples_.size() ? samples_[i] : 0;
    }
    /// Pointer to `count` consecutive samples from `index`, or null when some are outside the queue.
    [[nodiscard]] const std::int32_t* window(std::int64_t index, std::size_t count) const {
        const std::uint64_t i = static_cast<std::uint64_t>(index) - base_;
        return index >= 0 && i + count <= samples_.size() ? samples_.data() + i : nullptr;
    }
    /// Takes back the samples from `index` on, as far as they are there.
    void withdraw(std::uint64_t index) {
        if (index < end()) samples_.resize(index > base_ ? index - base_ : 0);
    }
    /// Gives up samples before `index`.
    void forget(std::int64_t index);

    void save(rp2040::StateWriter& out) const;
    void restore(rp2040::StateReader& in);

  private:
    std::vector<std::int32_t> samples_;
    std::uint64_t base_ = 0;
};

class Interpolator {
  public:
    /// A moment of emulated time: a whole number of steps of the 128 kHz signal, and picoseconds.
    struct Moment {
        std::uint64_t step, rest;
        void pass(std::uint64_t picoseconds) {
            rest += picoseconds;
            if (rest < kPicosecondsPerStep) return;
            step += rest / kPicosecondsPerStep;
            rest %= kPicosecondsPerStep;
        }
    };
    static constexpr Moment moment(std::uint64_t picoseconds) {
        return {picoseconds / kPicosecondsPerStep, picoseconds % kPicosecondsPerStep};
    }
    /// rest * 2^20 / kPicosecondsPerStep, rounded down: a multiplication by the reciprocal that is exact for every
    /// rest.
    static constexpr std::uint64_t fraction(std::uint64_t rest) {
        constexpr std::uint64_t kReciprocal = (std::uint64_t{1} << 62) / kPicosecondsPerStep + 1;
        return (rest * kReciprocal) >> 42;
    }
    /// Value at a moment, in 1/6 of a Q23 step (the spline's natural unit).
    std::int64_t at(const Moment& moment) {
        const auto step = static_cast<std::int64_t>(moment.step);
        if (step != step_) [[unlikely]]
            load(step);
        // Fraction of the step in Q20, then Horner.
        const auto t = static_cast<std::int64_t>(fraction(moment.rest));
        std::int64_t y = (cubic_[3] * t) >> 20;
        y = ((cubic_[2] + y) * t) >> 20;
        y = ((cubic_[1] + y) * t) >> 20;
        return cubic_[0] + y;
    }
    std::int64_t at(std::uint64_t picoseconds) { return at(moment(picoseconds)); }

    SampleQueue& queue() { return queue_; }
    [[nodiscard]] const SampleQueue& queue() const { return queue_; }
    /// Future samples that at() needs for an exact result.
    static constexpr std::uint64_t kLookAhead = kTapsPerPhase / 2 + 2;
    static constexpr std::int64_t kUnitsPerSample = 6;

    void save(rp2040::StateWriter& out) const { queue_.save(out); }
    void restore(rp2040::StateReader& in) {
        queue_.restore(in);
        step_ = kNoStep;
    }

  private:
    static constexpr std::int64_t kNoStep = -1000;
    [[nodiscard]] std::int64_t upsampled(std::int64_t step) const;
    void load(std::int64_t step);

    SampleQueue queue_;
    // Samples of the 128 kHz signal at step_-1 .. step_+2 and the cubic between step_ and step_+1; pure caches.
    std::int64_t step_ = kNoStep;
    std::array<std::int64_t, 4> points_{};
    std::array<std::int64_t, 4> cubic_{};
};

}  // namespace mic
