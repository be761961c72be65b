// Conversion between clk_sys cycles and picoseconds, exact through every change of clk_sys.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/rate_counter.hpp"
#include "base/state.hpp"
#include "base/state_vectors.hpp"
#include "base/types.hpp"

namespace rp2040 {

/// One segment per frequency of clk_sys and per standstill. Past times stay convertible, so a timestamp taken before
/// a frequency change still gives the right second afterwards.
class TimeBase {
  public:
    static constexpr std::uint64_t kPicosecondsPerSecond = 1'000'000'000'000;

    explicit TimeBase(std::uint32_t hz = 6'500'000) { reset(hz); }

    void reset(std::uint32_t hz) {
        segments_.clear();
        segments_.push_back({0, hz, {}});
        segments_.back().counter.set_rate(0, kPicosecondsPerSecond, hz);
    }
    /// clk_sys runs at `hz` (not 0) from cycle `at` on.
    void set_frequency(Cycles at, std::uint32_t hz) {
        if (segments_.back().hz == hz) return;
        Segment next = segments_.back();
        next.start = at;
        next.hz = hz;
        next.counter.set_rate(at, kPicosecondsPerSecond, hz);
        if (segments_.back().start == at)
            segments_.back() = next;
        else
            segments_.push_back(next);
    }
    /// clk_sys stands still at cycle `at` for so many picoseconds.
    void stand_still(Cycles at, std::uint64_t picoseconds) {
        if (segments_.back().start != at) {
            segments_.push_back(segments_.back());
            segments_.back().start = at;
        }
        segments_.back().counter.add(at, picoseconds);
    }
    [[nodiscard]] std::uint32_t hz() const { return segments_.back().hz; }
    [[nodiscard]] std::uint64_t picoseconds(Cycles at) const { return segment_of(at).counter.count(at); }
    /// First cycle at or after `picoseconds`.
    [[nodiscard]] Cycles cycle_at(std::uint64_t picoseconds) const {
        Cycles end = kNever;  // of the segment: none of its cycles may lie within a standstill
        for (std::size_t i = segments_.size(); i-- > 0; end = segments_[i].start)
            if (i == 0 || segments_[i].counter.count(segments_[i].start) <= picoseconds)
                return std::min(segments_[i].counter.when(picoseconds), end);
        return 0;
    }

    void save(StateWriter& out) const { put_all(out, segments_); }
    void restore(StateReader& in) {
        get_all(in, segments_);
        if (segments_.empty()) throw std::invalid_argument("snapshot has an impossible number of clock changes");
    }

  private:
    struct Segment {
        Cycles start;
        std::uint32_t hz;
        RateCounter counter;
    };
    [[nodiscard]] const Segment& segment_of(Cycles at) const {
        if (at >= segments_.back().start) return segments_.back();
        const auto after = std::upper_bound(segments_.begin(), segments_.end(), at,
                                            [](Cycles t, const Segment& s) { return t < s.start; });
        return *(after - 1);
    }
    std::vector<Segment> segments_;
};

}  // namespace rp2040
