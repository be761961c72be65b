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

class Recorder final : public PinDevice {
  public:
    [[nodiscard]] std::uint32_t watched() const override { return mask; }
    [[nodiscard]] std::uint32_t driven() const override { return 0; }
    void pin_changed(unsigned pin, bool level, Cycles when) override { edges.push_back({when, pin, level ? 1u : 0u}); }
    std::uint32_t mask = 0;
    std::vector<Edge> edges;
};

class Wire final : public PinDevice {
  public:
    Wire(Gpio& gpio, unsigned from, unsigned to, Cycles delay) : gpio_(gpio), from_(from), to_(to), delay_(delay) {}
    [[nodiscard]] std::uint32_t watched() const override { return 1u << from_; }
    [[nodiscard]] std::uint32_t driven() const override { return 1u << to_; }
    void pin_changed(unsigned, bool level, Cycles when) override {
        gpio_.drive(to_, level ? Gpio::Drive::high : Gpio::Drive::low, when + delay_);
    }

  private:
    Gpio& gpio_;
    unsigned from_, to_;
    Cycles delay_;
};

}  // namespace rp2040
