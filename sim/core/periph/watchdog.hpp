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
    std::uint32_t loaded = 0;    // Counter value at the moment `ticks` was started.
    RateCounter ticks;           // Watchdog ticks since LOAD, or since the watchdog was enabled.
    RateCounter generator;       // clk_ref periods since the generator was configured.
};

class Watchdog final : public StatefulPeripheral<WatchdogState> {
  public:
    explicit Watchdog(Fabric& fabric);
    std::uint32_t read(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
    void write_alias(std::uint32_t offset, std::uint32_t value, unsigned alias) override;
    void clocks_changed() override;
    void reset() override;

    /// Ticks per clk_sys cycle as a ratio; {0, 1} when the generator is stopped. The timer counts these.
    struct Rate {
        std::uint64_t num, den;
    };
    [[nodiscard]] Rate tick_rate() const;
    /// The chip was reset by the watchdog: keeps SCRATCH and REASON, the rest goes to reset values.
    void restart_after_reset();
    /// Any other chip reset (RUN pin, brown-out): clears SCRATCH and REASON as well; same as reset().
    /// Called after tick_rate() changed.
    std::function<void()> on_tick_change;

  private:
    void reschedule();
    void update_rates();
    void fire(std::uint32_t reason);
    [[nodiscard]] std::uint32_t counter() const;
    [[nodiscard]] bool enabled() const { return (s_.ctrl >> 30) & 1u; }
};

}  // namespace rp2040
