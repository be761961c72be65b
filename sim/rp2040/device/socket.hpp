// One attached device: its port, its pins, and what watches them for it.
#pragma once

#include <memory>
#include <string>

#include "device/decoders.hpp"
#include "device/hub.hpp"

namespace rp2040 {

class DeviceHub::Socket final : public DevicePort {
  public:
    Socket(DeviceHub& hub, Device& device, LinePins pins);
    ~Socket() override;
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    // Port
    [[nodiscard]] Cycles now() const override { return hub_.fabric_.events().now(); }
    [[nodiscard]] std::uint64_t picoseconds(Cycles at) const override { return hub_.fabric_.picoseconds(at); }
    [[nodiscard]] Cycles cycle_at(std::uint64_t picoseconds) const override {
        return hub_.fabric_.cycle_at(picoseconds);
    }
    [[nodiscard]] bool connected(unsigned line) const override { return pins_.at(line) != kNoPin; }
    void drive(unsigned line, Drive drive, Cycles when) override {
        if (pins_[line] != kNoPin) hub_.pins_.drive(pins_[line], drive, when);
    }
    [[nodiscard]] bool level(unsigned line) override { return connected(line) && hub_.pins_.level(pins_[line], now()); }
    [[nodiscard]] Drive own_drive(unsigned line) const override {
        return connected(line) ? hub_.pins_.own_drive(pins_[line]) : Drive::released;
    }
    [[nodiscard]] double share(unsigned line) override;
    void uart_send(std::span<const std::uint8_t> bytes) override;
    void wake_at(std::uint64_t picoseconds) override;
    void join(unsigned line, unsigned other, bool joined) override;
    void watch_changed() override { hub_.pins_.watch_changed(); }
    void fail(std::string_view what) override;
    void detach() override { hub_.detach(device_); }

    Device& device() { return device_; }
    /// Pin of the line with a name, kNoPin without.
    [[nodiscard]] std::uint8_t pin(std::string_view line) const;
    [[nodiscard]] std::uint8_t pin(unsigned line) const { return pins_[line]; }
    /// The `adc...` line on a pin, if any.
    [[nodiscard]] std::optional<unsigned> analogue(unsigned pin) const;
    [[nodiscard]] const std::vector<std::uint32_t>& joined() const { return joined_; }
    [[nodiscard]] bool selected() const { return selected_; }
    void select(bool selected, Cycles when);
    /// Whether it gets whole frames from that block: the block clocks it as master, in a mode that the device
    /// understands, and the pads pass levels as they are. Else it gets the edges on its pins, whatever they mean to it.
    [[nodiscard]] bool served_by(const Spi& block) const;

    /// Picoseconds at which it wants to be called; kNever if it does not.
    [[nodiscard]] std::uint64_t due() const;
    void run(Cycles when);
    void power_on();
    void save(StateWriter& out) const;
    void restore(StateReader& in);

  private:
    /// The chip select that a program drives.
    class Select final : public LineWatcher {
      public:
        explicit Select(Socket& socket) : socket_(socket) {}
        [[nodiscard]] std::uint32_t watched_lines() const override { return 1; }
        [[nodiscard]] std::uint32_t driven_lines() const override { return 2; }  // MISO
        /// One that a block moves is looked at where its frames begin and end.
        [[nodiscard]] bool prompt() const override { return !socket_.selected_by_block(); }
        void line_changed(unsigned, bool level, Cycles when) override { socket_.select(!level, when); }

      private:
        Socket& socket_;
    };
    [[nodiscard]] bool by_block() const;
    [[nodiscard]] bool selected_by_block() const;
    template <class Watcher>
    void watch(std::unique_ptr<Watcher>& slot, std::unique_ptr<Watcher> watcher, const LinePins& pins) {
        slot = std::move(watcher);
        hub_.pins_.attach(*slot, pins);
    }

    DeviceHub& hub_;
    Device& device_;
    LinePins pins_;
    std::vector<std::string> names_;  ///< Of the lines.
    std::vector<std::uint32_t> joined_;
    std::uint64_t wake_ps_ = kNever;
    bool selected_ = false;
    std::unique_ptr<I2cDecoder> i2c_;
    std::unique_ptr<SpiDecoder> spi_;
    std::unique_ptr<Select> select_;
    std::unique_ptr<SerialLine> serial_;
};

/// What hangs on one SPI block of the chip.
class DeviceHub::SpiLines final : public SpiDevice {
  public:
    SpiLines(DeviceHub& hub, Spi& block) : hub_(hub), block_(block) {}
    std::optional<std::uint16_t> begin(std::uint16_t value, unsigned bits, Cycles when) override;
    void end(std::uint16_t value, unsigned bits, Cycles when) override;

  private:
    DeviceHub& hub_;
    Spi& block_;
};

}  // namespace rp2040
