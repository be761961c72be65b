// What the host does with a device's functions by itself: one file a class says how it is opened, and what is polled.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "usb/descriptors.hpp"
#include "usb/wire.hpp"

namespace rp2040 {

/// Serial ports that one device can have: 15 IN endpoints, two for each.
inline constexpr unsigned kMostSerialPorts = 7;

/// An endpoint that the host serves without being asked for each transfer.
struct UsbPipe {
    enum class Use : std::uint8_t {
        packets,     ///< IN: whole packets, for the user of the host.
        serial_in,   ///< IN: bytes of serial port number `port`.
        serial_out,  ///< OUT: likewise.
    };
    UsbEndpoint endpoint;
    Use use = Use::packets;
    std::uint8_t port = 0;
};

/// One function of a device.
struct UsbFunction {
    std::vector<UsbRequest> opening;  ///< Made one after another; the device may refuse each of them.
    std::vector<UsbPipe> pipes;       ///< Open from then on.
    std::uint8_t interface = 0;
};

/// Serial ports (CDC 1.2 with PSTN120's abstract control model), in the order of the configuration.
std::vector<UsbFunction> serial_functions(std::span<const UsbInterface> interfaces);
/// Keyboards, mice and all other human interface devices (HID 1.11).
std::vector<UsbFunction> hid_functions(std::span<const UsbInterface> interfaces);
/// USB-MIDI 1.0, and 2.0 devices in their first alternate setting.
std::vector<UsbFunction> midi_functions(std::span<const UsbInterface> interfaces);

}  // namespace rp2040
