// I2C: Synopsys DW_apb_i2c (datasheet 4.3). A slave hears the chip's other I2C if wires connect their pins.
#pragma once

#include "base/peripheral.hpp"
#include "base/rate_counter.hpp"
#include "periph/fifo.hpp"
#include "regs/i2c.hpp"

namespace rp2040 {

/// A bus with its devices, as the master sees it.
class I2cBus {
  public:
    virtual ~I2cBus() = default;
    /// START or repeated START with an address (7 or 10 bits); true = acknowledged.
    virtual bool start(std::uint16_t address, bool read, Cycles when) = 0;
    /// One byte from the master; true = acknowledged.
    virtual bool write(std::uint8_t value, Cycles when) = 0;
    virtual std::uint8_t read(Cycles when) = 0;
    virtual void stop(Cycles when) = 0;
};

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
    Fifo<std::uint16_t, 16> tx;  // IC_DATA_CMD bits 0-10.
    Fifo<std::uint16_t, 16> rx;
    enum class Phase : std::uint8_t { idle, address, data, stop, held };
    Phase phase = Phase::idle;
    std::uint16_t command = 0;
    bool reading = false;
    bool first_byte = false;
    bool with_slave = false;  // As master: the chip's other I2C has acknowledged, not a device of the bus.
    bool stretched = false;   // As master: that slave holds SCL low until it has a byte.
    bool addressed = false;   // As slave: by the transfer in progress.
    Cycles done_at = kNever;
};

class I2c final : public StatefulPeripheral<I2cState> {
  public:
    I2c(Fabric& fabric, unsigned instance);
    std::uint32_t read(std::uint32_t offset) override;
    std::uint32_t peek(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
    void reset() override;

    // Line of a pin: SDA where its number is even, SCL where it is odd.
    static constexpr unsigned kSda = 0, kScl = 1;
    /// Pins that IO_BANK0 gives to one line of this instance.
    [[nodiscard]] std::uint32_t pins(unsigned line) const;
    /// Connects a bus (nullptr: no device, every address gets a NACK); not owned.
    void connect(I2cBus* bus) { bus_ = bus; }
    /// The chip's other I2C.
    void set_peer(I2c& peer) { peer_ = &peer; }
    /// clk_sys cycles of one SCL period in the mode selected by IC_CON.SPEED.
    [[nodiscard]] Cycles bit_cycles() const;

  private:
    void event();
    void next();
    void abort(std::uint32_t source);
    void stop();
    void update();
    void after(Cycles cycles);
    void transfer_byte();
    [[nodiscard]] bool address_anyone();

    // The slave's half (i2c_slave.cpp), called by the master that it is wired to.
    [[nodiscard]] I2c* wired_slave() const;
    bool slave_start(std::uint16_t address, bool ten_bit, bool read);
    bool slave_receive(std::uint8_t value);
    [[nodiscard]] bool slave_ready();
    std::uint8_t slave_transmit();
    void slave_stop();
    void release_clock();
    [[nodiscard]] std::uint32_t status() const;
    [[nodiscard]] std::uint32_t raw() const;
    unsigned instance_;
    EventId event_;
    Irq irq_;
    Dreq tx_dreq_, rx_dreq_;
    I2cBus* bus_ = nullptr;
    I2c* peer_ = nullptr;
};

}  // namespace rp2040
