// Levels on pins to the transfers that devices see, and back: for masters that are no block of the chip but PIO or a
// program that moves its pins, and for serial lines of whatever origin.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <span>

#include "device/device.hpp"

namespace rp2040 {

/// One target of an I2C bus, whoever is its master.
class I2cDecoder final : public LineWatcher {
  public:
    enum Line : unsigned { kSda, kScl };
    I2cDecoder(Device& device, Gpio& gpio, std::uint8_t sda) : device_(device), gpio_(gpio), sda_pin_(sda) {}
    [[nodiscard]] std::uint32_t watched_lines() const override { return 3; }
    [[nodiscard]] std::uint32_t driven_lines() const override { return 1u << kSda; }
    [[nodiscard]] bool prompt() const override { return device_.prompt(); }
    void line_changed(unsigned line, bool level, Cycles when) override;
    void save(StateWriter& out) const { out.put(s_); }
    void restore(StateReader& in) { in.get(s_); }

  private:
    enum class Phase : std::uint8_t { idle, address, write, read, done };
    struct State {
        Phase phase = Phase::idle;
        bool sda = true, scl = true;
        bool acknowledge = false;  ///< The ninth bit is on the bus.
        bool acknowledged = false;
        bool open = false;      ///< The device has acknowledged its address, and no STOP came since.
        bool pulling = false;   ///< SDA low.
        bool ten_bits = false;  ///< The second byte of an address comes.
        std::uint16_t address = 0;
        std::uint8_t upper = 0;  ///< Of a ten-bit address,
        bool known = false;      ///< which was the device's: a repeated START for reading has its first byte alone.
        std::uint8_t bits = 0, shift = 0;
    };
    void address(Cycles when);
    void rising(Cycles when);
    void falling(Cycles when);
    void put(bool level, Cycles when);
    void end(Cycles when);
    Device& device_;
    Gpio& gpio_;
    std::uint8_t sda_pin_;
    State s_{};
};

/// One target of an SPI bus, while no SPI block gives it whole frames. Eight bits a frame, the most significant first.
class SpiDecoder final : public LineWatcher {
  public:
    enum Line : unsigned { kSck, kMosi, kMiso };
    SpiDecoder(Device& device, Gpio& gpio, std::uint8_t miso) : device_(device), gpio_(gpio), miso_pin_(miso) {}
    [[nodiscard]] std::uint32_t watched_lines() const override { return 1u << kSck | 1u << kMosi; }
    [[nodiscard]] std::uint32_t driven_lines() const override { return 1u << kMiso; }
    [[nodiscard]] bool prompt() const override { return device_.prompt(); }
    [[nodiscard]] bool takes_transfers() const override { return !s_.selected; }
    void line_changed(unsigned line, bool level, Cycles when) override;
    /// Follows the chip select, after the device has been told.
    void select(bool selected, Cycles when);
    void save(StateWriter& out) const { out.put(s_); }
    void restore(StateReader& in) { in.get(s_); }

  private:
    struct State {
        bool selected = false, mosi = false;
        std::uint8_t bits = 0, in = 0, out = 0xff;
        bool loaded = false;  ///< `out` is of the frame in progress.
    };
    void put(Cycles when);
    Device& device_;
    Gpio& gpio_;
    std::uint8_t miso_pin_;
    State s_{};
};

/// A serial line at a device's rate, 8N1: the chip's wave form to bytes, and bytes to a wave form.
class SerialLine final : public LineWatcher {
  public:
    /// `changed` is called when due() may have changed by itself.
    SerialLine(Device& device, DevicePort& port, Gpio& gpio, std::uint8_t tx, std::function<void()> changed)
        : device_(device), port_(port), gpio_(gpio), tx_pin_(tx), changed_(std::move(changed)) {}
    [[nodiscard]] std::uint32_t watched_lines() const override { return 1; }
    [[nodiscard]] std::uint32_t driven_lines() const override { return 0; }
    [[nodiscard]] bool prompt() const override { return true; }
    void line_changed(unsigned line, bool level, Cycles when) override;
    void idle(Cycles when);
    /// Time begins anew: frames of the time before are gone.
    void power_on() {
        s_ = State{.level = s_.level};
        waiting_.clear();
    }
    void send(std::span<const std::uint8_t> bytes);
    /// Next moment at which it has something to do, picoseconds; kNever if there is none.
    [[nodiscard]] std::uint64_t due() const;
    void run(std::uint64_t picoseconds, Cycles when);
    void save(StateWriter& out) const;
    void restore(StateReader& in);

  private:
    struct State {
        bool level = true, receiving = false;
        std::uint8_t bits = 0;      ///< Sampled so far, start bit included.
        std::uint16_t samples = 0;  ///< Start bit lowest.
        std::uint64_t start = 0;    ///< Of the frame coming in.
        bool sending = false;
        std::uint8_t sent_bits = 0;
        std::uint16_t frame = 0;
        std::uint64_t frame_start = 0;
    };
    [[nodiscard]] std::uint64_t half_bits(std::uint64_t halves) const;
    [[nodiscard]] std::uint64_t sample_time() const { return s_.start + half_bits(2 * s_.bits + 1); }
    [[nodiscard]] std::uint64_t send_time() const { return s_.frame_start + half_bits(2 * s_.sent_bits); }
    void sample_until(std::uint64_t picoseconds, Cycles when);
    void begin_frame(std::uint64_t start);
    Device& device_;
    DevicePort& port_;
    Gpio& gpio_;
    std::uint8_t tx_pin_;
    std::function<void()> changed_;
    State s_{};
    std::deque<std::uint8_t> waiting_;
};

}  // namespace rp2040
