// Watchdog, scratch registers and the tick generator (datasheet 4.7).
#pragma once

#include <array>
#include <functional>

#include "base/peripheral.hpp"
#include "base/rate_counter.hpp"

namespace rp2040 {

struct WatchdogState {
    std::uint32_t ctrl = 0x07000000;
    std::uint32_t reason = 0;
    std::array<std::uint32_t, 8> scratch{};
    std::uint32_t tick = 0x200;  // ENABLE and CYCLES.
    RateCounter ticks;           // Ticks since power-on.
    std::uint32_t time = 0;      // CTRL.TIME when the tick count was `time_origin`.
    std::uint64_t time_origin = 0;
};

class Watchdog final : public StatefulPeripheral<WatchdogState> {
  public:
    explicit Watchdog(Fabric& fabric);
    std::uint32_t read(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
    void clocks_changed() override;
    /// Erratum RP2040-E1: the counter goes down twice a tick. On from the start.
    void set_double_count(bool on);
    void reset() override;

    /// Ticks generated up to `at`; the timer counts these.
    [[nodiscard]] std::uint64_t ticks(Cycles at) const { return s_.ticks.count(at); }
    /// Cycle of the tick that makes ticks() reach `count`; kNever while the generator is stopped.
    [[nodiscard]] Cycles tick_time(std::uint64_t count) const { return s_.ticks.when(count); }
    /// The chip was reset by the watchdog: SCRATCH and REASON stay, all else goes to its reset value.
    void restart_after_reset();
    /// Called after the rate or phase of the ticks changed.
    std::function<void()> on_tick_change;

  private:
    void reschedule();
    void update_rate();
    void freeze();
    void fire(std::uint32_t reason);
    [[nodiscard]] std::uint32_t counter() const;
    [[nodiscard]] bool enabled() const { return (s_.ctrl >> 30) & 1u; }
    std::uint32_t decrement_ = 2;  ///< Part of the chip, not of the state.
};

}  // namespace rp2040
