// What a configuration descriptor says: interfaces, their alternate settings and endpoints (USB 2.0, 9.6).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace rp2040 {

struct UsbEndpoint {
    enum class Type : std::uint8_t { control, isochronous, bulk, interrupt };
    std::uint8_t address = 0;  ///< bEndpointAddress: bit 7 is IN.
    std::uint8_t attributes = 0;
    std::uint16_t packet = 0;   ///< wMaxPacketSize, its lower eleven bits, in bytes.
    std::uint8_t interval = 1;  ///< bInterval of an interrupt endpoint, or 2^(bInterval - 1) of an isochronous one.

    [[nodiscard]] bool in() const { return (address & 0x80) != 0; }
    [[nodiscard]] unsigned number() const { return address & 0xfu; }
    [[nodiscard]] Type type() const { return static_cast<Type>(attributes & 3); }
    [[nodiscard]] bool periodic() const { return type() == Type::isochronous || type() == Type::interrupt; }
};

struct UsbInterface {
    std::uint8_t number = 0, alternate = 0, kind = 0, subclass = 0, protocol = 0;  ///< kind: bInterfaceClass.
    std::vector<std::vector<std::uint8_t>> specific;  ///< Class-specific descriptors, as they stand.
    std::vector<UsbEndpoint> endpoints;

    [[nodiscard]] const UsbEndpoint* find(UsbEndpoint::Type type, bool in) const;
};

/// All alternate settings in the order of the descriptor; what is damaged ends it.
std::vector<UsbInterface> parse_configuration(std::span<const std::uint8_t> descriptor);

}  // namespace rp2040
