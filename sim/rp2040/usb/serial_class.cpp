#include <algorithm>

#include "usb/function.hpp"

namespace rp2040 {

namespace {
constexpr std::uint8_t kControlClass = 2, kAbstractControlModel = 2, kDataClass = 10;
constexpr std::uint8_t kClassSpecificInterface = 0x24, kUnion = 6;
constexpr std::uint8_t kSetLineCoding = 0x20, kSetControlLineState = 0x22, kToInterface = 0x21;
constexpr unsigned kDtr = 1, kRts = 2;

/// The data interface that the union descriptor names, else the one that follows.
const UsbInterface* data_interface(std::span<const UsbInterface> interfaces, std::size_t control) {
    for (const auto& d : interfaces[control].specific)
        if (d.size() >= 5 && d[1] == kClassSpecificInterface && d[2] == kUnion)
            for (const UsbInterface& i : interfaces)
                if (i.number == d[4] && i.kind == kDataClass && i.endpoints.size() >= 2) return &i;
    for (std::size_t at = control + 1; at < interfaces.size(); ++at)
        if (interfaces[at].kind == kDataClass && interfaces[at].endpoints.size() >= 2) return &interfaces[at];
    return nullptr;
}
}  // namespace

std::vector<UsbFunction> serial_functions(std::span<const UsbInterface> interfaces) {
    std::vector<UsbFunction> found;
    for (std::size_t at = 0; at < interfaces.size() && found.size() < kMostSerialPorts; ++at) {
        const UsbInterface& control = interfaces[at];
        if (control.kind != kControlClass || control.subclass != kAbstractControlModel) continue;
        const UsbInterface* data = data_interface(interfaces, at);
        if (data == nullptr) continue;
        const UsbEndpoint *in = data->find(UsbEndpoint::Type::bulk, true),
                          *out = data->find(UsbEndpoint::Type::bulk, false);
        if (in == nullptr || out == nullptr) continue;
        const auto port = static_cast<std::uint8_t>(found.size());
        UsbFunction& f = found.emplace_back();
        f.interface = control.number;
        f.opening = {UsbRequest::make(kToInterface, kSetLineCoding, 0, control.number, 7,
                                      {0x00, 0xc2, 0x01, 0x00, 0, 0, 8}),  // 115200 8N1
                     UsbRequest::make(kToInterface, kSetControlLineState, kDtr | kRts, control.number, 0)};
        f.pipes = {{*in, UsbPipe::Use::serial_in, port}, {*out, UsbPipe::Use::serial_out, port}};
        if (const UsbEndpoint* notify = control.find(UsbEndpoint::Type::interrupt, true); notify != nullptr)
            f.pipes.push_back({*notify});
    }
    return found;
}

}  // namespace rp2040
