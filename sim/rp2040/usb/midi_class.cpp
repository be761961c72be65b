#include "usb/function.hpp"

namespace rp2040 {

namespace {
constexpr std::uint8_t kAudioClass = 1, kMidiStreaming = 3;
}  // namespace

std::vector<UsbFunction> midi_functions(std::span<const UsbInterface> interfaces) {
    std::vector<UsbFunction> found;
    for (const UsbInterface& i : interfaces) {
        if (i.kind != kAudioClass || i.subclass != kMidiStreaming || i.alternate != 0) continue;
        UsbFunction& f = found.emplace_back();
        f.interface = i.number;
        if (const UsbEndpoint* in = i.find(UsbEndpoint::Type::bulk, true); in != nullptr) f.pipes.push_back({*in});
    }
    return found;
}

}  // namespace rp2040
