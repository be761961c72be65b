#include "periph/uart.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "base/state_vectors.hpp"
#include "regs/uart.hpp"

namespace rp2040 {

namespace {
constexpr const regs::Block& kRegs = regs::kUart;
consteval std::uint32_t at(std::string_view name) { return kRegs.at(name); }
using namespace uart;
constexpr std::uint32_t kRxi = kRegs.mask("UARTRIS.RXRIS"), kTxi = kRegs.mask("UARTRIS.TXRIS"),
                        kRti = kRegs.mask("UARTRIS.RTRIS"), kOei = kRegs.mask("UARTRIS.OERIS"),
                        kRtsen = kRegs.mask("UARTCR.RTSEN"), kRts = kRegs.mask("UARTCR.RTS");
constexpr std::uint32_t kErrorInterrupts =
    kOei | kRegs.mask("UARTRIS.BERIS") | kRegs.mask("UARTRIS.PERIS") | kRegs.mask("UARTRIS.FERIS");
/// FE, PE and BE of UARTDR, UARTRSR and UARTRIS stand in this order, lowest first.
constexpr unsigned kErrorsInData = kRegs.bits("UARTDR.FE").lsb, kErrorsInRis = kRegs.bits("UARTRIS.FERIS").lsb;
constexpr std::uint32_t kErrors = 7, kRsrOverrun = kRegs.mask("UARTRSR.OE");
constexpr regs::Bits kRxLevel = kRegs.bits("UARTIFLS.RXIFLSEL"), kTxLevel = kRegs.bits("UARTIFLS.TXIFLSEL");
constexpr std::uint32_t kOe = kRegs.mask("UARTDR.OE");
constexpr std::uint32_t kRxDmae = kRegs.mask("UARTDMACR.RXDMAE"), kTxDmae = kRegs.mask("UARTDMACR.TXDMAE"),
                        kDmaOnErr = kRegs.mask("UARTDMACR.DMAONERR");
constexpr unsigned kTimeoutBits = 32;  // PL011 receive timeout.

/// Sixteenths of the FIFO for each IFLS code: 1/8, 1/4, 1/2, 3/4, 7/8; reserved codes act as 7/8.
std::size_t level(std::uint32_t code) {
    static constexpr std::array<std::size_t, 8> kLevels = {4, 8, 16, 24, 28, 28, 28, 28};
    return kLevels[code];
}
}  // namespace

Uart::Uart(Fabric& fabric, unsigned instance)
    : StatefulPeripheral(kRegs, fabric, instance),
      instance_(instance),
      event_(instance == 0 ? EventId::uart0 : EventId::uart1),
      irq_(instance == 0 ? Irq::uart0 : Irq::uart1),
      tx_dreq_(instance == 0 ? Dreq::uart0_tx : Dreq::uart1_tx),
      rx_dreq_(instance == 0 ? Dreq::uart0_rx : Dreq::uart1_rx) {
    fabric.events().bind(event_, this, [](void* self, Cycles when) { static_cast<Uart*>(self)->event(when); });
    idle_ = true;
    fabric.gpio().add_lazy_driver(*this);
    fabric.gpio().attach(inputs_);
}

void Uart::reset() {
    s_ = UartState{};
    idle_ = true;
    const std::uint32_t outputs = tx_pins() | rts_pins();
    fabric_.gpio().set_output(PinFunction::uart, outputs, outputs, outputs, now());
    update();
}

void Uart::save(StateWriter& out) const {
    StatefulPeripheral::save(out);
    out.put(static_cast<std::uint64_t>(host_queue_.size()));
    for (const std::uint16_t frame : host_queue_) out.put(frame);
    put_all(out, transmitted_);
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
    get_all(in, transmitted_);
    in.get(cts_);
    idle_ = !s_.shifting;
    static_cast<void>(choose_pins());  // FUNCSEL is restored by now
}

std::size_t Uart::transmit_trigger() const { return fifo_enabled() ? level(kTxLevel.of(s_.ifls)) : 0; }
std::size_t Uart::receive_trigger() const { return fifo_enabled() ? level(kRxLevel.of(s_.ifls)) : 1; }

/// Length of `bits` bit times in 2^-32 clk_sys cycles: a bit is 16 * divisor clk_peri cycles.
Wide Uart::bits_q32(unsigned bits) const {
    const std::uint32_t peri = clock_hz(ClockId::peri);
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
        case at("UARTDR"): return s_.rx.empty() ? 0 : s_.rx.front();
        case at("UARTRSR"): return s_.rsr;
        case at("UARTFR"):
            return (s_.tx.empty() ? kRegs.mask("UARTFR.TXFE") : 0) |
                   (s_.rx.size() >= depth() ? kRegs.mask("UARTFR.RXFF") : 0) |
                   (s_.tx.size() >= depth() ? kRegs.mask("UARTFR.TXFF") : 0) |
                   (s_.rx.empty() ? kRegs.mask("UARTFR.RXFE") : 0) |
                   (!s_.tx.empty() || s_.shifting ? kRegs.mask("UARTFR.BUSY") : 0) |
                   (clear_to_send() ? kRegs.mask("UARTFR.CTS") : 0);
        case at("UARTILPR"): return s_.ilpr;
        case at("UARTIBRD"): return s_.ibrd;
        case at("UARTFBRD"): return s_.fbrd;
        case at("UARTLCR_H"): return s_.lcr_h;
        case at("UARTCR"): return s_.cr;
        case at("UARTIFLS"): return s_.ifls;
        case at("UARTIMSC"): return s_.imsc;
        case at("UARTRIS"): return s_.ris;
        case at("UARTMIS"): return s_.ris & s_.imsc;
        case at("UARTICR"): return 0;
        case at("UARTDMACR"): return s_.dmacr;
        default: return identification(offset);
    }
}

std::uint32_t Uart::read(std::uint32_t offset) { return offset == at("UARTDR") ? pop_receive() : peek(offset); }

std::uint32_t Uart::pop_receive() {
    const std::uint32_t value = peek(at("UARTDR"));
    if (!s_.rx.empty()) {
        s_.rx.pop();
        s_.rsr = (s_.rsr & kRsrOverrun) | (value >> kErrorsInData & kErrors);
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
        case at("UARTDR"): push_transmit(static_cast<std::uint8_t>(value)); return;
        case at("UARTRSR"): s_.rsr = 0; return;
        case at("UARTILPR"): s_.ilpr = value & kRegs.writable("UARTILPR"); return;
        case at("UARTIBRD"): s_.ibrd = value & kRegs.writable("UARTIBRD"); return;
        case at("UARTFBRD"): s_.fbrd = value & kRegs.writable("UARTFBRD"); return;
        case at("UARTLCR_H"):
            // The divisor registers take effect with the write of UARTLCR_H (PL011 TRM 3.3.7).
            if (((s_.lcr_h ^ value) & kFen) != 0) {
                s_.tx.clear();
                s_.rx.clear();
            }
            s_.lcr_h = value & kRegs.writable("UARTLCR_H");
            s_.active_divisor = s_.ibrd * 64 + s_.fbrd;
            if (s_.stopped_at == kNever) s_.bit_q32 = static_cast<std::uint64_t>(bits_q32(1));
            break;
        case at("UARTCR"):
            if ((value & kRegs.refused("UARTCR")) != 0) refuse(offset, value);
            set_control(value & kRegs.writable("UARTCR"));
            break;
        case at("UARTIFLS"): s_.ifls = value & kRegs.writable("UARTIFLS"); break;
        case at("UARTIMSC"): s_.imsc = value & kRegs.writable("UARTIMSC"); break;
        case at("UARTICR"): s_.ris &= ~(value & kRegs.clearable("UARTICR")); break;
        case at("UARTDMACR"): s_.dmacr = value & kRegs.writable("UARTDMACR"); break;
        default: return ignore_read_only(offset);
    }
    update();
}

/// In loop-back the receiver and CTS hear TX and RTS inside the block (PL011 TRM 3.3.8), and the pins no more.
void Uart::set_control(std::uint32_t value) {
    const std::uint32_t changed = std::exchange(s_.cr, value) ^ value;
    if ((changed & kLbe) == 0) return;
    s_.sampling = false;
    s_.rx_line = looped_back() ? s_.line : true;
}

void Uart::start_transmit(FineTime from) {
    const bool was_above = s_.tx.size() > transmit_trigger();
    s_.shift = s_.tx.pop();
    s_.shifting = started_ = true;
    idle_ = false;
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
    idle_ = true;
    const auto value = static_cast<std::uint8_t>(s_.shift & data_mask());
    if (connected && !looped_back() && terminal_reads()) transmitted_.push_back({value, s_.tx_end.ceil()});
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
    if (terminal_is_read()) receive(s_.rx_shift);
}

void Uart::receive(std::uint16_t frame) {
    if ((s_.cr & kRxe) == 0) return;
    if (s_.rx.size() >= depth()) {
        s_.rx_overrun = true;
        s_.rsr |= kRsrOverrun;
        s_.ris |= kOei;
    } else {
        // The overrun goes into the FIFO with the next character that finds room (datasheet 4.2.3.2.4).
        s_.rx.push(static_cast<std::uint16_t>((frame & kFrame) | (s_.rx_overrun ? kOe : 0)));
        s_.rx_overrun = false;
        s_.ris |= (frame >> kErrorsInData & kErrors) << kErrorsInRis;
        if (s_.rx.size() >= receive_trigger()) s_.ris |= kRxi;
    }
    restart_timeout();
}

void Uart::restart_timeout() {
    s_.rx_timeout = s_.rx.empty() ? kNever : now() + static_cast<Cycles>((bits_q32(kTimeoutBits) + 0xffffffffu) >> 32);
}

void Uart::event(Cycles when) {
    if (awaited_pins_ != 0 || fabric_.gpio().awaited(PinFunction::uart)) settle();
    if (looped_back()) {
        catch_up(when + 1);
        sample_until(when + 1);
    }
    // Frames that follow each other start exactly where the previous one ended, fraction included.
    if (s_.shifting && s_.tx_end.ceil() <= when) {
        const FineTime end = s_.tx_end;
        finish_transmit();
        if (can_send()) start_transmit(end);
    }
    if (s_.receiving && s_.rx_end.ceil() <= when) {
        const FineTime end = s_.rx_end;
        finish_receive();
        if (can_receive()) start_receive(end);
    }
    if (s_.rx_timeout <= when) {
        s_.ris |= kRti;
        s_.rx_timeout = kNever;
    }
    update();
}

/// A frame may start now. A break lets the frame in the shift register end and holds back those in the FIFO.
bool Uart::can_send() const {
    return (s_.cr & (kUarten | kTxe)) == (kUarten | kTxe) && s_.bit_q32 != 0 && (s_.lcr_h & kBrk) == 0 &&
           ((s_.cr & kCtsen) == 0 || clear_to_send()) && !s_.shifting && !s_.tx.empty();
}

/// Frames begin and end in events; the level of CTS may change between them.
Cycles Uart::steady_until(std::uint32_t offset) const {
    return offset == at("UARTFR") && selected(cts_pins()) == 0 ? kNever : 0;
}

bool Uart::clear_to_send() const {
    if (looped_back()) return s_.rts;
    const std::uint32_t pins = selected(cts_pins());
    return cts_ && (pins == 0 || !fabric_.gpio().level(static_cast<unsigned>(std::countr_zero(pins)), now()));
}

/// RTS: as the program says, or while the receive FIFO is below its trigger (PL011 TRM 2.4.4).
bool Uart::request_to_send() const {
    if ((s_.cr & kRtsen) == 0) return (s_.cr & kRts) != 0;
    return (s_.cr & kUarten) != 0 && s_.rx.size() < receive_trigger();
}

void Uart::show_rts(Cycles when) {
    if (request_to_send() == s_.rts) return;
    s_.rts = !s_.rts;
    if (looped_back()) s_.ris |= kCtsi;
    fabric_.gpio().set_output(PinFunction::uart, rts_pins(), s_.rts ? 0 : rts_pins(), rts_pins(), when);
}

bool Uart::receiver_on() const { return (s_.cr & (kUarten | kRxe)) == (kUarten | kRxe) && s_.bit_q32 != 0; }

/// A frame from the host may start now.
bool Uart::can_receive() const {
    return receiver_on() && !looped_back() && !s_.receiving && !host_queue_.empty() &&
           (terminal_ ? (selected(rx_pins()) >> terminal_->rx & 1) != 0 : selected(rx_pins()) != 0);
}

/// Starts what can start, then brings interrupt, DREQs, event and pins up to date.
void Uart::update() {
    follow_clock();
    if (can_send()) start_transmit({now(), 0});
    if (can_receive()) start_receive({now(), 0});
    // A transmitter that is off sends no break: the SDK switches the UART off to set BRK, and boards hear the break
    // begin when it is on again (MicroPython's tests/extmod_hardware/machine_uart_irq_break.py, run on boards). The
    // receiver may have been switched on by the same write.
    const bool sends = (s_.cr & (kUarten | kTxe)) == (kUarten | kTxe);
    if (const bool level = (s_.lcr_h & kBrk) == 0 || !sends; !s_.shifting && level != s_.line) {
        replan_pins();
        set_line(level, now() + 1);
    }
    show_rts(now() + 1);
    update_requests();
    reschedule();
    replan_pins();
}

void Uart::update_requests() {
    fabric_.set_irq(irq_, (s_.ris & s_.imsc) != 0);
    const bool on = (s_.cr & kUarten) != 0;
    const bool failed = (s_.dmacr & kDmaOnErr) != 0 && (s_.ris & s_.imsc & kErrorInterrupts) != 0;
    const bool tx_dma = on && (s_.dmacr & kTxDmae) != 0, rx_dma = on && (s_.dmacr & kRxDmae) != 0 && !failed;
    const std::size_t room = depth() - std::min<std::size_t>(depth(), s_.tx.size());
    fabric_.set_dreq(tx_dreq_, tx_dma ? static_cast<std::uint32_t>(room) : 0);
    fabric_.set_dreq(rx_dreq_, rx_dma ? static_cast<std::uint32_t>(s_.rx.size()) : 0);
}

void Uart::reschedule() {
    if (s_.stopped_at != kNever) return fabric_.events().cancel(event_);
    Cycles due = std::min(s_.rx_timeout, sample_time());
    if (s_.shifting) due = std::min(due, s_.tx_end.ceil());
    if (s_.receiving) due = std::min(due, s_.rx_end.ceil());
    if (s_.shifting && fabric_.gpio().awaited(PinFunction::uart)) due = std::min(due, next_step());
    if (s_.shifting && looped_back()) due = std::min(due, edge_time());
    fabric_.events().schedule(event_, due);
}

/// Without clk_peri the block stands still: frames under way go on where they were when it is back.
void Uart::follow_clock() {
    const auto new_bit = static_cast<std::uint64_t>(bits_q32(1));
    std::uint64_t old_bit = s_.bit_q32;
    if (new_bit == old_bit) return;
    fabric_.gpio().settle(now());  // what was to happen until now, at the old rate
    if (old_bit != 0 && new_bit == 0) {
        s_.stopped_at = now();
        s_.stopped_bit = old_bit;
    } else if (new_bit != 0 && s_.stopped_at != kNever) {
        const Cycles pause = now() - s_.stopped_at;
        s_.stopped_at = kNever;
        old_bit = s_.stopped_bit;
        for (FineTime* time : {&s_.tx_start, &s_.tx_end, &s_.rx_end, &s_.sample_start}) time->cycle += pause;
        if (s_.rx_timeout != kNever) s_.rx_timeout += pause;
    }
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
    s_.bit_q32 = new_bit;
}

}  // namespace rp2040
