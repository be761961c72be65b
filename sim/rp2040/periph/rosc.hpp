// Ring oscillator (datasheet 2.17).
#pragma once

#include <functional>

#include "base/peripheral.hpp"
#include "base/rate_counter.hpp"
#include "regs/rosc.hpp"

namespace rp2040 {

struct RoscState {
    std::uint32_t ctrl = 0xaa0;  // As written; the ring starts enabled.
    std::uint32_t freqa = 0, freqb = 0;
    std::uint32_t div = 0xaa0 + 16;
    std::uint32_t phase = 0x8;
    std::uint32_t random = 1;  // Linear-feedback register: runs must be reproducible.
    bool enabled = true;
    bool dormant = false;
    bool bad_write = false;
    RateCounter ring;               // Output periods since power-on.
    std::uint32_t count_start = 0;  // COUNT as written, and the output period at that moment.
    std::uint64_t count_origin = 0;
};

/// Nominal part: 6.5 MHz after reset (datasheet: 1.8 to 12 MHz over process, voltage, temperature), that is a
/// ring of 104 MHz with eight stages divided by 16. Fewer stages and stronger drive scale it in proportion.
class Rosc final : public StatefulPeripheral<RoscState> {
  public:
    static constexpr std::uint32_t kNominalRingHz = 104'000'000;

    explicit Rosc(Fabric& fabric) : StatefulPeripheral(regs::kRosc, fabric) {}
    std::uint32_t read(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
    std::uint32_t peek(std::uint32_t offset) override;
    void clocks_changed() override;

    [[nodiscard]] std::uint32_t hz() const;
    [[nodiscard]] bool dormant() const { return s_.dormant; }
    /// Ends dormant mode: an event that DORMANT_WAKE enables has come, or the RTC's alarm.
    void wake();
    /// Called after hz() changed.
    std::function<void()> on_change;

  private:
    void write_ctrl(std::uint32_t value);
    void changed(std::uint32_t old_hz);
};

}  // namespace rp2040
