// Crystal oscillator (datasheet 2.16).
#pragma once

#include <functional>

#include "base/peripheral.hpp"
#include "base/rate_counter.hpp"
#include "regs/xosc.hpp"

namespace rp2040 {

struct XoscState {
    std::uint32_t ctrl = 0;  // As written; `enabled` follows only the two valid codes.
    std::uint32_t startup = 0xc4;
    std::uint32_t crystal_hz = 12'000'000;
    bool enabled = false;
    bool dormant = false;
    bool bad_write = false;
    RateCounter crystal;            // Periods since the crystal was enabled.
    std::uint32_t count_start = 0;  // COUNT as written, and the period of the crystal at that moment.
    std::uint64_t count_origin = 0;
};

class Xosc final : public StatefulPeripheral<XoscState> {
  public:
    explicit Xosc(Fabric& fabric) : StatefulPeripheral(regs::kXosc, fabric) {}
    std::uint32_t read(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
    void clocks_changed() override;
    void reset() override;

    /// The board's crystal; survives reset(). Default 12 MHz.
    void set_crystal(std::uint32_t hz);
    /// Output frequency in hertz; 0 when disabled. Before STATUS.STABLE the crystal counts as running.
    [[nodiscard]] std::uint32_t hz() const { return s_.enabled && !s_.dormant ? s_.crystal_hz : 0; }
    [[nodiscard]] bool enabled() const { return s_.enabled; }
    [[nodiscard]] bool dormant() const { return s_.dormant; }
    /// Ends dormant mode: an event that DORMANT_WAKE enables has come, or the RTC's alarm.
    void wake() { set_dormant(false); }
    [[nodiscard]] bool stable() const;
    /// Called after hz() changed.
    std::function<void()> on_change;

  private:
    void write_ctrl(std::uint32_t value);
    void set_dormant(bool dormant);
    void restart();
};

}  // namespace rp2040
