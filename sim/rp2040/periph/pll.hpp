// System and USB PLLs (datasheet 2.18).
#pragma once

#include <functional>

#include "base/peripheral.hpp"
#include "base/rate_counter.hpp"
#include "regs/pll.hpp"

namespace rp2040 {

class Xosc;

struct PllState {
    std::uint32_t cs = 1;
    std::uint32_t pwr = 0x2d;
    std::uint32_t fbdiv = 0;
    std::uint32_t prim = 0x77000;
    RateCounter reference;  // FREF / REFDIV periods since the VCO was started.
};

class Pll final : public StatefulPeripheral<PllState> {
  public:
    /// Lock time in periods of FREF / REFDIV. The datasheet gives no figure; 50 us at 12 MHz.
    static constexpr std::uint32_t kLockPeriods = 600;

    /// instance 0: PLL_SYS, 1: PLL_USB.
    Pll(Fabric& fabric, unsigned instance, const Xosc& xosc)
        : StatefulPeripheral(regs::kPll, fabric, instance), xosc_(xosc) {}
    std::uint32_t read(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
    void clocks_changed() override;
    void reset() override;

    /// FREF / REFDIV * FBDIV / (POSTDIV1 * POSTDIV2), FREF / REFDIV in bypass, 0 when powered down.
    [[nodiscard]] std::uint32_t hz() const;
    [[nodiscard]] bool locked() const;
    [[nodiscard]] bool in_range() const;
    /// Called after hz() changed.
    std::function<void()> on_change;

  private:
    [[nodiscard]] bool vco_on() const { return (s_.pwr & 0x21) == 0 && s_.fbdiv != 0; }
    void restart_lock();
    void update_rate();
    const Xosc& xosc_;
};

}  // namespace rp2040
