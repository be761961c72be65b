// A PDM MEMS microphone on two pins: clock in, data out.
//
// SELECT low (left): the bit appears after the falling edge of the clock and is read around the rising
// edge, where the microphone releases the line; SELECT high (right): the other way round. One bit per
// clock period, from the sound at the emulated time of the edge. A released line keeps its level: half a
// period is 0.5 us, the capacitance of pad and trace with the pad's 50 kohm about 1 us, and programs that
// read late in the wrong half (Arm's PDM library) work on boards because of it.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "mic/interpolator.hpp"
#include "mic/modulator.hpp"
#include "rp2040/device/device.hpp"

namespace mic {

enum class Channel : std::uint8_t { left, right };
/// What can be wrong with a microphone on a real board.
enum class Fault : std::uint8_t { none, missing, stuck_low, stuck_high };

class PdmMicrophone final : public rp2040::Device {
  public:
    enum Line : unsigned { kClock, kData };
    explicit PdmMicrophone(Channel channel = Channel::left, std::uint32_t seed = 1, std::string name = "microphone");

    /// Appends sound: Q23 samples at 16 kHz; the first sample ever pushed sounds at emulated time zero.
    void push(const std::int32_t* samples, std::size_t count);
    /// Appends so many samples of silence.
    void push_silence(std::size_t count);
    /// Index of the first sample that has not been pushed.
    [[nodiscard]] std::uint64_t supplied() const { return sound_.queue().end(); }
    /// Takes back what was pushed from sample `index` on, which must not have been heard.
    void withdraw(std::uint64_t index) { sound_.queue().withdraw(index); }
    /// Clock periods seen so far, one bit each.
    [[nodiscard]] std::uint64_t bits() const { return bits_; }
    /// Times of the first and the newest bit: the clock rate that the firmware really produces.
    struct ClockStatistics {
        std::uint64_t first_ps, last_ps, edges;
    };
    [[nodiscard]] ClockStatistics clock() const { return {first_ps_, last_ps_, bits_}; }

    /// 0: a bit hears the sound at the emulated time of its edge. Else bit n hears the sound at n / hz seconds, so that
    /// the stream does not depend on when the clock was started.
    void set_timebase(std::uint64_t hz) { timebase_hz_ = hz; }
    /// The chip's time, which stood at `picoseconds`, begins at zero again; the sound goes on.
    void chip_restarted(std::uint64_t picoseconds) { restarts_ps_ += picoseconds; }
    /// Moment of the sound that is heard now.
    [[nodiscard]] std::uint64_t sound_picoseconds() const;
    /// Bits to put out, oldest first, one per clock, before any more sound is modulated.
    void push_bit(bool bit) { given_.push_back(bit); }

    void set_fault(Fault fault);
    /// Gain in Q12 (4096 = 1) and offset in Q23 applied before the modulator, which limits at full scale.
    void set_analog(std::int32_t gain_q12, std::int32_t offset_q23) {
        gain_q12_ = gain_q12;
        offset_q23_ = offset_q23;
    }

    [[nodiscard]] std::string_view name() const override { return name_; }
    [[nodiscard]] std::vector<std::string_view> lines() const override { return {"clock", "data"}; }
    [[nodiscard]] std::uint32_t watched_lines() const override { return 1u << kClock; }
    [[nodiscard]] std::uint32_t driven_lines() const override { return 1u << kData; }
    void line_changed(unsigned line, bool level, rp2040::Cycles when) override;
    [[nodiscard]] std::optional<ClockedLines> clocked_lines() const override {
        if (fault_ != Fault::none) return std::nullopt;
        return ClockedLines{kClock, kData, channel_ == Channel::right};
    }
    std::uint64_t clock_edges(const rp2040::ClockEdges& edges) override;
    void save(rp2040::StateWriter& out) const override;
    void restore(rp2040::StateReader& in) override;

  private:
    [[nodiscard]] bool next_bit(std::uint64_t picoseconds);
    [[nodiscard]] std::uint64_t modulate(const rp2040::ClockEdges& edges, std::uint64_t began, std::uint64_t rate);
    static constexpr std::int64_t kFullScale = Interpolator::kUnitsPerSample << 23;

    std::string name_;
    Channel channel_;
    Interpolator sound_;
    SigmaDelta modulator_;
    Fault fault_ = Fault::none;
    std::int32_t gain_q12_ = 4096;
    std::int32_t offset_q23_ = 0;
    std::uint64_t timebase_hz_ = 0;
    std::deque<bool> given_;
    std::uint64_t bits_ = 0;
    std::uint64_t first_ps_ = 0;
    std::uint64_t last_ps_ = 0;
    std::uint64_t restarts_ps_ = 0;  ///< The sound's time when the chip's is zero.
};

}  // namespace mic
