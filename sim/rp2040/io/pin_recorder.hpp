// Records the edges of chosen pins: the source of wave forms and of tests about pins.
#pragma once

#include <utility>
#include <vector>

#include "io/gpio.hpp"

namespace rp2040 {

class PinRecorder final : public LineWatcher {
  public:
    struct Edge {
        Cycles when;
        unsigned pin;
        bool level;
    };

    explicit PinRecorder(Gpio& gpio) : gpio_(gpio) { gpio_.attach(*this); }
    ~PinRecorder() override { gpio_.detach(*this); }
    PinRecorder(const PinRecorder&) = delete;
    PinRecorder& operator=(const PinRecorder&) = delete;

    /// Bit per pin to record from now on.
    void record(std::uint32_t pins) {
        pins_ = pins;
        gpio_.watch_changed();
    }
    /// Edges since the last call, in time order.
    [[nodiscard]] std::vector<Edge> take() { return std::exchange(edges_, {}); }

    [[nodiscard]] std::uint32_t watched_lines() const override { return pins_; }
    [[nodiscard]] std::uint32_t driven_lines() const override { return 0; }
    void line_changed(unsigned pin, bool level, Cycles when) override { edges_.push_back({when, pin, level}); }

  private:
    Gpio& gpio_;
    std::uint32_t pins_ = 0;
    std::vector<Edge> edges_;
};

}  // namespace rp2040
