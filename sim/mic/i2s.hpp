// An I2S MEMS microphone in the manner of the INMP441: bit clock and word select in, 24 bits of a sample out.
#pragma once

#include <cstdint>
#include <string>

#include "mic/interpolator.hpp"
#include "mic/microphone.hpp"
#include "rp2040/device/device.hpp"

namespace mic {

/// Philips format: WS is sampled on rising edges, bits change on falling ones, the first of them right after the sample
/// that showed a new WS; after the 24th, and in the other half of the frame, the line is released.
class I2sMicrophone final : public rp2040::Device {
  public:
    enum Line : unsigned { kClock, kSelect, kData };
    static constexpr unsigned kBits = 24;
    explicit I2sMicrophone(Channel channel = Channel::left, std::string name = "i2s_microphone")
        : name_(std::move(name)), channel_(channel) {}

    /// Appends sound: Q23 samples at 16 kHz; the first sample ever pushed sounds at emulated time zero.
    void push(const std::int32_t* samples, std::size_t count) { sound_.queue().push(samples, count); }
    /// Words begun so far.
    [[nodiscard]] std::uint64_t words() const { return s_.words; }

    [[nodiscard]] std::string_view name() const override { return name_; }
    [[nodiscard]] std::vector<std::string_view> lines() const override { return {"bclk", "ws", "data"}; }
    [[nodiscard]] std::uint32_t watched_lines() const override { return 1u << kClock | 1u << kSelect; }
    [[nodiscard]] std::uint32_t driven_lines() const override { return 1u << kData; }
    void line_changed(unsigned line, bool level, rp2040::Cycles when) override;
    void save(rp2040::StateWriter& out) const override {
        sound_.save(out);
        out.put(s_);
    }
    void restore(rp2040::StateReader& in) override {
        sound_.restore(in);
        in.get(s_);
    }

  private:
    struct State {
        bool select = false, sampled = false;  ///< WS now, and at the newest rising edge.
        bool half = false;                     ///< Of the frame that is going out.
        std::uint32_t bits_left = 0, word = 0;
        std::uint64_t words = 0;
    };
    std::string name_;
    Channel channel_;
    Interpolator sound_;
    State s_{};
};

}  // namespace mic
