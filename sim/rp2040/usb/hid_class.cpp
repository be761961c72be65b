#include "usb/function.hpp"

namespace rp2040 {

namespace {
constexpr std::uint8_t kHidClass = 3, kHidDescriptor = 0x21, kReportDescriptor = 0x22;
constexpr std::uint8_t kSetIdle = 0x0a, kGetDescriptor = 6, kToInterface = 0x21, kFromInterface = 0x81;
}  // namespace

std::vector<UsbFunction> hid_functions(std::span<const UsbInterface> interfaces) {
    std::vector<UsbFunction> found;
    for (const UsbInterface& i : interfaces) {
        if (i.kind != kHidClass || i.alternate != 0) continue;
        UsbFunction& f = found.emplace_back();
        f.interface = i.number;
        f.opening.push_back(UsbRequest::make(kToInterface, kSetIdle, 0, i.number, 0));  // a report for each change
        for (const auto& d : i.specific)
            if (d.size() >= 9 && d[1] == kHidDescriptor && d[6] == kReportDescriptor)
                f.opening.push_back(UsbRequest::make(kFromInterface, kGetDescriptor,
                                                     static_cast<unsigned>(kReportDescriptor) << 8, i.number,
                                                     static_cast<unsigned>(d[7] | d[8] << 8)));
        if (const UsbEndpoint* in = i.find(UsbEndpoint::Type::interrupt, true); in != nullptr) f.pipes.push_back({*in});
    }
    return found;
}

}  // namespace rp2040
