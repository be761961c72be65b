// Counts periods of a clock that is derived from clk_sys by a rational ratio, without any per-period work.
#pragma once

#include <bit>
#include <cstdint>

#include "base/types.hpp"
#include "base/wide.hpp"

namespace rp2040 {

/// `count(t)` = base + floor((t - origin) * num / den + carried fraction), exact in 128-bit integers.
/// The ratio may change at any time: set_rate() keeps the count and the fraction reached so far.
/// num / den is periods of the counted clock per clk_sys cycle; num == 0 stops the counter.
class RateCounter {
  public:
    /// Changes the ratio at time `at`; count and phase continue without a step.
    void set_rate(Cycles at, std::uint64_t num, std::uint64_t den) {
        advance_origin(at);
        if (num == num_ && den == den_) return;
        if (den_ != 0 && den != 0)
            remainder_ = static_cast<std::uint64_t>(Wide{remainder_} * den / den_);
        else
            remainder_ = 0;
        num_ = num;
        den_ = den;
        whole_ = den != 0 && num % den == 0 && num / den <= 1u << 20 ? num / den : 0;
    }
    /// Continues from `value` with phase zero.
    void set_count(Cycles at, std::uint64_t value) {
        origin_ = at;
        base_ = value;
        remainder_ = 0;
    }
    /// Counts `periods` more at once; the phase stays.
    void add(Cycles at, std::uint64_t periods) {
        advance_origin(at);
        base_ += periods;
    }
    [[nodiscard]] std::uint64_t count(Cycles at) const {
        if (num_ == 0 || den_ == 0 || at <= origin_) return base_;
        if (whole_ != 0 && at - origin_ < kShort) return base_ + (at - origin_) * whole_ + remainder_ / den_;
        if (const std::uint64_t cycles = at - origin_; fits(cycles, num_))
            return base_ + (cycles * num_ + remainder_) / den_;
        return base_ + static_cast<std::uint64_t>((Wide{at - origin_} * num_ + remainder_) / den_);
    }
    /// First cycle at which count() has reached `value`; kNever when stopped.
    [[nodiscard]] Cycles when(std::uint64_t value) const {
        if (value <= base_) return origin_;
        if (num_ == 0 || den_ == 0) return kNever;
        if (const std::uint64_t periods = value - base_; fits(periods, den_)) {
            const Cycles cycles = (periods * den_ - remainder_ + num_ - 1) / num_;
            return cycles > kNever - 1 - origin_ ? kNever : origin_ + cycles;
        }
        const Wide need = Wide{value - base_} * den_ - remainder_;
        const Wide cycles = (need + num_ - 1) / num_;
        return cycles > Wide{kNever - 1 - origin_} ? kNever : origin_ + static_cast<Cycles>(cycles);
    }
    [[nodiscard]] bool running() const { return num_ != 0; }
    [[nodiscard]] Cycles origin() const { return origin_; }

  private:
    /// Whether a * b, with a remainder or a rate beside it, fits 64 bits, whose division takes a fraction of the time.
    static constexpr bool fits(std::uint64_t a, std::uint64_t b) { return std::bit_width(a) + std::bit_width(b) <= 62; }
    void advance_origin(Cycles at) {
        if (at <= origin_) return;
        if (num_ != 0 && den_ != 0) {
            const Wide total = Wide{at - origin_} * num_ + remainder_;
            base_ += static_cast<std::uint64_t>(total / den_);
            remainder_ = static_cast<std::uint64_t>(total % den_);
        }
        origin_ = at;
    }

    Cycles origin_ = 0;
    std::uint64_t base_ = 0;
    std::uint64_t remainder_ = 0;  // In units of 1/den_ of a period.
    std::uint64_t num_ = 0;
    std::uint64_t den_ = 1;
    // A whole number of periods per cycle needs no 128-bit division: picoseconds at most round frequencies.
    static constexpr Cycles kShort = Cycles{1} << 43;
    std::uint64_t whole_ = 0;
};

}  // namespace rp2040
