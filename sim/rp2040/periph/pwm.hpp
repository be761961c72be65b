// PWM: eight slices, two channels each (datasheet 4.5).
//
// Nothing runs per count. A slice's position is computed from the cycle of its last change of configuration; events are
// scheduled only for wraps somebody waits for (interrupt enabled, or DMA paced by it). Pin edges are produced when Gpio
// asks the block to catch up: each with its own time for pins that Gpio::observed_outputs() names, and only the level
// that results for the others.
#pragma once

#include <array>

#include "base/peripheral.hpp"
#include "io/gpio.hpp"

namespace rp2040 {

struct PwmState {
    struct Slice {
        std::uint32_t csr = 0, div = 0x10, cc = 0, top = 0xffff;
        std::uint32_t live_cc = 0, live_top = 0xffff;  // Double-buffered values in use until the next wrap.
        std::uint32_t ctr = 0;                         // Counter at `at`.
        bool down = false;                             // Phase-correct: counting down.
        std::int64_t phase = 0;  // Of the 8.4 divider at `at`, in 1/16 cycles; below 0 after PH_RET.
        Cycles at = 0;
        bool b_level = false;   // Level of input B in the gated and edge modes.
        std::uint8_t out = 0;   // Channel levels before inversion, bit 0: A.
        std::uint8_t pads = 0;  // Levels given to the pins.
    };
    std::array<Slice, 8> slice{};
    std::uint32_t intr = 0, inte = 0, intf = 0;
    std::uint32_t wanted_wraps = 0;
};

class Pwm final : public StatefulPeripheral<PwmState>, public TimedDriver {
  public:
    explicit Pwm(Fabric& fabric);
    std::uint32_t read(std::uint32_t offset) override;
    std::uint32_t peek(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
    void reset() override;
    void restore(StateReader& in) override;

    /// Slices whose wraps pace a DMA channel: Chip keeps it up to date from the channels' TREQ_SEL.
    /// Each wrap calls set_dreq(pwm_wrapN, 1): one transfer, which the DMA takes without acknowledging.
    void watch_wraps(std::uint8_t slices);

    /// Fraction of time the channel (0: A, 1: B) is high, 0..1, for hosts; a stopped slice gives its constant level.
    [[nodiscard]] double duty(unsigned slice, unsigned channel) const;
    /// Length of one period in sixteenths of a clk_sys cycle; 0 when the slice is stopped or counts a pin.
    [[nodiscard]] std::uint64_t period_q4(unsigned slice) const;

    // LazyDriver, TimedDriver
    void catch_up(Cycles until) override;
    [[nodiscard]] Cycles next_step() const override;
    [[nodiscard]] PinFunction steps_through() const override { return PinFunction::pwm; }
    void plan() override { reschedule(); }
    void clocks_changed() override;

  private:
    using Slice = PwmState::Slice;
    /// The B inputs of slices in gated or edge mode.
    class Inputs final : public LineWatcher {
      public:
        explicit Inputs(Pwm& pwm) : pwm_(pwm) {}
        [[nodiscard]] std::uint32_t watched_lines() const override { return pwm_.input_pins(); }
        void line_changed(unsigned pin, bool level, Cycles when) override { pwm_.input_changed(pin, level, when); }

      private:
        Pwm& pwm_;
    };
    void clock_switches() override { synchronise(); }
    [[nodiscard]] bool counts(const Slice& slice) const;
    [[nodiscard]] std::uint32_t input_pins() const;
    void input_changed(unsigned pin, bool level, Cycles when);
    void advance(unsigned index, Cycles until);
    void count(unsigned index, std::uint64_t steps);
    void skip_edges(unsigned index, Cycles until);
    void run_edges(unsigned index, Cycles until);
    void drive(unsigned index, Cycles when, bool direction_changed = false);
    void synchronise();
    void changed();
    void write_csr(unsigned index, std::uint32_t value);
    void reschedule();
    void update_irq();
    [[nodiscard]] Cycles next_wrap(const Slice& slice) const;
    [[nodiscard]] Cycles next_edge(const Slice& slice) const;
    [[nodiscard]] Cycles time_of_step(const Slice& slice, std::uint64_t steps) const;
    Inputs inputs_{*this};
    std::uint32_t watched_pins_ = 0;
    // next_step() is asked far more often than its answer changes.
    mutable Cycles next_step_ = kNever;
    mutable std::uint32_t next_step_pins_ = 0;
    mutable bool next_step_valid_ = false;
};

}  // namespace rp2040
