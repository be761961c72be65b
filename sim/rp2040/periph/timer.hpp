// 64-bit microsecond timer with four alarms (datasheet 4.6).
#pragma once

#include <array>

#include "base/peripheral.hpp"
#include "periph/watchdog.hpp"

namespace rp2040 {

struct TimerState {
    std::uint64_t base = 0;  // Microseconds when the tick count was `base_tick`.
    std::uint64_t base_tick = 0;
    std::uint32_t write_low = 0;     // TIMELW waits for TIMEHW.
    std::uint32_t latched_high = 0;  // TIMEHR, latched by reading TIMELR.
    std::array<std::uint32_t, 4> alarm{};
    std::array<std::uint64_t, 4> target{};  // Counter value at which an armed alarm fires.
    std::uint32_t armed = 0;
    std::uint32_t dbgpause = 7;
    std::uint32_t pause = 0;
    std::uint32_t intr = 0, inte = 0, intf = 0;
};

class Timer final : public StatefulPeripheral<TimerState> {
  public:
    Timer(Fabric& fabric, const Watchdog& ticks);
    std::uint32_t read(std::uint32_t offset) override;
    std::uint32_t peek(std::uint32_t offset) override;
    [[nodiscard]] Cycles steady_until(std::uint32_t offset) const override;
    void write(std::uint32_t offset, std::uint32_t value) override;
    void clocks_changed() override { ticks_changed(); }
    void reset() override;

    /// Microseconds counted at `at`.
    [[nodiscard]] std::uint64_t microseconds(Cycles at) const {
        return s_.base + ((s_.pause & 1u) != 0 || !clocked() ? 0 : ticks_.ticks(at) - s_.base_tick);
    }
    /// Chip connects it to Watchdog::on_tick_change.
    void ticks_changed();

  private:
    void clock_switches() override;
    void set_time(std::uint64_t microseconds);
    void fire_due();
    void retarget();
    void update_irqs();
    void reschedule();
    const Watchdog& ticks_;
};

}  // namespace rp2040
