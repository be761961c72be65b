// The wire between the built-in USB host and a device: one bus transaction per call.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace rp2040 {

enum class UsbHandshake : std::uint8_t { ack, nak, stall, none };

/// The device's end. An isochronous endpoint has no handshake: `ack` says that there was a packet.
class UsbDevicePort {
  public:
    virtual ~UsbDevicePort() = default;
    virtual UsbHandshake setup(unsigned address, const std::array<std::uint8_t, 8>& packet) = 0;
    virtual UsbHandshake out(unsigned address, unsigned endpoint, std::span<const std::uint8_t> data) = 0;
    virtual UsbHandshake in(unsigned address, unsigned endpoint, std::vector<std::uint8_t>& data) = 0;
    virtual void bus_reset() = 0;
};

/// A request on endpoint 0 (USB 2.0, 9.3), `data` what its data stage sends to the device.
struct UsbRequest {
    std::array<std::uint8_t, 8> setup{};
    std::vector<std::uint8_t> data;

    /// GET_DESCRIPTOR of the device or of an interface.
    [[nodiscard]] bool asks_for_descriptor() const { return (setup[0] & 0x80) != 0 && setup[1] == 6; }

    static UsbRequest make(std::uint8_t type, std::uint8_t code, unsigned value, unsigned index, unsigned length,
                           std::vector<std::uint8_t> data = {}) {
        const auto low = [](unsigned v) { return static_cast<std::uint8_t>(v); };
        const auto high = [](unsigned v) { return static_cast<std::uint8_t>(v >> 8); };
        return {{type, code, low(value), high(value), low(index), high(index), low(length), high(length)},
                std::move(data)};
    }
};

/// How a transfer ended.
enum class UsbOutcome : std::uint8_t { pending, done, stalled, timed_out, gone };

}  // namespace rp2040
