// I2C: Synopsys DW_apb_i2c (datasheet 4.3).
//
// Both lines are open drains that the block pulls low or leaves to the pull-ups of the pads or of the board; without
// any the bus is never free. A master makes an event of each edge; it and a slave see what is on the lines, whoever
// pulls.
#pragma once

#include "base/peripheral.hpp"
#include "io/gpio.hpp"
#include "periph/fifo.hpp"
#include "regs/i2c.hpp"

namespace rp2040 {

struct I2cState {
    std::uint32_t con = regs::kI2c.reset("IC_CON"), tar = regs::kI2c.reset("IC_TAR"), sar = regs::kI2c.reset("IC_SAR"),
                  ss_hcnt = regs::kI2c.reset("IC_SS_SCL_HCNT"), ss_lcnt = regs::kI2c.reset("IC_SS_SCL_LCNT"),
                  fs_hcnt = regs::kI2c.reset("IC_FS_SCL_HCNT"), fs_lcnt = regs::kI2c.reset("IC_FS_SCL_LCNT");
    std::uint32_t intr_mask = regs::kI2c.reset("IC_INTR_MASK"), raw_intr = 0, rx_tl = 0, tx_tl = 0, enable = 0,
                  sda_hold = regs::kI2c.reset("IC_SDA_HOLD");
    std::uint32_t tx_abrt_source = 0, dma_cr = 0, dma_tdlr = 0, dma_rdlr = 0,
                  sda_setup = regs::kI2c.reset("IC_SDA_SETUP"),
                  ack_general_call = regs::kI2c.reset("IC_ACK_GENERAL_CALL");
    std::uint32_t fs_spklen = regs::kI2c.reset("IC_FS_SPKLEN"), slv_data_nack_only = 0;
    std::uint32_t cut_short = 0;  // As slave, by being disabled: what IC_ENABLE_STATUS says of it.
    Fifo<std::uint16_t, 16> tx;   // IC_DATA_CMD bits 0-10.
    Fifo<std::uint16_t, 16> rx;
    enum class Phase : std::uint8_t { idle, waiting, start, restart, address, data, stop, held };
    Phase phase = Phase::idle;
    std::uint16_t command = 0;
    bool reading = false;
    bool first_byte = false;
    std::uint8_t step = 0;          // Within a bit, a START or a STOP.
    std::uint8_t bit = 0;           // Of the byte on the bus; 8 is the acknowledge.
    std::uint8_t byte = 0;          // Coming in, or going out.
    std::uint8_t address_byte = 0;  // 1: the second of ten bits, 2: the first again, to read.
    bool acknowledge_held = false;  // The byte has come, whether more are wanted is not known yet.
    bool taken = false;             // It is in the FIFO already.
    bool awaits_clock = false;      // SCL is released and still low: somebody stretches it.
    bool pulls_sda = false, pulls_scl = false;
    bool sda = true, scl = true;  // As seen at the last change.
    bool bus_busy = false;        // Between somebody's START and STOP.
    struct Slave {
        enum class Phase : std::uint8_t { idle, address, receive, transmit, done };
        Phase phase = Phase::idle;
        bool acknowledge = false, acknowledged = false;  // The ninth bit is on the bus; what it says.
        bool ten_bits = false, known = false;            // The second address byte comes; it was this one's.
        bool holds = false, releases = false;            // SCL, for want of a byte; and no longer, after SDA_SETUP.
        std::uint8_t bits = 0, shift = 0;
        bool full = false;       // The byte has no room in the FIFO: SCL is held until it has.
        std::uint16_t kept = 0;  // It, as it goes into the FIFO.
    };
    Slave slave{};
    bool addressed = false;  // As slave: by the transfer in progress.
    Cycles done_at = kNever;
    Cycles stopped_at = kNever;  // While the block has no clock.
};

class I2c final : public StatefulPeripheral<I2cState>, public TimedDriver {
  public:
    I2c(Fabric& fabric, unsigned instance);
    std::uint32_t read(std::uint32_t offset) override;
    std::uint32_t peek(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
    void reset() override;
    void restore(StateReader& in) override;
    void clocks_changed() override;

    // TimedDriver: only to learn of other pins; nothing is driven lazily.
    void catch_up(Cycles) override {}
    [[nodiscard]] Cycles next_step() const override { return kNever; }
    void plan() override { static_cast<void>(choose_pins()); }

    // Line of a pin: SDA where its number is even, SCL where it is odd.
    static constexpr unsigned kSda = 0, kScl = 1;
    /// Pins that IO_BANK0 gives to one line of this instance.
    [[nodiscard]] std::uint32_t pins(unsigned line) const;
    /// clk_sys cycles of one SCL period in the mode selected by IC_CON.SPEED.
    [[nodiscard]] Cycles bit_cycles() const { return low_cycles() + high_cycles(); }

  private:
    class Inputs final : public LineWatcher {
      public:
        explicit Inputs(I2c& i2c) : i2c_(i2c) {}
        [[nodiscard]] std::uint32_t watched_lines() const override { return i2c_.watched_; }
        [[nodiscard]] std::uint32_t driven_lines() const override { return i2c_.watched_; }
        [[nodiscard]] bool prompt() const override { return true; }
        void line_changed(unsigned, bool, Cycles when) override { i2c_.lines_changed(when); }

      private:
        I2c& i2c_;
    };
    void clock_switches() override;
    [[nodiscard]] Cycles low_cycles() const;
    [[nodiscard]] Cycles high_cycles() const;
    [[nodiscard]] Cycles hold_cycles() const;
    void event();
    void next();
    void abort(std::uint32_t source);
    void update();
    void after(Cycles cycles);
    void set_enable(std::uint32_t value);
    [[nodiscard]] std::uint32_t slave_cut_short() const;
    void flush_transmit();

    // i2c_master.cpp: bit by bit
    [[nodiscard]] std::uint32_t all_pins(unsigned line) const;
    [[nodiscard]] bool level(unsigned line, Cycles when) const;
    void pull(bool sda, bool scl, Cycles when);
    bool choose_pins();
    void lines_changed(Cycles when);
    void begin(I2cState::Phase phase);
    void start_when_free();
    void start_step();
    void restart_step();
    void stop_step();
    void bit_step();
    void raise_clock();
    void begin_byte(I2cState::Phase phase, std::uint8_t value);
    void begin_bit();
    [[nodiscard]] bool drives_bit() const;
    [[nodiscard]] bool more_wanted() const;
    void begin_address();
    void begin_data();
    void byte_done(bool acknowledged);
    void take_byte();
    void stop();
    void finish_stop();

    // i2c_slave.cpp
    [[nodiscard]] bool is_slave() const;
    void slave_condition(bool start);
    void slave_rising();
    void slave_falling(Cycles when);
    void slave_address();
    bool slave_start(std::uint16_t address, bool ten_bit, bool read);
    void slave_load(Cycles when);
    void slave_put(bool level, Cycles when);
    void release_clock();
    void make_room();

    [[nodiscard]] std::uint32_t status() const;
    [[nodiscard]] std::uint32_t raw() const;
    unsigned instance_;
    EventId event_;
    Irq irq_;
    Dreq tx_dreq_, rx_dreq_;
    Inputs inputs_{*this};
    std::uint32_t watched_ = 0;  ///< Pins of an enabled block.
};

}  // namespace rp2040
