// What the tests solder to the pins: a recorder of edges, a wire from one pin to another.
#pragma once

#include <cstdint>
#include <vector>

#include "io/gpio.hpp"

namespace rp2040 {

struct Edge {
    std::uint64_t when;
    std::uint32_t pin, level;
};

class Recorder final : public LineWatcher {
  public:
    [[nodiscard]] std::uint32_t watched_lines() const override { return mask; }
    [[nodiscard]] std::uint32_t driven_lines() const override { return 0; }
    void line_changed(unsigned pin, bool level, Cycles when) override { edges.push_back({when, pin, level ? 1u : 0u}); }
    std::uint32_t mask = 0;
    std::vector<Edge> edges;
};

/// Repeats its first line on its second, later.
class DelayedWire final : public LineWatcher {
  public:
    DelayedWire(Gpio& gpio, unsigned to, Cycles delay) : gpio_(gpio), to_(to), delay_(delay) {}
    [[nodiscard]] std::uint32_t watched_lines() const override { return 1; }
    [[nodiscard]] std::uint32_t driven_lines() const override { return 2; }
    void line_changed(unsigned, bool level, Cycles when) override {
        gpio_.drive(to_, level ? Gpio::Drive::high : Gpio::Drive::low, when + delay_);
    }

  private:
    Gpio& gpio_;
    unsigned to_;
    Cycles delay_;
};

}  // namespace rp2040
