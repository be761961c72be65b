#include "periph/usb_host.hpp"

#include <algorithm>

namespace rp2040 {

namespace {
using Step = UsbHostState::Step;
using Stage = UsbHostState::Stage;
// USB 2.0 section 7.1.7: debounce 100 ms, reset at least 10 ms, recovery 10 ms, 2 ms after SET_ADDRESS.
constexpr std::uint32_t kDebounceFrames = 100, kResetFrames = 10, kRecoveryFrames = 10, kAddressFrames = 2;
// USB 2.0 section 9.2.6.4: a device has 500 ms for each packet of a request. Hosts then start over with a reset, and leave
// the device alone after a few times.
constexpr std::uint16_t kPacketFrames = 500;
constexpr std::uint8_t kAttempts = 3;
// The first look at the device descriptor asks for more than any packet of endpoint 0 has, since its size is not known
// yet, and ends with the first packet; like common hosts this one then resets the bus again.
constexpr std::uint8_t kFirstLook = 64;
constexpr std::uint8_t kAddress = 1;
constexpr std::uint8_t kGetDescriptor = 6, kSetAddress = 5, kSetConfiguration = 9;
constexpr std::uint8_t kDeviceDescriptor = 1, kConfigurationDescriptor = 2, kInterfaceDescriptor = 4,
                       kEndpointDescriptor = 5;
constexpr std::uint8_t kCdcControlClass = 2, kAbstractControlModel = 2, kCdcDataClass = 10;
constexpr std::uint8_t kSetLineCoding = 0x20, kSetControlLineState = 0x22;
constexpr std::array<std::uint8_t, 7> kLineCoding = {0x00, 0xc2, 0x01, 0x00, 0, 0, 8};  // 115200 8N1.

std::array<std::uint8_t, 8> packet(std::uint8_t type, std::uint8_t code, unsigned value, unsigned index,
                                   unsigned length) {
    const auto low = [](unsigned v) { return static_cast<std::uint8_t>(v); };
    const auto high = [](unsigned v) { return static_cast<std::uint8_t>(v >> 8); };
    return {type, code, low(value), high(value), low(index), high(index), low(length), high(length)};
}
}  // namespace

void UsbHost::attach(bool present) {
    if (present == (s_.step != Step::detached)) return;
    s_ = UsbHostState{};
    if (!present) return;
    s_.step = Step::debounce;
    s_.wait_frames = kDebounceFrames;
}

std::array<std::uint8_t, 8> UsbHost::request() const {
    switch (s_.step) {
        case Step::device_descriptor_8: return packet(0x80, kGetDescriptor, kDeviceDescriptor << 8, 0, kFirstLook);
        case Step::set_address: return packet(0x00, kSetAddress, kAddress, 0, 0);
        case Step::device_descriptor: return packet(0x80, kGetDescriptor, kDeviceDescriptor << 8, 0, 18);
        case Step::configuration_header: return packet(0x80, kGetDescriptor, kConfigurationDescriptor << 8, 0, 9);
        case Step::configuration:
            return packet(0x80, kGetDescriptor, kConfigurationDescriptor << 8, 0, s_.configuration_size);
        case Step::set_configuration: return packet(0x00, kSetConfiguration, s_.configuration, 0, 0);
        case Step::set_line_coding: return packet(0x21, kSetLineCoding, 0, s_.cdc_interface, 7);
        default: return packet(0x21, kSetControlLineState, 3, s_.cdc_interface, 0);  // DTR and RTS.
    }
}

void UsbHost::begin(Step step) {
    s_.step = step;
    s_.stage = Stage::setup;
    s_.received = 0;
    s_.quiet_frames = 0;
    if (step < Step::open) s_.expected = static_cast<std::uint16_t>(request()[6] | request()[7] << 8);
}

void UsbHost::reset_bus() {
    bus_.bus_reset();
    s_.step = Step::reset;
    s_.address = 0;
    s_.wait_frames = kResetFrames + kRecoveryFrames;
}

/// The device does not answer, or not in time.
void UsbHost::give_up() {
    s_.looked = false;
    s_.max_packet0 = kFirstLook;
    if (++s_.attempts < kAttempts)
        reset_bus();
    else
        begin(Step::no_port);
}

void UsbHost::start_of_frame() {
    const bool in_request = s_.step >= Step::device_descriptor_8 && s_.step < Step::open;
    if (s_.wait_frames == 0) {
        if (in_request && ++s_.quiet_frames > kPacketFrames) give_up();
        return;
    }
    if (--s_.wait_frames != 0) return;
    if (s_.step == Step::debounce)
        reset_bus();
    else if (s_.step == Step::reset)
        begin(s_.looked ? Step::set_address : Step::device_descriptor_8);
}

bool UsbHost::resets_bus() const { return s_.step == Step::reset && s_.wait_frames > kRecoveryFrames; }

bool UsbHost::transact(Cycles when) {
    if (s_.wait_frames != 0) return false;
    if (s_.step == Step::open) return bulk(when);
    if (s_.step < Step::device_descriptor_8 || s_.step >= Step::open || !control()) return false;
    s_.quiet_frames = 0;
    return true;
}

bool UsbHost::control() {
    const auto setup = request();
    const bool to_host = (setup[0] & 0x80) != 0;
    UsbHandshake answer = UsbHandshake::none;
    switch (s_.stage) {
        case Stage::setup:
            answer = bus_.setup(s_.address, setup);
            if (answer == UsbHandshake::ack) s_.stage = s_.expected != 0 ? Stage::data : Stage::status;
            return answer == UsbHandshake::ack;
        case Stage::data: return control_data(to_host);
        default: break;
    }
    if (to_host && s_.expected != 0) {
        answer = bus_.out(s_.address, 0, {});
    } else {
        std::vector<std::uint8_t> empty;
        answer = bus_.in(s_.address, 0, empty);
    }
    if (answer == UsbHandshake::ack)
        finish_control();
    else if (answer == UsbHandshake::stall)
        begin(s_.step == Step::set_line_coding ? Step::set_control_line_state : Step::no_port);
    return answer == UsbHandshake::ack;
}

bool UsbHost::control_data(bool to_host) {
    UsbHandshake answer = UsbHandshake::none;
    if (to_host) {
        std::vector<std::uint8_t> data;
        answer = bus_.in(s_.address, 0, data);
        if (answer == UsbHandshake::ack) {
            const std::size_t room = std::min<std::size_t>(data.size(), s_.buffer.size() - s_.received);
            std::copy_n(data.begin(), room, s_.buffer.begin() + s_.received);
            s_.received = static_cast<std::uint16_t>(s_.received + room);
            if (s_.received >= s_.expected || data.size() < s_.max_packet0) s_.stage = Stage::status;
        }
    } else {
        answer = bus_.out(s_.address, 0, kLineCoding);
        if (answer == UsbHandshake::ack) s_.stage = Stage::status;
    }
    if (answer == UsbHandshake::stall)
        begin(s_.step == Step::set_line_coding ? Step::set_control_line_state : Step::no_port);
    return answer == UsbHandshake::ack;
}

void UsbHost::finish_control() {
    switch (s_.step) {
        case Step::device_descriptor_8:
            s_.max_packet0 = s_.buffer[7];
            s_.looked = true;
            reset_bus();
            break;
        case Step::set_address:
            s_.address = kAddress;
            s_.wait_frames = kAddressFrames;
            begin(Step::device_descriptor);
            break;
        case Step::device_descriptor: begin(Step::configuration_header); break;
        case Step::configuration_header:
            s_.configuration_size = static_cast<std::uint16_t>(
                std::min<std::size_t>(s_.buffer.size(), s_.buffer[2] | std::size_t{s_.buffer[3]} << 8));
            s_.configuration = s_.buffer[5];
            begin(Step::configuration);
            break;
        case Step::configuration:
            parse_configuration();
            begin(Step::set_configuration);
            break;
        case Step::set_configuration:
            begin(s_.bulk_in != 0 && s_.bulk_out != 0 ? Step::set_line_coding : Step::no_port);
            break;
        case Step::set_line_coding: begin(Step::set_control_line_state); break;
        default: begin(Step::open); break;
    }
}

/// Finds the first serial port (CDC control interface of subclass ACM, not a network's) and the bulk endpoints of the
/// data interface that follows it.
void UsbHost::parse_configuration() {
    bool in_data_interface = false, found_control = false;
    for (std::size_t at = 0; at + 2 <= s_.received && s_.buffer[at] >= 2; at += s_.buffer[at]) {
        const std::uint8_t* d = &s_.buffer[at];
        if (at + d[0] > s_.received) break;
        if (d[1] == kInterfaceDescriptor && d[0] >= 9) {
            if (d[5] == kCdcControlClass && d[6] == kAbstractControlModel && !found_control) {
                s_.cdc_interface = d[2];
                found_control = true;
            }
            in_data_interface = found_control && d[5] == kCdcDataClass && (s_.bulk_in == 0 || s_.bulk_out == 0);
        } else if (d[1] == kEndpointDescriptor && d[0] >= 7 && in_data_interface && (d[3] & 3) == 2) {
            if ((d[2] & 0x80) != 0)
                s_.bulk_in = d[2] & 0xf;
            else {
                s_.bulk_out = d[2] & 0xf;
                s_.bulk_out_size = d[4];
            }
        }
    }
}

/// IN and OUT take turns, so neither direction starves the other.
bool UsbHost::bulk(Cycles when) {
    const auto receive = [&] {
        std::vector<std::uint8_t> data;
        if (bus_.in(s_.address, s_.bulk_in, data) != UsbHandshake::ack) return false;
        for (const std::uint8_t value : data) received_.push_back({value, when});
        return true;
    };
    const auto transmit = [&] {
        if (queue_.empty()) return false;
        const std::size_t size = std::min<std::size_t>(queue_.size(), s_.bulk_out_size);
        const std::vector<std::uint8_t> data(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(size));
        if (bus_.out(s_.address, s_.bulk_out, data) != UsbHandshake::ack) return false;
        queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(size));
        return true;
    };
    s_.bulk_in_turn = !s_.bulk_in_turn;
    return s_.bulk_in_turn ? receive() || transmit() : transmit() || receive();
}

std::vector<UsbHost::Byte> UsbHost::take_received() {
    std::vector<Byte> bytes;
    bytes.swap(received_);
    return bytes;
}

void UsbHost::save(StateWriter& out) const {
    out.put(s_);
    out.put(static_cast<std::uint64_t>(queue_.size()));
    for (const std::uint8_t value : queue_) out.put(value);
    out.put(static_cast<std::uint64_t>(received_.size()));
    out.bytes(received_.data(), received_.size() * sizeof(Byte));
}

void UsbHost::restore(StateReader& in) {
    in.get(s_);
    std::uint64_t size = 0;
    in.get(size);
    queue_.clear();
    for (; size > 0; --size) {
        std::uint8_t value = 0;
        in.get(value);
        queue_.push_back(value);
    }
    in.get(size);
    received_.clear();
    for (; size > 0; --size) {
        Byte byte{};
        in.get(byte);
        received_.push_back(byte);
    }
}

}  // namespace rp2040
