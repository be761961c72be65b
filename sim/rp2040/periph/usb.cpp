#include "periph/usb.hpp"

#include <algorithm>
#include <cstring>

namespace rp2040 {

namespace {
constexpr std::uint32_t kAddrEndp = 0x00, kMainCtrl = 0x40, kSofWr = 0x44, kSofRd = 0x48, kSieCtrl = 0x4c,
                        kSieStatus = 0x50, kIntEpCtrl = 0x54, kBuffStatus = 0x58, kBuffCpuShouldHandle = 0x5c,
                        kEpAbort = 0x60, kEpAbortDone = 0x64, kEpStallArm = 0x68, kNakPoll = 0x6c,
                        kEpStatusStallNak = 0x70, kUsbMuxing = 0x74, kUsbPwr = 0x78, kUsbphyDirect = 0x7c,
                        kUsbphyDirectOverride = 0x80, kUsbphyTrim = 0x84, kReserved = 0x88, kIntr = 0x8c, kInte = 0x90,
                        kIntf = 0x94, kInts = 0x98;
constexpr std::uint32_t kControllerEn = 1u << 0, kHostNdevice = 1u << 1;
// SIE_CTRL
constexpr std::uint32_t kPullupEn = 1u << 16, kEp0IntNak = 1u << 27, kEp0Int2Buf = 1u << 28, kEp0Int1Buf = 1u << 29,
                        kEp0DoubleBuf = 1u << 30, kEp0IntStall = 1u << 31;
constexpr std::uint32_t kHostOnlySieCtrl = 0xaf5f;
// SIE_STATUS
constexpr unsigned kLineStateLsb = 2;
constexpr std::uint32_t kVbusDetected = 1u << 0, kConnected = 1u << 16, kSetupRec = 1u << 17, kTransComplete = 1u << 18,
                        kBusReset = 1u << 19, kAckRec = 1u << 30;
constexpr std::uint32_t kSieStatusClearable = 0xff0f0810;
// INTR
constexpr std::uint32_t kIntTransComplete = 1u << 3, kIntBuffStatus = 1u << 4, kIntBusReset = 1u << 12,
                        kIntSetupReq = 1u << 16, kIntDevSof = 1u << 17, kIntAbortDone = 1u << 18,
                        kIntEpStallNak = 1u << 19;
constexpr std::uint32_t kIntMask = 0xfffff;
// Endpoint control
constexpr std::uint32_t kEpEnable = 1u << 31, kEpDouble = 1u << 30, kEpIntPerBuffer = 1u << 29,
                        kEpIntPerDouble = 1u << 28, kEpIntStall = 1u << 17, kEpIntNak = 1u << 16;
// Buffer control, one half
constexpr std::uint32_t kFull = 0x8000, kLast = 0x4000, kSelect = 0x1000, kStall = 0x0800, kAvailable = 0x0400,
                        kLength = 0x3ff;
constexpr std::uint32_t kBufferControl = 0x80, kEp0Buffer = 0x100;
constexpr std::uint32_t kBufferSize = 64;
constexpr std::uint64_t kSlotPeriods = 48'000 / Usb::kSlotsPerFrame;  // Of clk_usb at 48 MHz.
}  // namespace

Usb::Usb(Fabric& fabric) : StatefulPeripheral("USBCTRL", fabric), host_(*this, s_.host) {
    fabric.events().bind(EventId::usb, this, [](void* self, Cycles) { static_cast<Usb*>(self)->event(); });
}

void Usb::reset() {
    s_ = UsbState{};
    s_.slots.set_count(now(), 0);
    fabric_.events().cancel(EventId::usb);
    update();
}

void Usb::save(StateWriter& out) const {
    StatefulPeripheral::save(out);
    host_.save(out);
    out.put(connected_);
}

void Usb::restore(StateReader& in) {
    StatefulPeripheral::restore(in);
    host_.restore(in);
    in.get(connected_);
}

void Usb::connect_host(bool connected) {
    connected_ = connected;
    pullup_changed();
}

/// The host sees the device through its pull-up resistor; nothing runs on the wire without it.
void Usb::pullup_changed() {
    const bool present = connected_ && (s_.sie_ctrl & kPullupEn) != 0 && (s_.main_ctrl & kControllerEn) != 0;
    const bool was = s_.host.step != UsbHostState::Step::detached;
    host_.attach(present);
    if (present == was) return;
    s_.slots.set_count(now(), 0);
    s_.next_slot = present ? kSlotsPerFrame : 0;
    if (!present) s_.sie_status &= ~kConnected;
    clocks_changed();
}

void Usb::clocks_changed() {
    s_.slots.set_rate(now(), fabric_.clock_hz(ClockId::usb),
                      std::uint64_t{fabric_.clock_hz(ClockId::sys)} * kSlotPeriods);
    const bool present = s_.host.step != UsbHostState::Step::detached;
    fabric_.events().schedule(EventId::usb, present ? s_.slots.when(s_.next_slot) : kNever);
}

void Usb::event() {
    if (s_.next_slot % kSlotsPerFrame == 0) {
        s_.sof_rd = (s_.sof_rd + 1) & 0x7ff;
        s_.sof_seen = true;
        host_.start_of_frame();
    }
    const bool more = host_.transact(now());
    s_.next_slot = more ? s_.next_slot + 1 : (s_.next_slot / kSlotsPerFrame + 1) * kSlotsPerFrame;
    fabric_.events().schedule(EventId::usb, s_.slots.when(s_.next_slot));
    update();
}

void Usb::bus_reset() {
    s_.addr_endp &= ~0x7fu;
    s_.sie_status |= kBusReset | kConnected;
}

bool Usb::listening(unsigned address) const {
    return (s_.main_ctrl & kControllerEn) != 0 && (s_.addr_endp & 0x7f) == address;
}

UsbHandshake Usb::setup(unsigned address, const std::array<std::uint8_t, 8>& packet) {
    if (!listening(address)) return UsbHandshake::none;
    std::copy(packet.begin(), packet.end(), s_.dpram.begin());
    s_.sie_status |= kSetupRec;
    s_.ep_stall_arm = 0;
    s_.second_buffer &= ~3u;
    return UsbHandshake::ack;
}

/// The buffer that the next transaction of an endpoint uses; false when the endpoint does not exist.
bool Usb::find_buffer(unsigned endpoint, bool is_in, Buffer& buffer) {
    const std::uint32_t index = endpoint * 2 + (is_in ? 0 : 1);
    const std::uint32_t control = kBufferControl + index * 4;
    buffer.bit = 1u << index;
    if (endpoint == 0) {
        buffer.ep_ctrl = kEpEnable | ((s_.sie_ctrl & kEp0DoubleBuf) != 0 ? kEpDouble : 0) |
                         ((s_.sie_ctrl & kEp0Int1Buf) != 0 ? kEpIntPerBuffer : 0) |
                         ((s_.sie_ctrl & kEp0Int2Buf) != 0 ? kEpIntPerDouble : 0) |
                         ((s_.sie_ctrl & kEp0IntStall) != 0 ? kEpIntStall : 0) |
                         ((s_.sie_ctrl & kEp0IntNak) != 0 ? kEpIntNak : 0) | kEp0Buffer;
    } else {
        buffer.ep_ctrl = dpram_read(0x8 + (index - 2) * 4, 4);
    }
    if ((buffer.ep_ctrl & kEpEnable) == 0) return false;
    const std::uint32_t first = dpram_read(control, 2);
    if ((first & kSelect) != 0) {
        // SEL resets the choice of buffer to the first one.
        s_.second_buffer &= ~buffer.bit;
        dpram_write(control, first & ~kSelect, 2);
    }
    buffer.second = (buffer.ep_ctrl & kEpDouble) != 0 && (s_.second_buffer & buffer.bit) != 0;
    buffer.control = control + (buffer.second ? 2 : 0);
    buffer.data = ((buffer.ep_ctrl & 0xffc0) + (buffer.second ? kBufferSize : 0)) % s_.dpram.size();
    return true;
}

/// ack when the buffer is the controller's to use, else the handshake that the host gets.
UsbHandshake Usb::check(const Buffer& buffer, bool is_in) {
    const std::uint32_t control = dpram_read(buffer.control, 2);
    const bool ep0 = buffer.bit <= 2;
    if ((control & kStall) != 0 && (!ep0 || (s_.ep_stall_arm & buffer.bit) != 0)) {
        if ((buffer.ep_ctrl & kEpIntStall) != 0) s_.ep_status_stall_nak |= buffer.bit;
        return UsbHandshake::stall;
    }
    const bool ready = (control & kAvailable) != 0 && ((control & kFull) != 0) == is_in;
    if (ready && (s_.ep_abort & buffer.bit) == 0) return UsbHandshake::ack;
    if ((buffer.ep_ctrl & kEpIntNak) != 0) s_.ep_status_stall_nak |= buffer.bit;
    return UsbHandshake::nak;
}

/// Hands the buffer back to the processor.
void Usb::complete(const Buffer& buffer, std::uint32_t control) {
    dpram_write(buffer.control, control, 2);
    const bool is_double = (buffer.ep_ctrl & kEpDouble) != 0;
    const bool notify = (buffer.ep_ctrl & kEpIntPerBuffer) != 0 ||
                        ((buffer.ep_ctrl & kEpIntPerDouble) != 0 && (buffer.second || (control & kLast) != 0));
    if (is_double) s_.second_buffer ^= buffer.bit;
    if (notify) {
        s_.buff_status |= buffer.bit;
        s_.buff_cpu_should_handle = (s_.buff_cpu_should_handle & ~buffer.bit) | (buffer.second ? buffer.bit : 0);
    }
    if ((control & kLast) != 0) s_.sie_status |= kTransComplete;
}

UsbHandshake Usb::in(unsigned address, unsigned endpoint, std::vector<std::uint8_t>& data) {
    Buffer buffer{};
    if (!listening(address) || !find_buffer(endpoint, true, buffer)) return UsbHandshake::none;
    const UsbHandshake answer = check(buffer, true);
    if (answer != UsbHandshake::ack) return answer;
    const std::uint32_t control = dpram_read(buffer.control, 2);
    const std::size_t length = std::min<std::size_t>(control & kLength, s_.dpram.size() - buffer.data);
    data.assign(s_.dpram.begin() + buffer.data, s_.dpram.begin() + buffer.data + static_cast<std::ptrdiff_t>(length));
    s_.sie_status |= kAckRec;
    complete(buffer, control & ~(kFull | kAvailable));
    return UsbHandshake::ack;
}

UsbHandshake Usb::out(unsigned address, unsigned endpoint, std::span<const std::uint8_t> data) {
    Buffer buffer{};
    if (!listening(address) || !find_buffer(endpoint, false, buffer)) return UsbHandshake::none;
    const UsbHandshake answer = check(buffer, false);
    if (answer != UsbHandshake::ack) return answer;
    const std::uint32_t control = dpram_read(buffer.control, 2);
    const std::size_t length = std::min<std::size_t>(data.size(), s_.dpram.size() - buffer.data);
    std::copy_n(data.begin(), length, s_.dpram.begin() + buffer.data);
    complete(buffer, (control & ~(kAvailable | kLength)) | kFull | static_cast<std::uint32_t>(length));
    return UsbHandshake::ack;
}

std::uint32_t Usb::dpram_read(std::uint32_t offset, unsigned bytes) const {
    std::uint32_t value = 0;
    std::memcpy(&value, &s_.dpram[offset & 0xfff & ~(bytes - 1)], bytes);
    return value;
}

void Usb::dpram_write(std::uint32_t offset, std::uint32_t value, unsigned bytes) {
    std::memcpy(&s_.dpram[offset & 0xfff & ~(bytes - 1)], &value, bytes);
}

/// LINE_STATE: what idles on the wire, or on the pins that USB_MUXING.TO_DIGITAL_PAD takes instead of the PHY. The
/// SDK's workaround for slow hubs does that, with GPIO 15 (DP) forced high by its input override and DM gated to low.
std::uint32_t Usb::line_state() const {
    constexpr std::uint32_t kSe0 = 0, kJ = 1, kToDigitalPad = 4;
    if ((s_.usb_muxing & kToDigitalPad) != 0) return kJ;
    const bool pulled_up = s_.host.step != UsbHostState::Step::detached;
    return pulled_up && !host_.resets_bus() ? kJ : kSe0;
}

std::uint32_t Usb::intr() const {
    return ((s_.sie_status & kTransComplete) != 0 ? kIntTransComplete : 0) |
           (s_.buff_status != 0 ? kIntBuffStatus : 0) | ((s_.sie_status & kBusReset) != 0 ? kIntBusReset : 0) |
           ((s_.sie_status & kSetupRec) != 0 ? kIntSetupReq : 0) | (s_.sof_seen ? kIntDevSof : 0) |
           (s_.ep_abort_done != 0 ? kIntAbortDone : 0) | (s_.ep_status_stall_nak != 0 ? kIntEpStallNak : 0);
}

void Usb::update() { fabric_.set_irq(Irq::usbctrl, ((intr() & s_.inte) | s_.intf) != 0); }

std::uint32_t Usb::peek(std::uint32_t offset) {
    switch (offset) {
        case kAddrEndp: return s_.addr_endp;
        case kMainCtrl: return s_.main_ctrl;
        case kSofWr: return 0;
        case kSofRd: return s_.sof_rd;
        case kSieCtrl: return s_.sie_ctrl;
        case kSieStatus: {
            // VBUS_DETECTED: the pin, or its override in USB_PWR.
            const bool override_en = (s_.usb_pwr & 8u) != 0;
            const bool vbus = override_en ? (s_.usb_pwr & 4u) != 0 : connected_;
            return s_.sie_status | line_state() << kLineStateLsb | (vbus ? kVbusDetected : 0);
        }
        case kIntEpCtrl: return s_.int_ep_ctrl;
        case kBuffStatus: return s_.buff_status;
        case kBuffCpuShouldHandle: return s_.buff_cpu_should_handle;
        case kEpAbort: return s_.ep_abort;
        case kEpAbortDone: return s_.ep_abort_done;
        case kEpStallArm: return s_.ep_stall_arm;
        case kNakPoll: return s_.nak_poll;
        case kEpStatusStallNak: return s_.ep_status_stall_nak;
        case kUsbMuxing: return s_.usb_muxing;
        case kUsbPwr: return s_.usb_pwr;
        case kUsbphyDirect: return s_.usbphy_direct;
        case kUsbphyDirectOverride: return s_.usbphy_direct_override;
        case kUsbphyTrim: return s_.usbphy_trim;
        case kReserved: return 0;
        case kIntr: return intr();
        case kInte: return s_.inte;
        case kIntf: return s_.intf;
        case kInts: return (intr() & s_.inte) | s_.intf;
        default:
            if (offset < kMainCtrl) return 0;  // ADDR_ENDP1-15: host mode only.
            unmodelled(offset, false);
    }
}

std::uint32_t Usb::read(std::uint32_t offset) {
    const std::uint32_t value = peek(offset);
    if (offset == kSofRd && s_.sof_seen) {
        s_.sof_seen = false;
        update();
    }
    return value;
}

void Usb::write(std::uint32_t offset, std::uint32_t value) {
    switch (offset) {
        case kAddrEndp: s_.addr_endp = value & 0xf007f; break;
        case kMainCtrl:
            if ((value & kHostNdevice) != 0) unmodelled(offset, true, "host mode");
            s_.main_ctrl = value & 0x80000003;
            pullup_changed();
            break;
        case kSieCtrl:
            if ((value & kHostOnlySieCtrl) != 0) unmodelled(offset, true, "host mode");
            s_.sie_ctrl = value & 0xff070000;
            pullup_changed();
            break;
        case kSieStatus: s_.sie_status &= ~(value & kSieStatusClearable); break;
        case kIntEpCtrl: s_.int_ep_ctrl = value & 0xfffe; break;
        case kBuffStatus: s_.buff_status &= ~value; break;
        case kEpAbort:
            s_.ep_abort = value;
            s_.ep_abort_done |= value;  // No transaction is ever half done between two accesses.
            break;
        case kEpAbortDone: s_.ep_abort_done &= ~value; break;
        case kEpStallArm: s_.ep_stall_arm = value & 3u; break;
        case kNakPoll: s_.nak_poll = value & 0x03ff03ff; break;
        case kEpStatusStallNak: s_.ep_status_stall_nak &= ~value; break;
        case kUsbMuxing: s_.usb_muxing = value & 0xf; break;
        case kUsbPwr: s_.usb_pwr = value & 0x3f; break;
        case kUsbphyDirect: s_.usbphy_direct = value & 0xff77; break;
        case kUsbphyDirectOverride: s_.usbphy_direct_override = value & 0x9fff; break;
        case kUsbphyTrim: s_.usbphy_trim = value & 0x1f1f; break;
        case kInte: s_.inte = value & kIntMask; break;
        case kIntf: s_.intf = value & kIntMask; break;
        default:
            // Read-only, reserved and host-mode registers: the SDK clears the whole block with memset.
            if (offset > kInts) unmodelled(offset, true);
    }
    update();
}

void Usb::write_alias(std::uint32_t offset, std::uint32_t value, unsigned alias) {
    switch (offset) {
        case kSieStatus:
        case kBuffStatus:
        case kEpAbortDone:
        case kEpStatusStallNak: write(offset, value); break;  // Write-to-clear.
        default: Peripheral::write_alias(offset, value, alias); break;
    }
}

}  // namespace rp2040
