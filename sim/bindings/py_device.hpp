// Devices written in Python, as devices of the chip.
#pragma once

#include <nanobind/nanobind.h>

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "device/device.hpp"

/// Calls the methods of a Python object, emberwatch.devices.Device, that its class overrides. What Python raises is
/// kept and stops the run; see sim/devices/base.py for what each method gets and returns.
class PyDevice final : public rp2040::Device {
  public:
    struct Description {
        std::string name;
        std::vector<std::string> lines;
        std::uint32_t optional, watched, driven;
        bool prompt;
        std::vector<std::uint16_t> addresses;
        unsigned baud, spi_mode;
    };
    /// `methods`: names of those that the class has; `self` is referred to weakly.
    PyDevice(nanobind::handle self, Description description, const std::vector<std::string>& methods);

    [[nodiscard]] std::string_view name() const override { return about_.name; }
    [[nodiscard]] std::vector<std::string_view> lines() const override;
    [[nodiscard]] std::uint32_t optional_lines() const override { return about_.optional; }
    [[nodiscard]] std::uint32_t watched_lines() const override { return about_.watched; }
    [[nodiscard]] std::uint32_t driven_lines() const override { return about_.driven; }
    [[nodiscard]] bool prompt() const override { return about_.prompt; }
    [[nodiscard]] unsigned baud() const override { return about_.baud; }
    [[nodiscard]] unsigned spi_mode() const override { return about_.spi_mode; }
    void power_on() override;
    void wake(rp2040::Cycles when) override;
    void line_changed(unsigned line, bool level, rp2040::Cycles when) override;
    void uart_received(std::uint8_t value, bool bad, rp2040::Cycles when) override;
    bool i2c_start(std::uint16_t address, bool read, rp2040::Cycles when) override;
    [[nodiscard]] bool i2c_ten_bit() const override;
    bool i2c_write(std::uint8_t value, rp2040::Cycles when) override;
    std::uint8_t i2c_read(rp2040::Cycles when) override;
    void i2c_stop(rp2040::Cycles when) override;
    void spi_select(bool selected, rp2040::Cycles when) override;
    std::uint16_t spi_send(unsigned bits, rp2040::Cycles when) override;
    void spi_receive(std::uint16_t value, unsigned bits, rp2040::Cycles when) override;
    double adc_volts(unsigned line, rp2040::Cycles when) override;
    void save(rp2040::StateWriter& out) const override;
    void restore(rp2040::StateReader& in) override;

    /// Brings its lines up to date and hands over the edges that wait: for the end of a run.
    void settle();
    /// The exception of the last failure and no more; None if there was none.
    nanobind::object take_error() { return std::exchange(error_, nanobind::none()); }
    /// Voltage of a line as straight pieces between (picoseconds, volts), constant before and after.
    void set_volts(unsigned line, std::vector<std::pair<std::uint64_t, double>> points);
    [[nodiscard]] unsigned line(const std::string& name) const;
    /// The moment of the call in progress, else the present.
    [[nodiscard]] rp2040::Cycles moment() const { return calling_ ? when_ : bound().now(); }
    /// Its port; throws a ValueError while it is not attached.
    [[nodiscard]] rp2040::DevicePort& bound() const;
    [[nodiscard]] std::uint64_t framing_errors() const { return framing_errors_; }

  private:
    enum Method {
        kPowerOn,
        kWake,
        kEdges,
        kUart,
        kStart,
        kWrite,
        kRead,
        kReadDone,
        kSpi,
        kSpiEnd,
        kVolts,
        kSave,
        kRestore,
        kMethods
    };
    template <class... Args>
    nanobind::object call(Method method, rp2040::Cycles when, Args&&... args);
    template <class Body>
    void guarded(Body&& body);
    void flush();
    void wake_as_told(const nanobind::object& answer);
    void finish_write(rp2040::Cycles when);
    void more_to_send(rp2040::Cycles when);
    [[nodiscard]] bool has(Method method) const { return overridden_[method]; }

    struct Edge {
        rp2040::Cycles when;
        std::uint8_t line;
        bool level;
    };
    Description about_;
    nanobind::object self_;
    bool overridden_[kMethods] = {};
    std::vector<nanobind::object> line_names_;
    nanobind::object error_ = nanobind::none();
    rp2040::Cycles when_ = 0;
    bool calling_ = false;
    std::uint64_t framing_errors_ = 0;

    std::vector<Edge> edges_;
    bool reading_ = false, writing_ = false;
    std::vector<std::uint8_t> received_;  ///< By I2C or SPI in the transaction in progress, not yet handed over.
    std::vector<std::uint8_t> answer_;
    std::uint64_t answered_ = 0;  ///< Bytes of the answer that have gone out.
    bool more_ = false;           ///< SPI: the device has more to say when the answer is out.
    std::vector<std::vector<std::pair<std::uint64_t, double>>> volts_;
};

void bind_devices(nanobind::module_& m);
