// SPI: Arm PL022 (datasheet 4.4). A slave hears the chip's other SPI if wires connect their pins.
#pragma once

#include <optional>
#include <vector>

#include "base/peripheral.hpp"
#include "base/rate_counter.hpp"
#include "periph/fifo.hpp"
#include "regs/spi.hpp"

namespace rp2040 {

/// What hangs on the bus (device/hub.hpp).
class SpiDevice {
  public:
    virtual ~SpiDevice() = default;
    /// One frame of `bits` (4..16): returns what is on RX while `value` is on TX, nothing if nobody drives it. The
    /// block raises CSn after the `last` one.
    virtual std::optional<std::uint16_t> transfer(std::uint16_t value, unsigned bits, bool last, Cycles when) = 0;
};

struct SpiState {
    std::uint32_t cr0 = 0, cr1 = 0, cpsr = 0, imsc = 0, ris = 8, dmacr = 0;
    Fifo<std::uint16_t, 8> tx, rx;
    bool busy = false;
    std::uint16_t shift = 0;
    Cycles done_at = kNever;
    Cycles free_at = 0, start_at = kNever;  // End of the gap after a frame; start of the next, if it waits for that.
    Cycles rx_timeout = kNever;
};

class Spi final : public StatefulPeripheral<SpiState> {
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

    // Signal of a pin: its number modulo 4. The two instances take turns every eight pins.
    static constexpr unsigned kPinRx = 0, kPinCsn = 1, kPinSck = 2, kPinTx = 3;
    /// Pins that IO_BANK0 gives to one signal of this instance.
    [[nodiscard]] std::uint32_t pins(unsigned role) const;
    /// Connects what hangs on the bus (nullptr: nobody); not owned.
    void connect(SpiDevice* device) { device_ = device; }
    /// The chip's other SPI.
    void set_peer(Spi& peer) { peer_ = &peer; }
    /// Frames sent since the last call.
    [[nodiscard]] std::vector<std::uint16_t> take_transmitted();
    /// Length of one frame in clk_sys cycles, rounded up.
    [[nodiscard]] Cycles frame_cycles() const;

  private:
    [[nodiscard]] Cycles gap_cycles() const;
    void event();
    void start();
    [[nodiscard]] std::uint16_t exchange_on_wires(std::uint16_t sent);
    [[nodiscard]] std::uint16_t exchange(std::uint16_t sent, unsigned bits);
    [[nodiscard]] bool listens_to(const Spi& master) const;
    [[nodiscard]] std::uint16_t exchange_as_slave(std::uint16_t received, Cycles timeout);
    void update();
    void reschedule();
    unsigned instance_;
    EventId event_;
    Irq irq_;
    Dreq tx_dreq_, rx_dreq_;
    SpiDevice* device_ = nullptr;
    Spi* peer_ = nullptr;
    std::vector<std::uint16_t> transmitted_;
};

}  // namespace rp2040
