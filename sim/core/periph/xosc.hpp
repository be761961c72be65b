// Crystal oscillator (datasheet 2.16).
#pragma once

#include <functional>

#include "base/peripheral.hpp"
#include "base/rate_counter.hpp"

namespace rp2040 {

struct XoscState {
    std::uint32_t ctrl = 0x00d1eaa0;  // DISABLE, 1_15MHZ.
    std::uint32_t startup = 0xc4;
    std::uint32_t crystal_hz = 12'000'000;
    bool bad_write = false;
    RateCounter crystal;  // Periods since the crystal was enabled.
    RateCounter count;    // Periods since COUNT was written.
    std::uint32_t count_start = 0;
};

class Xosc final : public StatefulPeripheral<XoscState> {
  public:
    explicit Xosc(Fabric& fabric) : StatefulPeripheral("XOSC", fabric) {}
    std::uint32_t read(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
    void clocks_changed() override;
    void reset() override;

    /// The board's crystal; survives reset(). Default 12 MHz.
    void set_crystal(std::uint32_t hz);
    /// Output frequency in hertz; 0 when disabled. Before STATUS.STABLE the crystal counts as running.
    [[nodiscard]] std::uint32_t hz() const { return enabled() ? s_.crystal_hz : 0; }
    [[nodiscard]] bool enabled() const { return ((s_.ctrl >> 12) & 0xfff) == 0xfab; }
    [[nodiscard]] bool stable() const;
    /// Called after hz() changed.
    std::function<void()> on_change;
};

}  // namespace rp2040
