#include "periph/usb.hpp"

#include <algorithm>
#include <cstring>

#include "regs/usb.hpp"

namespace rp2040 {

namespace {
constexpr const regs::Block& kRegs = regs::kUsbctrl;
consteval std::uint32_t at(std::string_view name) { return kRegs.at(name); }
consteval std::uint32_t bit(std::string_view path) { return kRegs.mask(path); }
constexpr std::uint32_t kControllerEn = bit("MAIN_CTRL.CONTROLLER_EN"), kHostNdevice = bit("MAIN_CTRL.HOST_NDEVICE");
constexpr std::uint32_t kPullupEn = bit("SIE_CTRL.PULLUP_EN"), kEp0IntNak = bit("SIE_CTRL.EP0_INT_NAK"),
                        kEp0Int2Buf = bit("SIE_CTRL.EP0_INT_2BUF"), kEp0Int1Buf = bit("SIE_CTRL.EP0_INT_1BUF"),
                        kEp0DoubleBuf = bit("SIE_CTRL.EP0_DOUBLE_BUF"), kEp0IntStall = bit("SIE_CTRL.EP0_INT_STALL");
constexpr regs::Bits kLineState = kRegs.bits("SIE_STATUS.LINE_STATE");
constexpr std::uint32_t kVbusDetected = bit("SIE_STATUS.VBUS_DETECTED"), kConnected = bit("SIE_STATUS.CONNECTED"),
                        kSetupRec = bit("SIE_STATUS.SETUP_REC"), kTransComplete = bit("SIE_STATUS.TRANS_COMPLETE"),
                        kBusReset = bit("SIE_STATUS.BUS_RESET"), kAckRec = bit("SIE_STATUS.ACK_REC");
constexpr std::uint32_t kIntTransComplete = bit("INTR.TRANS_COMPLETE"), kIntBuffStatus = bit("INTR.BUFF_STATUS"),
                        kIntBusReset = bit("INTR.BUS_RESET"), kIntSetupReq = bit("INTR.SETUP_REQ"),
                        kIntDevSof = bit("INTR.DEV_SOF"), kIntAbortDone = bit("INTR.ABORT_DONE"),
                        kIntEpStallNak = bit("INTR.EP_STALL_NAK");
constexpr regs::Bits kAddress = kRegs.bits("ADDR_ENDP.ADDRESS");
// Endpoint control
constexpr std::uint32_t kEpEnable = 1u << 31, kEpDouble = 1u << 30, kEpIntPerBuffer = 1u << 29,
                        kEpIntPerDouble = 1u << 28, kEpIntStall = 1u << 17, kEpIntNak = 1u << 16;
// Buffer control, one half
constexpr std::uint32_t kFull = 0x8000, kLast = 0x4000, kSelect = 0x1000, kStall = 0x0800, kAvailable = 0x0400,
                        kLength = 0x3ff;
constexpr std::uint32_t kBufferControl = 0x80, kEp0Buffer = 0x100;
constexpr std::uint32_t kBufferSize = 64, kIsoOffset = 128;
constexpr regs::Bits kEpType{26, 2};
constexpr std::uint32_t kIsochronous = 1;
constexpr std::uint32_t kBootHz = 48'000'000;  // the boot ROM starts crystal and PLL for itself
constexpr std::uint32_t kSlotNanoseconds = 1'000'000 / Usb::kSlotsPerFrame;
constexpr std::uint32_t kReserved = 0x88;                             // a word without a name
constexpr std::uint64_t kSlotPeriods = 48'000 / Usb::kSlotsPerFrame;  // Of clk_usb at 48 MHz.
}  // namespace

Usb::Usb(Fabric& fabric, UsbBootChip& chip) : StatefulPeripheral(kRegs, fabric), host_(*this), boot_(chip) {
    fabric.events().bind(EventId::usb, this, [](void* self, Cycles) { static_cast<Usb*>(self)->event(); });
}

void Usb::reset() {
    const auto memory = s_.dpram;
    s_ = UsbState{};
    s_.dpram = memory;
    boot_.end();
    host_.attach(false);
    s_.slots.set_count(now(), 0);
    fabric_.events().cancel(EventId::usb);
    update();
}

void Usb::save(StateWriter& out) const {
    StatefulPeripheral::save(out);
    out.put(connected_);
    boot_.save(out);
}

void Usb::restore(StateReader& in) {
    StatefulPeripheral::restore(in);
    in.get(connected_);
    boot_.restore(in);
}

void Usb::connect_host(bool connected) {
    connected_ = connected;
    pullup_changed();
}

/// The host sees the device through its pull-up resistor; nothing runs on the wire without it. A controller that is a
/// host itself has nothing in its socket: no device is ever attached, and our host sees none either.
void Usb::pullup_changed() {
    const bool is_device = (s_.main_ctrl & (kControllerEn | kHostNdevice)) == kControllerEn;
    const bool pulled_up = (s_.sie_ctrl & kPullupEn) != 0 && is_device;
    const bool present = connected_ && (pulled_up || boot_.active());
    const bool was = host_.attached();
    host_.attach(present);
    if (present == was) return;
    s_.slots.set_count(now(), 0);
    s_.next_slot = present ? kSlotsPerFrame : 0;
    s_.last_slot = 0;
    if (!present) s_.sie_status &= ~kConnected;
    clocks_changed();
}

void Usb::clocks_changed() {
    const std::uint32_t hz = boot_.active() ? kBootHz : clock_hz(ClockId::usb);
    s_.slots.set_rate(now(), hz, std::uint64_t{fabric_.clock_hz(ClockId::sys)} * kSlotPeriods);
    const bool present = host_.attached();
    fabric_.events().schedule(EventId::usb, present ? s_.slots.when(s_.next_slot) : kNever);
}

void Usb::begin_usb_boot(std::uint32_t disabled_interfaces) {
    boot_.begin(disabled_interfaces);
    pullup_changed();
}

void Usb::event() {
    if (boot_.active()) {
        boot_.pass(static_cast<std::uint32_t>(s_.next_slot - s_.last_slot) * kSlotNanoseconds / 1000);
        s_.last_slot = s_.next_slot;
        if (!boot_.active()) return pullup_changed();
    }
    if (s_.next_slot % kSlotsPerFrame == 0) {
        s_.sof_rd = (s_.sof_rd + 1) & 0x7ff;
        s_.sof_seen = true;
        host_.start_of_frame();
    }
    const unsigned slots = host_.transact(now());
    const std::uint64_t next_frame = (s_.next_slot / kSlotsPerFrame + 1) * kSlotsPerFrame;
    s_.next_slot = slots != 0 ? std::min(s_.next_slot + slots, next_frame) : next_frame;
    fabric_.events().schedule(EventId::usb, s_.slots.when(s_.next_slot));
    update();
}

void Usb::bus_reset() {
    if (boot_.active()) return boot_.bus_reset();
    s_.addr_endp &= ~kAddress.mask;
    s_.sie_status |= kBusReset | kConnected;
}

bool Usb::listening(unsigned address) const {
    return (s_.main_ctrl & kControllerEn) != 0 && kAddress.of(s_.addr_endp) == address;
}

UsbHandshake Usb::setup(unsigned address, const std::array<std::uint8_t, 8>& packet) {
    if (boot_.active()) return boot_.setup(address, packet);
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
    const bool isochronous = kEpType.of(buffer.ep_ctrl) == kIsochronous;
    // The second buffer of an isochronous endpoint begins where bits 12:11 of its half say.
    const std::uint32_t size = isochronous ? kIsoOffset << (dpram_read(control + 2, 2) >> 11 & 3) : kBufferSize;
    buffer.data = ((buffer.ep_ctrl & 0xffc0) + (buffer.second ? size : 0)) % s_.dpram.size();
    buffer.can_stall = !(isochronous && buffer.second);
    return true;
}

/// ack when the buffer is the controller's to use, else the handshake that the host gets.
UsbHandshake Usb::check(const Buffer& buffer, bool is_in) {
    const std::uint32_t control = dpram_read(buffer.control, 2);
    const bool ep0 = buffer.bit <= 2;
    if ((control & kStall) != 0 && buffer.can_stall && (!ep0 || (s_.ep_stall_arm & buffer.bit) != 0)) {
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
        if ((s_.buff_status & buffer.bit) != 0 && is_double && (buffer.ep_ctrl & kEpIntPerBuffer) != 0) {
            s_.both_done |= buffer.bit;  // BUFF_CPU_SHOULD_HANDLE still says the first one
        } else {
            s_.buff_status |= buffer.bit;
            s_.buff_cpu_should_handle = (s_.buff_cpu_should_handle & ~buffer.bit) | (buffer.second ? buffer.bit : 0);
        }
    }
    if ((control & kLast) != 0) s_.sie_status |= kTransComplete;
}

UsbHandshake Usb::in(unsigned address, unsigned endpoint, std::vector<std::uint8_t>& data) {
    if (boot_.active()) return boot_.in(address, endpoint, data);
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
    if (boot_.active()) return boot_.out(address, endpoint, data);
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
    constexpr std::uint32_t kSe0 = 0, kJ = 1, kToDigitalPad = bit("USB_MUXING.TO_DIGITAL_PAD");
    if ((s_.usb_muxing & kToDigitalPad) != 0) return kJ;
    const bool pulled_up = host_.attached();
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
        case at("ADDR_ENDP"): return s_.addr_endp;
        case at("MAIN_CTRL"): return s_.main_ctrl;
        case at("SOF_WR"): return 0;
        case at("SOF_RD"): return s_.sof_rd;
        case at("SIE_CTRL"): return s_.sie_ctrl;
        case at("SIE_STATUS"): {
            // VBUS_DETECTED: the pin, or its override in USB_PWR.
            const bool override_en = (s_.usb_pwr & bit("USB_PWR.VBUS_DETECT_OVERRIDE_EN")) != 0;
            const bool vbus = override_en ? (s_.usb_pwr & bit("USB_PWR.VBUS_DETECT")) != 0 : connected_;
            return s_.sie_status | kLineState.put(line_state()) | (vbus ? kVbusDetected : 0);
        }
        case at("BUFF_STATUS"): return s_.buff_status;
        case at("BUFF_CPU_SHOULD_HANDLE"): return s_.buff_cpu_should_handle;
        case at("EP_ABORT"): return s_.ep_abort;
        case at("EP_ABORT_DONE"): return s_.ep_abort_done;
        case at("EP_STALL_ARM"): return s_.ep_stall_arm;
        case at("NAK_POLL"): return s_.nak_poll;
        case at("EP_STATUS_STALL_NAK"): return s_.ep_status_stall_nak;
        case at("USB_MUXING"): return s_.usb_muxing;
        case at("USB_PWR"): return s_.usb_pwr;
        case at("USBPHY_DIRECT"): return s_.usbphy_direct;
        case at("USBPHY_DIRECT_OVERRIDE"): return s_.usbphy_direct_override;
        case at("USBPHY_TRIM"): return s_.usbphy_trim;
        case at("INTR"): return intr();
        case at("INTE"): return s_.inte;
        case at("INTF"): return s_.intf;
        case at("INTS"): return (intr() & s_.inte) | s_.intf;
        default: return 0;  // of a host's transfers
    }
}

std::uint32_t Usb::read(std::uint32_t offset) {
    if (registers_.find(offset) == nullptr && offset != kReserved) unmodelled(offset, false);
    const std::uint32_t value = peek(offset);
    if (offset == at("SOF_RD") && s_.sof_seen) {
        s_.sof_seen = false;
        update();
    }
    return value;
}

void Usb::write(std::uint32_t offset, std::uint32_t value) {
    switch (offset) {
        case at("ADDR_ENDP"):
            if ((value & kRegs.refused("ADDR_ENDP")) != 0) refuse(offset, value);
            s_.addr_endp = value & kRegs.writable("ADDR_ENDP");
            break;
        case at("MAIN_CTRL"):
            if ((value & kRegs.refused("MAIN_CTRL")) != 0) refuse(offset, value);
            s_.main_ctrl = value & kRegs.writable("MAIN_CTRL");
            pullup_changed();
            break;
        case at("SIE_CTRL"):
            if ((value & kRegs.refused("SIE_CTRL")) != 0) refuse(offset, value);
            s_.sie_ctrl = value & kRegs.writable("SIE_CTRL");
            pullup_changed();
            break;
        case at("SIE_STATUS"): s_.sie_status &= ~(value & kRegs.clearable("SIE_STATUS")); break;
        case at("BUFF_STATUS"): {
            // With both buffers done a bit is set again at once, for the other one.
            const std::uint32_t again = value & s_.both_done;
            s_.both_done &= ~again;
            s_.buff_cpu_should_handle ^= again;
            s_.buff_status &= ~(value & ~again);
            break;
        }
        case at("EP_ABORT"):
            s_.ep_abort = value;
            s_.ep_abort_done |= value;  // No transaction is ever half done between two accesses.
            break;
        case at("EP_ABORT_DONE"): s_.ep_abort_done &= ~value; break;
        case at("EP_STALL_ARM"): s_.ep_stall_arm = value & kRegs.writable("EP_STALL_ARM"); break;
        case at("NAK_POLL"): s_.nak_poll = value & kRegs.writable("NAK_POLL"); break;
        case at("EP_STATUS_STALL_NAK"): s_.ep_status_stall_nak &= ~value; break;
        case at("USB_MUXING"): s_.usb_muxing = value & kRegs.writable("USB_MUXING"); break;
        case at("USB_PWR"): s_.usb_pwr = value & kRegs.writable("USB_PWR"); break;
        case at("USBPHY_DIRECT"): s_.usbphy_direct = value & kRegs.writable("USBPHY_DIRECT"); break;
        case at("USBPHY_DIRECT_OVERRIDE"):
            s_.usbphy_direct_override = value & kRegs.writable("USBPHY_DIRECT_OVERRIDE");
            break;
        case at("USBPHY_TRIM"): s_.usbphy_trim = value & kRegs.writable("USBPHY_TRIM"); break;
        case at("INTE"): s_.inte = value & kRegs.writable("INTE"); break;
        case at("INTF"): s_.intf = value & kRegs.writable("INTF"); break;
        default: {
            // The SDK clears the whole block with memset, and ChibiOS all 16 KB, atomic aliases included: zero is taken
            // everywhere.
            const regs::Register* reg = registers_.find(offset);
            if (reg == nullptr && offset != kReserved && value != 0) unmodelled(offset, true);
            const auto refused = [](const regs::Field& field) { return field.verdict == regs::Verdict::refused; };
            if (reg != nullptr && (value & reg->mask(reg->index(offset), refused)) != 0) refuse(offset, value);
            return;
        }
    }
    update();
}

}  // namespace rp2040
