#include "usb/boot_device.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace rp2040 {

namespace {
constexpr unsigned kDriveIn = 1, kDriveOut = 2, kPicobootOut = 3, kPicobootIn = 4;
constexpr std::uint8_t kDevice = 1, kConfiguration = 2, kString = 3;
constexpr std::uint8_t kGetStatus = 0, kClearFeature = 1, kSetAddress = 5, kGetDescriptor = 6, kGetConfiguration = 8,
                       kSetConfiguration = 9, kGetInterface = 10, kSetInterface = 11;
constexpr std::uint8_t kInterfaceReset = 0x41, kCommandStatus = 0x42, kMostUnit = 0xfe, kDriveReset = 0xff;
constexpr std::uint32_t kAfterUf2Us = 100'000;  // so that the host can still write what it has in hand
constexpr std::string_view kStrings[] = {"Raspberry Pi", "RP2 Boot", "000000000000"};

/// By single bytes: GCC 12 sees an overflow in vector::insert where there is none.
void append(std::vector<std::uint8_t>& out, std::initializer_list<unsigned> bytes) {
    for (const unsigned value : bytes) out.push_back(static_cast<std::uint8_t>(value));
}
}  // namespace

void UsbBootDevice::begin(std::uint32_t disabled) {
    active_ = true;
    c_ = Control{};
    c_.disabled = static_cast<std::uint8_t>(disabled & 3);
    flash_.set_busy_us(0);
    drive_.power_on();
    picoboot_.power_on();
    control_.reset();
}

void UsbBootDevice::bus_reset() {
    c_.address = c_.new_address = c_.configuration = 0;
    drive_.ends.reset();
    picoboot_.reset();
    control_.reset();
}

void UsbBootDevice::pass(std::uint32_t microseconds) {
    flash_.pass(microseconds);
    drive_.lock(picoboot_.exclusive());
    if (c_.reboot_us == 0) {
        if (drive_.uf2.complete() && !flash_.busy()) c_.reboot_us = kAfterUf2Us;
        if (picoboot_.reboot_after() != 0) c_.reboot_us = std::min(picoboot_.reboot_after(), 4'000'000u) * 1000;
        return;
    }
    c_.reboot_us -= std::min(c_.reboot_us, microseconds);
    if (c_.reboot_us != 0) return;
    end();
    if (picoboot_.reboot_after() != 0)
        chip_.boot_reboot(picoboot_.reboot_entry(), picoboot_.reboot_stack());
    else
        chip_.boot_reboot(drive_.uf2.entry(), 0);
}

std::vector<std::uint8_t> UsbBootDevice::configuration() const {
    std::vector<std::uint8_t> out = {9, kConfiguration, 0, 0, 0, 1, 0, 0x80, 250};
    const auto interface = [&](unsigned kind, unsigned subclass, unsigned protocol, unsigned first, unsigned second) {
        append(out, {9, 4, out[4], 0, 2, kind, subclass, protocol, 0});
        for (const unsigned endpoint : {first, second}) append(out, {7, 5, endpoint, 2, 64, 0, 0});
        ++out[4];
    };
    if (drive_enabled()) interface(8, 6, 0x50, 0x80 | kDriveIn, kDriveOut);
    if (picoboot_enabled()) interface(0xff, 0, 0, kPicobootOut, 0x80 | kPicobootIn);
    out[2] = static_cast<std::uint8_t>(out.size());
    return out;
}

std::vector<std::uint8_t> UsbBootDevice::descriptor(std::uint8_t type, std::uint8_t index) const {
    if (type == kDevice) return {18, kDevice, 0x10, 1, 0, 0, 0, 64, 0x8a, 0x2e, 3, 0, 0, 1, 1, 2, 3, 1};
    if (type == kConfiguration) return configuration();
    if (type != kString || index > std::size(kStrings)) return {};
    if (index == 0) return {4, kString, 9, 4};
    const std::string_view text = kStrings[index - 1];
    std::vector<std::uint8_t> out = {static_cast<std::uint8_t>(2 + 2 * text.size()), kString};
    for (const char c : text) append(out, {static_cast<unsigned char>(c), 0u});
    return out;
}

UsbBootEndpoints* UsbBootDevice::ends(unsigned endpoint) {
    if (c_.configuration == 0) return nullptr;
    if (drive_enabled() && (endpoint == kDriveIn || endpoint == kDriveOut)) return &drive_.ends;
    if (picoboot_enabled() && (endpoint == kPicobootIn || endpoint == kPicobootOut)) return &picoboot_.ends;
    return nullptr;
}

bool UsbBootDevice::clear_halt(std::uint8_t endpoint) {
    UsbBootEndpoints* halted = ends(endpoint & 0xf);
    if (halted == nullptr) return false;
    ((endpoint & 0x80) != 0 ? halted->in_halted : halted->out_halted) = false;
    if (halted == &drive_.ends && (endpoint & 0x80) != 0) drive_.unhalted();
    return true;
}

/// What GET_STATUS says of an endpoint.
std::uint8_t UsbBootDevice::halted(std::uint8_t endpoint) {
    const UsbBootEndpoints* asked = ends(endpoint & 0xf);
    if (asked == nullptr) return 0;
    return (endpoint & 0x80) != 0 ? asked->in_halted : asked->out_halted;
}

/// What a request does or answers; false refuses it.
bool UsbBootDevice::request(const std::array<std::uint8_t, 8>& packet) {
    const std::uint8_t type = packet[0], code = packet[1];
    std::vector<std::uint8_t> answer;
    if (type == 0x80 && code == kGetDescriptor)
        answer = descriptor(packet[3], packet[2]);
    else if (type == 0xa1 && code == kMostUnit)
        answer = {0};
    else if (type == 0xc1 && code == kCommandStatus && picoboot_enabled())
        answer = picoboot_.status();
    else if ((type == 0x80 || type == 0x81) && code == kGetStatus)
        answer = {0, 0};
    else if (type == 0x82 && code == kGetStatus)
        answer = {halted(packet[4]), 0};
    else if (type == 0x80 && code == kGetConfiguration)
        answer = {c_.configuration};
    else if (type == 0x81 && code == kGetInterface)
        answer = {0};
    if ((type & 0x80) != 0) {
        const std::size_t asked = packet[6] | static_cast<std::size_t>(packet[7]) << 8;
        const std::size_t size = std::min(asked, answer.size());
        control_.send(std::span(answer).first(size));
        if (size < asked && size % UsbBootEndpoints::kPacket == 0) control_.send_empty();
        return !answer.empty();
    }
    if (type == 0 && code == kSetAddress)
        c_.new_address = packet[2] & 0x7f;
    else if (type == 0 && code == kSetConfiguration)
        c_.configuration = packet[2];
    else if (type == 1 && code == kSetInterface)
        return packet[2] == 0;  // no interface has another setting
    else if (type == 2 && code == kClearFeature)
        return clear_halt(packet[4]);
    else if (type == 0x41 && code == kInterfaceReset && picoboot_enabled())
        picoboot_.reset();
    else if (type == 0x21 && code == kDriveReset && drive_enabled())
        drive_.reset();
    else
        return false;
    return true;
}

UsbHandshake UsbBootDevice::setup(unsigned address, const std::array<std::uint8_t, 8>& packet) {
    if (address != c_.address) return UsbHandshake::none;
    control_.reset();
    c_.stalled = !request(packet);
    return UsbHandshake::ack;
}

UsbHandshake UsbBootDevice::in(unsigned address, unsigned endpoint, std::vector<std::uint8_t>& data) {
    if (address != c_.address) return UsbHandshake::none;
    UsbBootEndpoints* from = endpoint == 0 ? &control_ : ends(endpoint);
    if (from == nullptr) return UsbHandshake::none;
    if (endpoint == 0 ? c_.stalled : from->in_halted) return UsbHandshake::stall;
    if (endpoint == 0 && from->to_host.empty()) {  // status stage
        data.clear();
        if (c_.new_address != 0) c_.address = std::exchange(c_.new_address, std::uint8_t{0});
        return UsbHandshake::ack;
    }
    if (endpoint != 0 && (from == &picoboot_.ends ? picoboot_.busy() : flash_.busy())) return UsbHandshake::nak;
    if (from->to_host.empty()) return UsbHandshake::nak;
    data = std::move(from->to_host.front());
    from->to_host.pop_front();
    if (from == &drive_.ends) drive_.sent();
    if (from == &picoboot_.ends) picoboot_.sent();
    return UsbHandshake::ack;
}

UsbHandshake UsbBootDevice::out(unsigned address, unsigned endpoint, std::span<const std::uint8_t> data) {
    if (address != c_.address) return UsbHandshake::none;
    if (endpoint == 0) return c_.stalled ? UsbHandshake::stall : UsbHandshake::ack;
    UsbBootEndpoints* to = ends(endpoint);
    if (to == nullptr) return UsbHandshake::none;
    if (to->out_halted) return UsbHandshake::stall;
    if (to == &picoboot_.ends ? picoboot_.busy() : flash_.busy()) return UsbHandshake::nak;
    if (to == &drive_.ends)
        drive_.received(data);
    else
        picoboot_.received(data);
    return UsbHandshake::ack;
}

void UsbBootDevice::save(StateWriter& out) const {
    out.put(active_);
    out.put(c_);
    out.put(flash_.busy_us());
    control_.save(out);
    drive_.save(out);
    picoboot_.save(out);
}

void UsbBootDevice::restore(StateReader& in) {
    in.get(active_);
    in.get(c_);
    std::uint32_t busy = 0;
    in.get(busy);
    flash_.set_busy_us(busy);
    control_.restore(in);
    drive_.restore(in);
    picoboot_.restore(in);
}

}  // namespace rp2040
