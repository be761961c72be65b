#include "periph/uart.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace rp2040 {

namespace {
constexpr std::uint32_t kDr = 0x000, kRsr = 0x004, kFr = 0x018, kIlpr = 0x020, kIbrd = 0x024, kFbrd = 0x028,
                        kLcrH = 0x02c, kCr = 0x030, kIfls = 0x034, kImsc = 0x038, kRis = 0x03c, kMis = 0x040,
                        kIcr = 0x044, kDmacr = 0x048, kPeriphId0 = 0xfe0;
constexpr std::array<std::uint8_t, 8> kIds = {0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1};
using namespace uart;
// UARTRIS
constexpr std::uint32_t kRxi = 1u << 4, kTxi = 1u << 5, kRti = 1u << 6, kOei = 1u << 10;
constexpr std::uint32_t kErrorInterrupts = 0x780;
// UARTDR
constexpr std::uint32_t kOe = 1u << 11;
// UARTDMACR
constexpr std::uint32_t kRxDmae = 1, kTxDmae = 2, kDmaOnErr = 4;
constexpr unsigned kTimeoutBits = 32;  // PL011 receive timeout.

/// Sixteenths of the FIFO for each IFLS code: 1/8, 1/4, 1/2, 3/4, 7/8; reserved codes act as 7/8.
std::size_t level(std::uint32_t code) {
    static constexpr std::array<std::size_t, 8> kLevels = {4, 8, 16, 24, 28, 28, 28, 28};
    return kLevels[code & 7];
}
}  // namespace

Uart::Uart(Fabric& fabric, unsigned instance)
    : StatefulPeripheral(instance == 0 ? "UART0" : "UART1", fabric), instance_(instance) {
    fabric.events().bind(instance == 0 ? EventId::uart0 : EventId::uart1, this,
                         [](void* self, Cycles when) { static_cast<Uart*>(self)->event(when); });
    fabric.gpio().add_lazy_driver(*this);
    fabric.gpio().attach(inputs_);
}

void Uart::reset() {
    s_ = UartState{};
    fabric_.gpio().set_output(PinFunction::uart, tx_pins(), tx_pins(), tx_pins(), now());
    update();
}

void Uart::save(StateWriter& out) const {
    StatefulPeripheral::save(out);
    out.put(static_cast<std::uint64_t>(host_queue_.size()));
    for (const std::uint16_t frame : host_queue_) out.put(frame);
    out.put(static_cast<std::uint64_t>(transmitted_.size()));
    out.bytes(transmitted_.data(), transmitted_.size() * sizeof(Byte));
    out.put(cts_);
}

void Uart::restore(StateReader& in) {
    StatefulPeripheral::restore(in);
    std::uint64_t size = 0;
    in.get(size);
    host_queue_.clear();
    for (; size > 0; --size) {
        std::uint16_t frame = 0;
        in.get(frame);
        host_queue_.push_back(frame);
    }
    in.get(size);
    transmitted_.clear();
    for (; size > 0; --size) {
        Byte byte{};
        in.get(byte);
        transmitted_.push_back(byte);
    }
    in.get(cts_);
    // As update() would have it; FUNCSEL is restored by now.
    const bool enabled = (s_.cr & (kUarten | kRxe)) == (kUarten | kRxe) && frame_q32() != 0;
    awaited_pins_ = enabled ? selected(rx_pins()) : 0;
}

std::size_t Uart::transmit_trigger() const { return fifo_enabled() ? level(s_.ifls) : 0; }
std::size_t Uart::receive_trigger() const { return fifo_enabled() ? level(s_.ifls >> 3) : 1; }

/// Length of `bits` bit times in 2^-32 clk_sys cycles: a bit is 16 * divisor clk_peri cycles.
Wide Uart::bits_q32(unsigned bits) const {
    const std::uint32_t peri = fabric_.clock_hz(ClockId::peri);
    if (peri == 0 || s_.active_divisor < 64) return 0;
    return ((Wide{bits} * s_.active_divisor * fabric_.clock_hz(ClockId::sys)) << 32) / (Wide{4} * peri);
}

Wide Uart::frame_q32() const {
    const unsigned parity = (s_.lcr_h & kPen) != 0 ? 1 : 0;
    const unsigned stop = (s_.lcr_h & kStp2) != 0 ? 2 : 1;
    return bits_q32(1 + data_bits() + parity + stop);
}

Cycles Uart::frame_cycles() const { return static_cast<Cycles>((frame_q32() + 0xffffffffu) >> 32); }

std::uint32_t Uart::peek(std::uint32_t offset) {
    if (s_.sampling) settle();  // Not a side effect of the read: only brings the lazy state to the present.
    switch (offset) {
        case kDr: return (s_.rx.empty() ? 0 : s_.rx.front()) | (s_.rx_overrun ? kOe : 0);
        case kRsr: return s_.rsr;
        case kFr:
            return (s_.tx.empty() ? 1u << 7 : 0) | (s_.rx.size() >= depth() ? 1u << 6 : 0) |
                   (s_.tx.size() >= depth() ? 1u << 5 : 0) | (s_.rx.empty() ? 1u << 4 : 0) |
                   (!s_.tx.empty() || s_.shifting ? 1u << 3 : 0) | (cts_ ? 1u : 0);
        case kIlpr: return s_.ilpr;
        case kIbrd: return s_.ibrd;
        case kFbrd: return s_.fbrd;
        case kLcrH: return s_.lcr_h;
        case kCr: return s_.cr;
        case kIfls: return s_.ifls;
        case kImsc: return s_.imsc;
        case kRis: return s_.ris;
        case kMis: return s_.ris & s_.imsc;
        case kIcr: return 0;
        case kDmacr: return s_.dmacr;
        default:
            if (offset >= kPeriphId0 && offset < 0x1000) return kIds[(offset - kPeriphId0) / 4];
            unmodelled(offset, false);
    }
}

std::uint32_t Uart::read(std::uint32_t offset) { return offset == kDr ? pop_receive() : peek(offset); }

std::uint32_t Uart::pop_receive() {
    const std::uint32_t value = peek(kDr);
    if (!s_.rx.empty()) {
        s_.rx.pop();
        s_.rsr = (s_.rsr & 8u) | ((value >> 8) & 7u);
        if (s_.rx.size() < receive_trigger()) s_.ris &= ~kRxi;
        if (s_.rx.empty()) s_.ris &= ~kRti;
        restart_timeout();
        update();
    }
    return value;
}

void Uart::push_transmit(std::uint8_t value) {
    if (s_.tx.size() < depth()) s_.tx.push(value);
    if (s_.tx.size() > transmit_trigger()) s_.ris &= ~kTxi;
    update();
}

void Uart::write(std::uint32_t offset, std::uint32_t value) {
    switch (offset) {
        case kDr: push_transmit(static_cast<std::uint8_t>(value)); return;
        case kRsr: s_.rsr = 0; return;
        case kIlpr: s_.ilpr = value & 0xff; return;
        case kIbrd: s_.ibrd = value & 0xffff; return;
        case kFbrd: s_.fbrd = value & 0x3f; return;
        case kLcrH:
            // The divisor registers take effect with the write of UARTLCR_H (PL011 TRM 3.3.7).
            if (((s_.lcr_h ^ value) & kFen) != 0) {
                s_.tx.clear();
                s_.rx.clear();
            }
            s_.lcr_h = value & 0xff;
            s_.active_divisor = s_.ibrd * 64 + s_.fbrd;
            break;
        case kCr: s_.cr = value & 0xff87; break;
        case kIfls: s_.ifls = value & 0x3f; break;
        case kImsc: s_.imsc = value & 0x7ff; break;
        case kIcr: s_.ris &= ~(value & 0x7ff); break;
        case kDmacr: s_.dmacr = value & 7u; break;
        case kFr:
        case kRis:
        case kMis: return;  // Read-only.
        default:
            if (offset >= kPeriphId0 && offset < 0x1000) return;
            unmodelled(offset, true);
    }
    update();
}

void Uart::write_alias(std::uint32_t offset, std::uint32_t value, unsigned alias) {
    // Data and write-to-clear registers have no stored value to combine with.
    if (offset == kDr || offset == kIcr || offset == kRsr)
        write(offset, value);
    else
        Peripheral::write_alias(offset, value, alias);
}

void Uart::start_transmit(FineTime from) {
    const bool was_above = s_.tx.size() > transmit_trigger();
    s_.shift = s_.tx.pop();
    s_.shifting = started_ = true;
    s_.tx_start = s_.tx_end = from;
    s_.tx_end += frame_q32();
    unsigned frame = (s_.shift & data_mask()) << 1, bits = 1 + data_bits();
    if ((s_.lcr_h & kPen) != 0) frame |= (parity_of(s_.shift) ? 1u : 0u) << bits++;
    for (unsigned stop = (s_.lcr_h & kStp2) != 0 ? 2 : 1; stop > 0; --stop) frame |= 1u << bits++;
    s_.frame = static_cast<std::uint16_t>(frame);
    s_.frame_bits = static_cast<std::uint8_t>(bits);
    s_.next_bit = 0;
    // TX is raised by the level falling through the trigger, not by being below it.
    if (was_above && s_.tx.size() <= transmit_trigger()) s_.ris |= kTxi;
}

void Uart::finish_transmit() {
    const bool connected = selected(tx_pins()) != 0;
    // Everybody who watches the pins sees the frame's last edges in order before the next frame replaces it.
    if (connected) fabric_.gpio().settle(now());
    catch_up(s_.tx_end.ceil());
    s_.shifting = false;
    const auto value = static_cast<std::uint8_t>(s_.shift & data_mask());
    if ((s_.cr & kLbe) != 0)
        receive(value);
    else if (connected)
        transmitted_.push_back({value, s_.tx_end.ceil()});
}

void Uart::start_receive(FineTime from) {
    s_.rx_shift = host_queue_.front();
    host_queue_.pop_front();
    s_.receiving = true;
    s_.rx_end = from;
    s_.rx_end += frame_q32();
}

void Uart::finish_receive() {
    s_.receiving = false;
    receive(s_.rx_shift);
}

void Uart::receive(std::uint16_t frame) {
    if ((s_.cr & kRxe) == 0) return;
    if (s_.rx.size() >= depth()) {
        s_.rx_overrun = true;
        s_.rsr |= 8u;
        s_.ris |= kOei;
    } else {
        s_.rx_overrun = false;
        s_.rx.push(frame & 0x7ff);
        s_.ris |= (frame >> 8 & 7u) << 7;  // FE, PE, BE
        if (s_.rx.size() >= receive_trigger()) s_.ris |= kRxi;
    }
    restart_timeout();
}

void Uart::restart_timeout() {
    s_.rx_timeout = s_.rx.empty() ? kNever : now() + static_cast<Cycles>((bits_q32(kTimeoutBits) + 0xffffffffu) >> 32);
}

void Uart::event(Cycles when) {
    if (awaited_pins_ != 0 || fabric_.gpio().awaited(PinFunction::uart)) settle();
    // Frames that follow each other start exactly where the previous one ended, fraction included.
    if (s_.shifting && s_.tx_end.ceil() <= when) {
        const FineTime end = s_.tx_end;
        finish_transmit();
        if (!s_.tx.empty() && (s_.cr & (kUarten | kTxe)) == (kUarten | kTxe) && ((s_.cr & kCtsen) == 0 || cts_))
            start_transmit(end);
    }
    if (s_.receiving && s_.rx_end.ceil() <= when) {
        const FineTime end = s_.rx_end;
        finish_receive();
        if (!host_queue_.empty() && (s_.cr & (kUarten | kRxe)) == (kUarten | kRxe) && selected(rx_pins()) != 0)
            start_receive(end);
    }
    if (s_.rx_timeout <= when) {
        s_.ris |= kRti;
        s_.rx_timeout = kNever;
    }
    update();
}

/// Starts what can start, then brings interrupt, DREQ and event up to date.
void Uart::update() {
    const bool enabled = (s_.cr & kUarten) != 0 && frame_q32() != 0;
    s_.bit_q32 = static_cast<std::uint64_t>(bits_q32(1));
    if (enabled && (s_.cr & kTxe) != 0 && (s_.lcr_h & kBrk) == 0 && ((s_.cr & kCtsen) == 0 || cts_) && !s_.shifting &&
        !s_.tx.empty())
        start_transmit({now(), 0});
    if (enabled && (s_.cr & kRxe) != 0 && !s_.receiving && !host_queue_.empty() && selected(rx_pins()) != 0)
        start_receive({now(), 0});
    if (!s_.shifting) set_line((s_.lcr_h & kBrk) == 0, now() + 1);

    const auto offset = instance_ * 2;
    fabric_.set_irq(instance_ == 0 ? Irq::uart0 : Irq::uart1, (s_.ris & s_.imsc) != 0);
    const bool tx_dma = (s_.dmacr & kTxDmae) != 0 && (s_.cr & kUarten) != 0;
    const bool rx_dma = (s_.dmacr & kRxDmae) != 0 && (s_.cr & kUarten) != 0 &&
                        ((s_.dmacr & kDmaOnErr) == 0 || (s_.ris & s_.imsc & kErrorInterrupts) == 0);
    fabric_.set_dreq(static_cast<Dreq>(static_cast<unsigned>(Dreq::uart0_tx) + offset),
                     tx_dma ? static_cast<std::uint32_t>(depth() - std::min<std::size_t>(depth(), s_.tx.size())) : 0);
    fabric_.set_dreq(static_cast<Dreq>(static_cast<unsigned>(Dreq::uart0_rx) + offset),
                     rx_dma ? static_cast<std::uint32_t>(s_.rx.size()) : 0);

    Cycles due = std::min(s_.rx_timeout, sample_time());
    if (s_.shifting) due = std::min(due, s_.tx_end.ceil());
    if (s_.receiving) due = std::min(due, s_.rx_end.ceil());
    if (s_.shifting && fabric_.gpio().awaited(PinFunction::uart)) due = std::min(due, next_step());
    fabric_.events().schedule(instance_ == 0 ? EventId::uart0 : EventId::uart1, due);
    const std::uint32_t receiving = enabled && (s_.cr & kRxe) != 0 ? selected(rx_pins()) : 0;
    if (const bool started = std::exchange(started_, false); receiving == awaited_pins_ && !started) return;
    // A receiver to be told of its input, or edges to come that a state machine may wait for.
    awaited_pins_ = receiving;
    fabric_.gpio().watch_changed();
    fabric_.gpio().plan();
}

void Uart::clocks_changed() {
    const std::uint64_t old_bit = s_.bit_q32;
    const auto new_bit = static_cast<std::uint64_t>(bits_q32(1));
    if (old_bit != 0 && new_bit != 0 && old_bit != new_bit) {
        const auto rescale = [&](FineTime& end) {
            if (end.cycle < now()) return;
            const Wide left = (Wide{end.cycle - now()} << 32) + end.fraction;
            end = {now(), 0};
            // 96 significant bits at most before the product: shift to keep it within 128.
            end += (left >> 16) * (new_bit >> 8) / (old_bit >> 8) << 16;
        };
        if (s_.shifting) {
            rescale(s_.tx_end);
            // Bits still to come keep their distance from the new end of the frame.
            const Wide end = (Wide{s_.tx_end.cycle} << 32) + s_.tx_end.fraction, length = frame_q32();
            const Wide start = end > length ? end - length : 0;
            s_.tx_start = {static_cast<Cycles>(start >> 32), static_cast<std::uint32_t>(start)};
        }
        if (s_.receiving) rescale(s_.rx_end);
    }
    update();
}

std::vector<Uart::Byte> Uart::take_transmitted() {
    std::vector<Byte> bytes;
    bytes.swap(transmitted_);
    return bytes;
}

void Uart::host_send(std::span<const std::uint8_t> bytes) {
    host_queue_.insert(host_queue_.end(), bytes.begin(), bytes.end());
    update();
}

void Uart::host_send_frame(std::uint16_t frame) {
    host_queue_.push_back(frame & 0x7ff);
    update();
}

void Uart::set_cts(bool asserted) {
    cts_ = asserted;
    update();
}

}  // namespace rp2040
