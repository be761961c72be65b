// The one seam for whatever is attached to the chip: a sensor, a display, the flash chip, the microphone, a jumper.
//
// A device names its lines; who attaches it says which GPIO each is (`sda = 4`). Names with a meaning:
//   sda, scl             an I2C target: i2c_...() below, whoever is the bus's master (I2C block, PIO, a program's GPIO)
//   sck, mosi, miso, cs  an SPI target, the last three if it has them: spi_...() below
//   rx, tx               a serial line as the device sees it: uart_received(), DevicePort::uart_send()
//   adc...               an analogue output: adc_volts()
// All others, and these too if watched_lines() has their bits, are digital levels: line_changed(), DevicePort::drive().
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/state.hpp"
#include "base/types.hpp"
#include "io/gpio.hpp"

namespace rp2040 {

/// What the device may do to the chip, from connect() on. Lines are numbered as Device::lines() lists them.
class DevicePort {
  public:
    using Drive = Gpio::Drive;
    virtual ~DevicePort() = default;

    [[nodiscard]] virtual Cycles now() const = 0;
    [[nodiscard]] virtual std::uint64_t picoseconds(Cycles at) const = 0;
    /// First cycle at or after a time, clk_sys staying as it is.
    [[nodiscard]] virtual Cycles cycle_at(std::uint64_t picoseconds) const = 0;

    /// Whether the line was given a GPIO.
    [[nodiscard]] virtual bool connected(unsigned line) const = 0;
    /// Puts a level on a line. The chip's own outputs win, so `high` is also what a pull-up on the board does.
    virtual void drive(unsigned line, Drive drive, Cycles when) = 0;
    /// Level of a line now.
    [[nodiscard]] virtual bool level(unsigned line) = 0;
    /// What the chip itself puts on a line, whatever the outside does.
    [[nodiscard]] virtual Drive own_drive(unsigned line) const = 0;
    /// Share of time for which the chip drives a line high, 0..1: the duty of its PWM, else its level.
    [[nodiscard]] virtual double share(unsigned line) = 0;
    /// Sends bytes on `tx` at Device::baud(), after what is still going out.
    virtual void uart_send(std::span<const std::uint8_t> bytes) = 0;
    /// Device::wake() is called at this time, once; kNever: not at all. A time in the past is now.
    virtual void wake_at(std::uint64_t picoseconds) = 0;
    /// Closes or opens a switch between two lines.
    virtual void join(unsigned line, unsigned other, bool joined) = 0;
    /// To be called when watched_lines() have changed.
    virtual void watch_changed() = 0;
    /// The device cannot go on: the run stops with this text and the device's name.
    virtual void fail(std::string_view what) = 0;
    /// Takes the device off the chip; the port is gone then.
    virtual void detach() = 0;
};

class Device : public LineWatcher {
  public:
    Device() = default;
    ~Device() override {
        if (port_ != nullptr) port_->detach();
    }
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    /// Unique among the devices of a chip; it stands in snapshots and messages.
    [[nodiscard]] virtual std::string_view name() const = 0;
    [[nodiscard]] virtual std::vector<std::string_view> lines() const { return {}; }
    /// Bit per line that may be left unconnected.
    [[nodiscard]] virtual std::uint32_t optional_lines() const { return 0; }
    /// Called once when it is attached.
    virtual void connect(DevicePort&) {}
    /// Power comes: at attachment and at every power-on reset of the chip.
    virtual void power_on() {}
    virtual void wake(Cycles) {}

    [[nodiscard]] std::uint32_t watched_lines() const override { return 0; }
    [[nodiscard]] std::uint32_t driven_lines() const override { return 0; }
    void line_changed(unsigned, bool, Cycles) override {}

    /// Bits per second of a serial line, 8N1.
    [[nodiscard]] virtual unsigned baud() const { return 115'200; }
    /// `bad`: no stop bit where one should be.
    virtual void uart_received(std::uint8_t, bool, Cycles) {}

    /// START or repeated START with an address (7 or 10 bits); true acknowledges and selects this device.
    virtual bool i2c_start(std::uint16_t, bool, Cycles) { return false; }
    /// Whether its address has ten bits; it gets no others then.
    [[nodiscard]] virtual bool i2c_ten_bit() const { return false; }
    /// A byte from the master; true acknowledges.
    virtual bool i2c_write(std::uint8_t, Cycles) { return false; }
    virtual std::uint8_t i2c_read(Cycles) { return 0xff; }
    virtual void i2c_stop(Cycles) {}

    /// Clock polarity and phase on pins that a program or PIO moves, 0..3; the SPI block's frames come as they are.
    [[nodiscard]] virtual unsigned spi_mode() const { return 0; }
    virtual void spi_select(bool, Cycles) {}
    /// What goes out during the frame of `bits` that begins; it cannot depend on what comes in meanwhile.
    virtual std::uint16_t spi_send(unsigned, Cycles) { return 0xffff; }
    /// What came in during that frame, at its end.
    virtual void spi_receive(std::uint16_t, unsigned, Cycles) {}

    /// Voltage of an `adc...` line, sampled by a conversion.
    virtual double adc_volts(unsigned, Cycles) { return 0; }

    virtual void save(StateWriter&) const {}
    virtual void restore(StateReader&) {}

    /// Null while it is not attached.
    [[nodiscard]] DevicePort* port() const { return port_; }

  private:
    friend class DeviceHub;
    DevicePort* port_ = nullptr;
};

}  // namespace rp2040
