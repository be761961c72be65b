// Clock generators, glitchless muxes, frequency counter, resus (datasheet 2.15).
#pragma once

#include <array>
#include <functional>

#include "base/peripheral.hpp"
#include "base/rate_counter.hpp"
#include "io/gpio.hpp"

namespace rp2040 {

class Xosc;
class Rosc;
class Pll;

struct ClocksState {
    struct Generator {
        std::uint32_t ctrl = 0;
        std::uint32_t div = 0x100;
    };
    std::array<Generator, static_cast<std::size_t>(ClockId::count)> generators{};
    std::array<std::uint32_t, static_cast<std::size_t>(ClockId::count)> hz{};
    std::uint32_t resus_ctrl = 0xff;
    bool resussed = false;
    bool halted = false;  // clk_sys stands still; `hz` is what was before.
    std::uint32_t fc0_ref_khz = 0, fc0_min_khz = 0, fc0_max_khz = 0x1ffffff, fc0_delay = 1, fc0_interval = 8,
                  fc0_src = 0;
    RateCounter fc0_reference;  // clk_ref periods since FC0_SRC was written.
    std::uint32_t fc0_source_hz = 0;
    std::uint32_t wake_en0 = 0xffffffff, wake_en1 = 0x7fff, sleep_en0 = 0xffffffff, sleep_en1 = 0x7fff;
    bool asleep = false;  // SLEEP_EN counts, not WAKE_EN.
    std::uint32_t inte = 0, intf = 0;
    struct Output {
        RateCounter half_periods;
        std::uint64_t shown = 0;  // Of these, on the pin.
    };
    std::array<Output, 4> gpout{};
};

class Clocks final : public StatefulPeripheral<ClocksState>, public TimedDriver {
  public:
    Clocks(Fabric& fabric, const Xosc& xosc, const Rosc& rosc, const Pll& pll_sys, const Pll& pll_usb);
    std::uint32_t read(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
    void clocks_changed() override;
    void reset() override;
    void restore(StateReader& in) override;

    // TimedDriver: the GPOUT pins (clock_outputs.cpp).
    void catch_up(Cycles until) override;
    [[nodiscard]] Cycles next_step() const override;
    [[nodiscard]] PinFunction steps_through() const override { return PinFunction::clock; }
    void plan() override;

    /// Frequency of a generator's output in hertz; what Fabric::clock_hz returns.
    [[nodiscard]] std::uint32_t hz(ClockId clock) const { return s_.hz[static_cast<std::size_t>(clock)]; }
    /// Frequency on a clock input pin (GPIN0, GPIN1); 0 when nothing is connected.
    void set_gpin_hz(unsigned pin, std::uint32_t hz);
    /// Recomputes every frequency from the sources. Chip connects it to on_change of XOSC, ROSC and both PLLs.
    void sources_changed();
    /// Called after any generator changed frequency: Chip updates its TimeBase from hz(ClockId::sys) at now() and
    /// calls clocks_changed() of every peripheral.
    std::function<void()> on_change;
    /// clk_sys stands still because its oscillator is dormant. halted() ends when the oscillator has been woken.
    /// Without this function a dormant oscillator of clk_sys is not modelled.
    std::function<void()> on_halt;
    [[nodiscard]] bool halted() const { return s_.halted; }

    /// The gates that are open, ENABLED0 lowest, and what is to be called when they have changed.
    [[nodiscard]] std::uint64_t enabled() const;
    std::function<void()> on_gates;
    /// The SLEEP state (datasheet 2.11.2): both processors sleep and the DMA has nothing to do.
    void set_asleep(bool asleep);
    [[nodiscard]] bool asleep() const { return s_.asleep; }
    /// Whether that state differs from the other.
    [[nodiscard]] bool sleep_matters() const { return s_.sleep_en0 != s_.wake_en0 || s_.sleep_en1 != s_.wake_en1; }

  private:
    [[nodiscard]] std::uint32_t compute_hz(ClockId clock) const;
    [[nodiscard]] std::uint32_t aux_hz(ClockId clock, unsigned auxsrc) const;
    [[nodiscard]] std::uint32_t fc0_source() const;
    [[nodiscard]] std::uint32_t fc0_status() const;
    [[nodiscard]] std::uint32_t fc0_result() const;
    [[nodiscard]] std::uint64_t fc0_interval_periods() const;
    void start_fc0();
    void refuse_divider(std::uint32_t value) const;
    void halt();
    void update_irq();
    void gates_changed();
    void set_output_rates();
    void show(unsigned index, Cycles when);
    [[nodiscard]] Cycles next_edge(unsigned index) const;
    void skip_edges(unsigned index, Cycles until);
    std::uint32_t connected_ = 0;  ///< GPOUT pins that have the function.
    const Xosc& xosc_;
    const Rosc& rosc_;
    const Pll& pll_sys_;
    const Pll& pll_usb_;
    std::array<std::uint32_t, 2> gpin_hz_{};
};

}  // namespace rp2040
