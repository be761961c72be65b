// All devices of a chip: who is on which pins, whom a transfer concerns, who is to be woken when.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/fabric.hpp"
#include "device/device.hpp"
#include "io/pin_matrix.hpp"
#include "periph/adc.hpp"
#include "periph/pwm.hpp"
#include "periph/spi.hpp"

namespace rp2040 {

/// A device's line and the GPIO that it is soldered to.
using Connection = std::pair<std::string, unsigned>;

class DeviceHub {
  public:
    struct Blocks {
        std::array<Spi*, 2> spi;
        Adc& adc;
        Pwm& pwm;
    };
    DeviceHub(Fabric& fabric, PinMatrix& pins, const Blocks& blocks);
    ~DeviceHub();
    DeviceHub(const DeviceHub&) = delete;
    DeviceHub& operator=(const DeviceHub&) = delete;

    /// The device is not owned; one that goes detaches itself. Throws std::invalid_argument, one line: a name that is
    /// taken, a line that the device does not have or that is missing, a GPIO outside 0..29 or used twice by it.
    void attach(Device& device, const std::vector<Connection>& connections);
    /// Also forgets a failure.
    void detach(Device& device);
    [[nodiscard]] std::vector<Device*> devices() const;

    /// For the chip: a power-on reset; clk_sys has changed or stood still.
    void power_on();
    void time_changed() { reschedule(); }
    /// Cycle at which a device is to be woken; kNever if none.
    [[nodiscard]] Cycles next_due() const;

    /// Each device with its state, for snapshots.
    void save(std::size_t index, StateWriter& out) const;
    void restore(std::size_t index, StateReader& in);
    /// After the pins have been restored as well.
    void restored() { pins_.restore_joined(joined()); }

    /// "NAME: what" of the first device that could not go on, once; empty if all could.
    [[nodiscard]] std::string take_failure() { return std::exchange(failure_, {}); }
    /// Called when there is one.
    std::function<void()> on_failure;

  private:
    class Socket;
    class SpiLines;
    [[nodiscard]] std::vector<std::uint32_t> joined() const;
    void reschedule();
    void woken(Cycles when);
    [[nodiscard]] bool on(std::uint8_t pin, std::uint32_t pins) const;

    Fabric& fabric_;
    PinMatrix& pins_;
    Blocks blocks_;
    std::vector<std::unique_ptr<Socket>> sockets_;
    std::array<std::unique_ptr<SpiLines>, 2> spi_;
    std::string failure_;
};

}  // namespace rp2040
