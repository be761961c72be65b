#include "usb/enumeration.hpp"

#include <algorithm>

namespace rp2040 {

namespace {
// USB 2.0 section 7.1.7: debounce 100 ms, reset at least 10 ms, recovery 10 ms, 2 ms after SET_ADDRESS.
constexpr std::uint32_t kDebounceFrames = 100, kResetFrames = 10, kRecoveryFrames = 10, kAddressFrames = 2;
// Hosts start over with a reset when a request gets no answer, and leave the device alone after a few times; Linux
// after four (PORT_INIT_TRIES of drivers/usb/core/hub.c).
constexpr std::uint8_t kAttempts = 4;
// The first look at the device descriptor asks for more than any packet of endpoint 0 has, since its size is not known
// yet, and ends with the first packet; like common hosts this one then resets the bus again.
constexpr std::uint8_t kFirstLook = 64;
constexpr std::uint8_t kAddress = 1;
constexpr std::uint8_t kGetDescriptor = 6, kSetAddress = 5, kSetConfiguration = 9;
constexpr std::uint8_t kDevice = 1, kConfiguration = 2, kString = 3, kBos = 15;
constexpr std::size_t kVersion = 2, kVendorStrings = 14;  // in a device descriptor: bcdUSB, iManufacturer
constexpr unsigned kUsbWithBos = 0x0201;
constexpr std::size_t kLongestString = 255, kMostConfiguration = 4096;

UsbRequest descriptor(std::uint8_t type, unsigned index, unsigned language, std::size_t length) {
    return UsbRequest::make(0x80, kGetDescriptor, static_cast<unsigned>(type) << 8 | index, language,
                            static_cast<unsigned>(length));
}

std::size_t half(const std::vector<std::uint8_t>& bytes, std::size_t at) {
    return at + 2 <= bytes.size() ? bytes[at] | static_cast<std::size_t>(bytes[at + 1]) << 8 : 0;
}
}  // namespace

void UsbEnumeration::attach(bool present) {
    if (present == attached()) return;
    s_ = State{};
    identity_ = UsbIdentity{};
    pipe_.cancel();
    if (!present) return;
    s_.step = Step::debounce;
    s_.wait_frames = kDebounceFrames;
}

bool UsbEnumeration::resets_bus() const { return s_.step == Step::reset && s_.wait_frames > kRecoveryFrames; }

void UsbEnumeration::reset_bus() {
    bus_.bus_reset();
    s_.step = Step::reset;
    s_.address = 0;
    s_.wait_frames = kResetFrames + kRecoveryFrames;
}

void UsbEnumeration::give_up() {
    s_.looked = false;
    s_.packet = kFirstLook;
    if (++s_.attempts < kAttempts)
        reset_bus();
    else
        s_.step = Step::failed;
}

void UsbEnumeration::start_of_frame() {
    if (s_.wait_frames == 0) {
        if (asks() && pipe_.outcome() == UsbOutcome::timed_out) {
            if (optional())
                next();
            else
                give_up();
        }
        return;
    }
    if (--s_.wait_frames != 0) return;
    if (s_.step == Step::debounce)
        reset_bus();
    else if (s_.step == Step::reset)
        begin(s_.looked ? Step::set_address : Step::first_look);
}

UsbRequest UsbEnumeration::string_request(std::size_t place) const {
    return descriptor(kString, identity_.device[kVendorStrings + place],
                      static_cast<unsigned>(half(identity_.languages, 2)), kLongestString);
}

UsbRequest UsbEnumeration::request() const {
    const UsbIdentity& known = identity_;
    switch (s_.step) {
        case Step::first_look: return descriptor(kDevice, 0, 0, kFirstLook);
        case Step::set_address: return UsbRequest::make(0x00, kSetAddress, kAddress, 0, 0);
        case Step::device_descriptor: return descriptor(kDevice, 0, 0, 18);
        case Step::bos_header: return descriptor(kBos, 0, 0, 5);
        case Step::bos: return descriptor(kBos, 0, 0, half(known.bos, 2));
        case Step::configuration_header: return descriptor(kConfiguration, 0, 0, 9);
        case Step::configuration:
            return descriptor(kConfiguration, 0, 0, std::min(half(known.configuration, 2), kMostConfiguration));
        case Step::languages: return descriptor(kString, 0, 0, kLongestString);
        case Step::manufacturer: return string_request(0);
        case Step::product: return string_request(1);
        case Step::serial: return string_request(2);
        default: return UsbRequest::make(0x00, kSetConfiguration, known.configuration[5], 0, 0);
    }
}

bool UsbEnumeration::optional() const {
    return (s_.step >= Step::languages && s_.step <= Step::serial) || s_.step == Step::bos_header ||
           s_.step == Step::bos;
}

void UsbEnumeration::begin(Step step) {
    s_.step = step;
    if (asks()) pipe_.begin_own(request());
}

bool UsbEnumeration::step() {
    if (s_.wait_frames != 0 || !asks() || !pipe_.busy()) return false;
    const bool acknowledged = pipe_.step(bus_, s_.address, s_.packet);
    if (pipe_.outcome() == UsbOutcome::done)
        answered();
    else if (pipe_.outcome() == UsbOutcome::stalled) {
        if (optional())
            next();
        else
            give_up();
    }
    return acknowledged;
}

/// Takes what a request has brought.
void UsbEnumeration::answered() {
    const std::vector<std::uint8_t>& answer = pipe_.answer();
    switch (s_.step) {
        case Step::first_look:
            if (answer.size() < 8 || answer[7] == 0) return give_up();
            s_.packet = answer[7];
            s_.looked = true;
            return reset_bus();
        case Step::set_address:
            s_.address = kAddress;
            begin(Step::device_descriptor);
            s_.wait_frames = kAddressFrames;
            return;
        case Step::device_descriptor: identity_.device = answer; break;
        case Step::bos_header:
        case Step::bos: identity_.bos = answer; break;
        case Step::configuration_header:
        case Step::configuration: identity_.configuration = answer; break;
        case Step::languages: identity_.languages = answer; break;
        case Step::manufacturer: identity_.manufacturer = answer; break;
        case Step::product: identity_.product = answer; break;
        case Step::serial: identity_.serial = answer; break;
        default: break;
    }
    next();
}

/// Goes on to what comes after a step.
void UsbEnumeration::next() {
    const UsbIdentity& known = identity_;
    if (known.device.size() < 18 && s_.step >= Step::device_descriptor) return give_up();
    if (known.configuration.size() < 9 && s_.step >= Step::configuration_header) return give_up();
    Step step = static_cast<Step>(static_cast<unsigned>(s_.step) + 1);
    if (step == Step::bos_header && half(known.device, kVersion) < kUsbWithBos) step = Step::configuration_header;
    if (step == Step::bos && half(known.bos, 2) <= 5) step = Step::configuration_header;
    const auto named = [&](std::size_t place) { return known.device[kVendorStrings + place] != 0; };
    if (step == Step::languages && !named(0) && !named(1) && !named(2)) step = Step::set_configuration;
    if (step == Step::product && known.languages.size() < 4) step = Step::set_configuration;
    if (step == Step::product && !named(1)) step = Step::manufacturer;
    if (step == Step::manufacturer && !named(0)) step = Step::serial;
    if (step == Step::serial && !named(2)) step = Step::set_configuration;
    begin(step);
}

void UsbEnumeration::save(StateWriter& out) const {
    out.put(s_);
    for (const auto* bytes : {&identity_.device, &identity_.configuration, &identity_.bos, &identity_.languages,
                              &identity_.manufacturer, &identity_.product, &identity_.serial})
        put_all(out, *bytes);
}

void UsbEnumeration::restore(StateReader& in) {
    in.get(s_);
    for (auto* bytes : {&identity_.device, &identity_.configuration, &identity_.bos, &identity_.languages,
                        &identity_.manufacturer, &identity_.product, &identity_.serial})
        get_all(in, *bytes);
}

}  // namespace rp2040
