#include "usb/descriptors.hpp"

#include <algorithm>

namespace rp2040 {

namespace {
constexpr std::uint8_t kInterface = 4, kEndpoint = 5, kConfiguration = 2, kAssociation = 11;
}  // namespace

const UsbEndpoint* UsbInterface::find(UsbEndpoint::Type type, bool in) const {
    const auto found = std::find_if(endpoints.begin(), endpoints.end(),
                                    [&](const UsbEndpoint& e) { return e.type() == type && e.in() == in; });
    return found == endpoints.end() ? nullptr : &*found;
}

std::vector<UsbInterface> parse_configuration(std::span<const std::uint8_t> descriptor) {
    std::vector<UsbInterface> found;
    for (std::size_t at = 0; at + 2 <= descriptor.size();) {
        const std::size_t length = descriptor[at];
        if (length < 2 || at + length > descriptor.size()) break;
        const auto d = descriptor.subspan(at, length);
        at += length;
        if (d[1] == kInterface && length >= 9) {
            found.push_back({d[2], d[3], d[5], d[6], d[7], {}, {}});
        } else if (d[1] == kEndpoint && length >= 7 && !found.empty()) {
            UsbEndpoint endpoint{d[2], d[3], static_cast<std::uint16_t>((d[4] | d[5] << 8) & 0x7ff), d[6]};
            if (endpoint.type() == UsbEndpoint::Type::isochronous)
                endpoint.interval = static_cast<std::uint8_t>(1u << std::clamp<int>(endpoint.interval - 1, 0, 7));
            endpoint.interval = std::max<std::uint8_t>(endpoint.interval, 1);
            found.back().endpoints.push_back(endpoint);
        } else if (d[1] != kConfiguration && d[1] != kAssociation && !found.empty()) {
            found.back().specific.emplace_back(d.begin(), d.end());
        }
    }
    return found;
}

}  // namespace rp2040
