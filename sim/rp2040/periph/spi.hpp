// SPI: Arm PL022 (datasheet 4.4).
//
// A master sends frames, one event each; its pins follow bit by bit when somebody looks (spi_lines.cpp). What comes in
// is sampled on RX, or is the word of a device on the bus that takes whole frames. A slave hears whoever clocks it.
#pragma once

#include <optional>
#include <vector>

#include "base/peripheral.hpp"
#include "base/rate_counter.hpp"
#include "io/gpio.hpp"
#include "periph/fifo.hpp"
#include "regs/spi.hpp"

namespace rp2040 {

/// What hangs on the bus (device/hub.hpp) and takes frames whole.
class SpiDevice {
  public:
    virtual ~SpiDevice() = default;
    /// A frame of `bits` (4..16) begins, `value` going out: what is on RX while it lasts, nothing if no such device
    /// drives it.
    virtual std::optional<std::uint16_t> begin(std::uint16_t value, unsigned bits, Cycles when) = 0;
    /// That frame ends; `value` was on TX.
    virtual void end(std::uint16_t value, unsigned bits, Cycles when) = 0;
};

struct SpiState {
    std::uint32_t cr0 = 0, cr1 = 0, cpsr = 0, imsc = 0, ris = 8, dmacr = 0;
    Fifo<std::uint16_t, 8> tx, rx;
    bool busy = false;
    std::uint16_t shift = 0;
    Cycles done_at = kNever;
    Cycles free_at = 0, start_at = kNever;  // End of the gap after a frame; start of the next, if it waits for that.
    Cycles rx_timeout = kNever;
    Cycles stopped_at = kNever;  // While there is no clk_peri.

    // The frame on the pins, as it was when it began. Time is in half bits: steps of `half_q32` from `frame_at` on.
    Cycles frame_at = 0;
    std::uint64_t half_q32 = 0;
    std::uint8_t bits = 8, step = 0;  // The next step not yet shown.
    bool polarity = false, phase = false;
    std::uint16_t in = 0;                 // Sampled so far.
    std::optional<std::uint16_t> answer;  // Of a device that takes frames.
    Cycles release_at = kNever;           // CSn rises.
    struct Lines {
        bool sck = false, csn = true, tx = false, master = false, tx_on = true;
        bool operator==(const Lines&) const = default;
    };
    Lines lines{};

    // As slave.
    bool selected = false, clock = false, frozen = false;
    std::uint8_t position = 0;  // Bits of the frame taken in.
    std::uint16_t out = 0;
};

class Spi final : public StatefulPeripheral<SpiState>, public TimedDriver {
  public:
    Spi(Fabric& fabric, unsigned instance);
    std::uint32_t read(std::uint32_t offset) override;
    std::uint32_t peek(std::uint32_t offset) override;
    /// Frames begin and end in events.
    [[nodiscard]] Cycles steady_until(std::uint32_t offset) const override {
        return offset == regs::kSpi.at("SSPSR") ? kNever : 0;
    }
    void write(std::uint32_t offset, std::uint32_t value) override;
    void reset() override;
    void restore(StateReader& in) override;
    void clocks_changed() override;

    // TimedDriver: the pins of a master.
    void catch_up(Cycles until) override;
    [[nodiscard]] Cycles next_step() const override;
    void plan() override;

    // Signal of a pin: its number modulo 4. The two instances take turns every eight pins.
    static constexpr unsigned kPinRx = 0, kPinCsn = 1, kPinSck = 2, kPinTx = 3;
    /// Pins that IO_BANK0 gives to one signal of this instance.
    [[nodiscard]] std::uint32_t pins(unsigned role) const;
    /// Clock polarity and phase, 0..3.
    [[nodiscard]] unsigned mode() const;
    [[nodiscard]] bool is_master() const;
    /// Whether another frame follows the present one.
    [[nodiscard]] bool goes_on() const { return !s_.tx.empty(); }
    /// Connects what hangs on the bus (nullptr: nobody); not owned.
    void connect(SpiDevice* device) { device_ = device; }
    /// Frames sent since the last call.
    [[nodiscard]] std::vector<std::uint16_t> take_transmitted();
    /// Length of one frame in clk_sys cycles, rounded up.
    [[nodiscard]] Cycles frame_cycles() const;

  private:
    /// SCK, CSn and RX of a slave.
    class Inputs final : public LineWatcher {
      public:
        explicit Inputs(Spi& spi) : spi_(spi) {}
        [[nodiscard]] std::uint32_t watched_lines() const override { return spi_.watched_; }
        [[nodiscard]] std::uint32_t driven_lines() const override { return spi_.watched_ == 0 ? 0 : spi_.pins(kPinTx); }
        [[nodiscard]] bool prompt() const override { return true; }
        void line_changed(unsigned pin, bool level, Cycles when) override { spi_.input_changed(pin, level, when); }

      private:
        Spi& spi_;
    };
    [[nodiscard]] Cycles gap_cycles() const;
    [[nodiscard]] std::uint64_t half_q32() const;
    [[nodiscard]] unsigned frame_bits() const;
    void event();
    void start();
    void finish();
    void receive(std::uint16_t value);
    void update();
    void reschedule();

    // spi_lines.cpp
    [[nodiscard]] std::uint32_t all_pins(unsigned role) const;
    [[nodiscard]] bool input(unsigned role, Cycles when) const;
    [[nodiscard]] Cycles step_time(unsigned step) const;
    [[nodiscard]] bool unobserved() const;
    void show(const SpiState::Lines& lines, Cycles when);
    void show_idle(Cycles when);
    void take_step(unsigned step, Cycles when);
    void sample(unsigned step, Cycles when);
    void skip_steps(Cycles until);
    void note_idle();
    bool choose_pins();
    [[nodiscard]] bool is_slave() const;
    void input_changed(unsigned pin, bool level, Cycles when);
    void slave_select(bool selected, Cycles when);
    void slave_clock(bool level, Cycles when);
    void slave_load();
    void slave_put(Cycles when);

    unsigned instance_;
    EventId event_;
    Irq irq_;
    Dreq tx_dreq_, rx_dreq_;
    SpiDevice* device_ = nullptr;
    Inputs inputs_{*this};
    std::uint32_t watched_ = 0;    ///< Pins of a slave.
    std::uint32_t connected_ = 0;  ///< Pins with the function.
    std::vector<std::uint16_t> transmitted_;
};

}  // namespace rp2040
