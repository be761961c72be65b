// From the pull-up to a configured device, as common hosts do it (USB 2.0, 9.1.2).
#pragma once

#include "usb/control_pipe.hpp"

namespace rp2040 {

/// What a device says of itself; empty what it has not said.
struct UsbIdentity {
    std::vector<std::uint8_t> device, configuration, bos;                ///< Descriptors, as they came.
    std::vector<std::uint8_t> languages, manufacturer, product, serial;  ///< String descriptors.
};

class UsbEnumeration {
  public:
    UsbEnumeration(UsbDevicePort& bus, UsbControlPipe& pipe) : bus_(bus), pipe_(pipe) {}

    /// The device's pull-up appeared or disappeared.
    void attach(bool present);
    /// A 1 ms frame starts.
    void start_of_frame();
    /// One transaction, if there is one to make; whether the device has taken part.
    bool step();
    /// Whether the host sees a device.
    [[nodiscard]] bool attached() const { return s_.step != Step::detached; }
    [[nodiscard]] bool configured() const { return s_.step == Step::configured && s_.wait_frames == 0; }
    /// Between attachment and the end of the bus reset's SE0.
    [[nodiscard]] bool resets_bus() const;
    [[nodiscard]] std::uint8_t address() const { return s_.address; }
    /// Size of endpoint 0's packets.
    [[nodiscard]] std::uint8_t packet() const { return s_.packet; }
    [[nodiscard]] const UsbIdentity& identity() const { return identity_; }
    void save(StateWriter& out) const;
    void restore(StateReader& in);

  private:
    enum class Step : std::uint8_t {
        detached,
        debounce,
        reset,
        first_look,
        set_address,
        device_descriptor,
        bos_header,
        bos,
        configuration_header,
        configuration,
        languages,
        product,
        manufacturer,
        serial,
        set_configuration,
        configured,
        failed  ///< The device refused a request that it must not, or did not answer.
    };
    struct State {
        Step step = Step::detached;
        std::uint32_t wait_frames = 0;
        std::uint8_t attempts = 0;  ///< Enumerations that came to nothing.
        bool looked = false;        ///< The first look at the device descriptor is over, the second reset follows.
        std::uint8_t address = 0;
        std::uint8_t packet = 64;
    };
    [[nodiscard]] bool asks() const { return s_.step >= Step::first_look && s_.step < Step::configured; }
    /// What the device may refuse, or leave without an answer.
    [[nodiscard]] bool optional() const;
    [[nodiscard]] UsbRequest request() const;
    [[nodiscard]] UsbRequest string_request(std::size_t place) const;
    void begin(Step step);
    void reset_bus();
    void give_up();
    void answered();
    void next();
    UsbDevicePort& bus_;
    UsbControlPipe& pipe_;
    State s_{};
    UsbIdentity identity_;
};

}  // namespace rp2040
