// What leaves a chip's serial ports, kept until the host takes it; and the way in.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "chip.hpp"

namespace rp2040 {

/// UART0, UART1 and the USB serial port, by number.
class SerialPorts {
  public:
    static constexpr std::uint32_t kCount = 3, kUsb = 2;
    explicit SerialPorts(Chip& chip) : chip_(chip) {}

    /// Takes at most `room` bytes of a port, each with the cycle in which it ended; returns how many.
    std::uint32_t take(std::uint32_t port, std::uint8_t* bytes, std::uint64_t* cycles, std::uint32_t room) {
        std::vector<Byte>& waiting = waiting_[port];
        if (port == kUsb)
            for (const auto& byte : chip_.usb().host().take_received()) waiting.push_back({byte.value, byte.when});
        else
            for (const auto& byte : chip_.uart(port).take_transmitted()) waiting.push_back({byte.value, byte.when});
        const auto count = std::min<std::size_t>(room, waiting.size());
        for (std::size_t i = 0; i < count; ++i) {
            bytes[i] = waiting[i].value;
            cycles[i] = waiting[i].when;
        }
        waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(count));
        if (waiting.empty()) told &= ~(1u << port);
        return static_cast<std::uint32_t>(count);
    }
    void send(std::uint32_t port, std::span<const std::uint8_t> bytes) {
        if (port == kUsb)
            chip_.usb().host().send(bytes);
        else
            chip_.uart(port).host_send(bytes);
    }
    /// Bit per port that has bytes to be taken.
    [[nodiscard]] std::uint32_t waiting() {
        std::uint32_t ports = 0;
        for (unsigned port = 0; port < kUsb; ++port)
            if (!waiting_[port].empty() || chip_.uart(port).has_transmitted()) ports |= 1u << port;
        if (!waiting_[kUsb].empty() || !chip_.usb().host().received().empty()) ports |= 1u << kUsb;
        return ports;
    }
    void save(StateWriter& out) const {
        out.put(told);
        for (const auto& bytes : waiting_) {
            out.put(static_cast<std::uint32_t>(bytes.size()));
            for (const Byte& byte : bytes) {
                out.put(byte.value);
                out.put(byte.when);
            }
        }
    }
    void restore(StateReader& in) {
        in.get(told);
        for (auto& bytes : waiting_) {
            std::uint32_t count = 0;
            in.get(count);
            bytes.clear();
            while (count-- > 0) {
                Byte byte{};
                in.get(byte.value);
                in.get(byte.when);
                bytes.push_back(byte);
            }
        }
    }
    /// Ports of which the host knows that they have bytes.
    std::uint32_t told = 0;
    void clear() {
        told = 0;
        for (auto& bytes : waiting_) bytes.clear();
    }

  private:
    struct Byte {
        std::uint8_t value;
        Cycles when;
    };
    Chip& chip_;
    std::array<std::vector<Byte>, kCount> waiting_;
};

}  // namespace rp2040
