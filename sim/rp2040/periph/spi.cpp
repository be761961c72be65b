#include "periph/spi.hpp"

#include <algorithm>
#include <array>

#include "io/gpio.hpp"
#include "regs/spi.hpp"

namespace rp2040 {

namespace {
constexpr const regs::Block& kRegs = regs::kSpi;
consteval std::uint32_t at(std::string_view name) { return kRegs.at(name); }
constexpr std::uint32_t kLbm = kRegs.mask("SSPCR1.LBM"), kSse = kRegs.mask("SSPCR1.SSE"), kMs = kRegs.mask("SSPCR1.MS");
constexpr regs::Bits kDss = kRegs.bits("SSPCR0.DSS"), kScr = kRegs.bits("SSPCR0.SCR");
// Between frames with SPH = 0 the select is raised and the clock stops (PL022 TRM, Motorola frame format). For how long
// is not said; one and a half bits lie in the middle of what users measured.
constexpr std::uint32_t kFrf = kRegs.mask("SSPCR0.FRF"), kSph = kRegs.mask("SSPCR0.SPH"),
                        kSpo = kRegs.mask("SSPCR0.SPO");
constexpr Cycles kGapHalfBits = 3;
constexpr std::uint32_t kRor = kRegs.mask("SSPRIS.RORRIS"), kRt = kRegs.mask("SSPRIS.RTRIS"),
                        kRx = kRegs.mask("SSPRIS.RXRIS"), kTx = kRegs.mask("SSPRIS.TXRIS");
constexpr std::size_t kHalf = 4;
constexpr unsigned kTimeoutBits = 32;
}  // namespace

Spi::Spi(Fabric& fabric, unsigned instance)
    : StatefulPeripheral(kRegs, fabric, instance),
      instance_(instance),
      event_(instance == 0 ? EventId::spi0 : EventId::spi1),
      irq_(instance == 0 ? Irq::spi0 : Irq::spi1),
      tx_dreq_(instance == 0 ? Dreq::spi0_tx : Dreq::spi1_tx),
      rx_dreq_(instance == 0 ? Dreq::spi0_rx : Dreq::spi1_rx) {
    fabric.events().bind(event_, this, [](void* self, Cycles) { static_cast<Spi*>(self)->event(); });
    note_idle();
    fabric.gpio().add_lazy_driver(*this);
    fabric.gpio().attach(inputs_);
}

void Spi::reset() {
    s_ = SpiState{};
    const SpiState::Lines lines = s_.lines;
    s_.lines.csn = !lines.csn;  // whatever is on the pins
    show(lines, now());
    update();
}

void Spi::restore(StateReader& in) {
    StatefulPeripheral::restore(in);
    connected_ = pins(kPinRx) | pins(kPinCsn) | pins(kPinSck) | pins(kPinTx);
    watched_ = is_slave() ? pins(kPinCsn) | pins(kPinSck) : 0;
    note_idle();
}

unsigned Spi::frame_bits() const { return kDss.of(s_.cr0) + 1; }
bool Spi::is_master() const { return (s_.cr1 & kMs) == 0; }
unsigned Spi::mode() const { return ((s_.cr0 & kSpo) != 0 ? 2u : 0u) | ((s_.cr0 & kSph) != 0 ? 1u : 0u); }

/// DSS + 1 bits of CPSDVSR * (1 + SCR) clk_peri periods each.
Cycles Spi::frame_cycles() const {
    const std::uint64_t peri = clock_hz(ClockId::peri);
    const std::uint64_t divisor = std::uint64_t{s_.cpsr} * (kScr.of(s_.cr0) + 1);
    if (peri == 0 || divisor == 0) return 0;
    return (frame_bits() * divisor * fabric_.clock_hz(ClockId::sys) + peri - 1) / peri;
}

/// Half a bit in 2^-32 clk_sys cycles.
std::uint64_t Spi::half_q32() const {
    const std::uint64_t peri = clock_hz(ClockId::peri);
    const std::uint64_t divisor = std::uint64_t{s_.cpsr} * (kScr.of(s_.cr0) + 1);
    return peri == 0 ? 0 : static_cast<std::uint64_t>((Wide{divisor} * fabric_.clock_hz(ClockId::sys) << 31) / peri);
}

/// From the end of a frame until the next one can start.
Cycles Spi::gap_cycles() const {
    return (s_.cr0 & (kFrf | kSph)) == 0 ? frame_cycles() * kGapHalfBits / (2 * frame_bits()) : 0;
}

void Spi::start() {
    fabric_.gpio().settle(now());
    s_.shift = s_.tx.pop();
    s_.busy = true;
    s_.bits = static_cast<std::uint8_t>(frame_bits());
    s_.polarity = (s_.cr0 & kSpo) != 0;
    s_.phase = (s_.cr0 & kSph) != 0;
    s_.frame_at = now();
    s_.half_q32 = half_q32();
    s_.done_at = now() + frame_cycles();
    s_.step = 0;
    s_.in = 0;
    s_.answer.reset();
    s_.release_at = kNever;
    note_idle();
    fabric_.gpio().settle(now());  // CSn falls
    catch_up(now() + 1);
    if (device_ != nullptr && (s_.cr1 & kLbm) == 0) s_.answer = device_->begin(s_.shift, s_.bits, now());
    if (connected_ != 0) fabric_.gpio().plan_waiting();
}

void Spi::finish() {
    fabric_.gpio().settle(now());
    catch_up(now() + 1);
    const auto mask = static_cast<std::uint16_t>((2u << (s_.bits - 1)) - 1);
    const auto sent = static_cast<std::uint16_t>(s_.shift & mask);
    if ((s_.cr1 & kLbm) == 0) {
        transmitted_.push_back(sent);
        if (device_ != nullptr) device_->end(sent, s_.bits, now());
    }
    receive((s_.cr1 & kLbm) != 0 ? sent : s_.answer ? static_cast<std::uint16_t>(*s_.answer & mask) : s_.in);
    s_.answer.reset();
    s_.busy = false;
    s_.done_at = kNever;
    s_.free_at = now() + gap_cycles();
    // CSn rises between frames with SPH = 0, else after the last one (PL022 TRM, Motorola frame formats).
    const Cycles half = (frame_cycles() + 2 * s_.bits - 1) / (2u * s_.bits);
    if (!s_.phase) s_.release_at = now() + half;
    if (s_.phase && s_.tx.empty()) s_.free_at = s_.release_at = now() + 2 * half;
    note_idle();
}

void Spi::receive(std::uint16_t value) {
    if (!s_.rx.push(value)) s_.ris |= kRor;
    const Cycles bit = frame_cycles() / frame_bits();
    s_.rx_timeout = bit == 0 ? kNever : now() + frame_cycles() * kTimeoutBits / frame_bits();
}

void Spi::event() {
    if (s_.stopped_at == kNever) {
        if (fabric_.gpio().awaited(PinFunction::spi) || s_.release_at <= now()) fabric_.gpio().settle(now());
        if (s_.release_at <= now()) catch_up(now() + 1);  // without pins nobody else asks for it
        if (s_.busy && s_.done_at <= now()) finish();
        if (s_.rx_timeout <= now()) {
            s_.rx_timeout = kNever;
            if (!s_.rx.empty()) s_.ris |= kRt;
        }
    }
    update();
}

/// Without clk_peri the block stands still; what is under way goes on when it is back.
void Spi::clocks_changed() {
    const bool stopped = clock_hz(ClockId::peri) == 0;
    if (stopped && s_.stopped_at == kNever) {
        s_.stopped_at = now();
    } else if (!stopped && s_.stopped_at != kNever) {
        const Cycles pause = now() - s_.stopped_at;
        s_.stopped_at = kNever;
        for (Cycles* time : {&s_.done_at, &s_.start_at, &s_.rx_timeout, &s_.release_at})
            if (*time != kNever) *time += pause;
        s_.frame_at += pause;
        s_.free_at += pause;
    }
    note_idle();
    update();
}

void Spi::update() {
    const bool master = (s_.cr1 & (kSse | kMs)) == kSse;
    const bool due = !s_.busy && !s_.tx.empty() && master && frame_cycles() != 0;
    if (due && s_.free_at <= now()) start();
    s_.start_at = due && !s_.busy ? s_.free_at : kNever;
    if (!s_.busy && s_.release_at == kNever) show_idle(now() + 1);
    s_.ris = (s_.ris & (kRor | kRt)) | (s_.tx.size() <= kHalf ? kTx : 0) | (s_.rx.size() >= kHalf ? kRx : 0);
    fabric_.set_irq(irq_, (s_.ris & s_.imsc) != 0);
    const bool on = (s_.cr1 & kSse) != 0;
    const bool tx_dma = on && (s_.dmacr & kRegs.mask("SSPDMACR.TXDMAE")) != 0;
    const bool rx_dma = on && (s_.dmacr & kRegs.mask("SSPDMACR.RXDMAE")) != 0;
    fabric_.set_dreq(tx_dreq_, tx_dma ? static_cast<std::uint32_t>(s_.tx.capacity() - s_.tx.size()) : 0);
    fabric_.set_dreq(rx_dreq_, rx_dma ? static_cast<std::uint32_t>(s_.rx.size()) : 0);
    reschedule();
}

void Spi::reschedule() {
    Cycles due = s_.stopped_at != kNever ? kNever : std::min({s_.done_at, s_.start_at, s_.rx_timeout, s_.release_at});
    if (s_.busy && fabric_.gpio().awaited(PinFunction::spi)) due = std::min(due, next_step());
    if (fabric_.events().due(event_) != due) fabric_.events().schedule(event_, due);
}

std::uint32_t Spi::peek(std::uint32_t offset) {
    switch (offset) {
        case at("SSPCR0"): return s_.cr0;
        case at("SSPCR1"): return s_.cr1;
        case at("SSPDR"): return s_.rx.empty() ? 0 : s_.rx.front();
        case at("SSPSR"):
            return (s_.tx.empty() ? kRegs.mask("SSPSR.TFE") : 0) | (s_.tx.full() ? 0 : kRegs.mask("SSPSR.TNF")) |
                   (s_.rx.empty() ? 0 : kRegs.mask("SSPSR.RNE")) | (s_.rx.full() ? kRegs.mask("SSPSR.RFF") : 0) |
                   (s_.busy || !s_.tx.empty() || s_.position != 0 ? kRegs.mask("SSPSR.BSY") : 0);
        case at("SSPCPSR"): return s_.cpsr;
        case at("SSPIMSC"): return s_.imsc;
        case at("SSPRIS"): return s_.ris;
        case at("SSPMIS"): return s_.ris & s_.imsc;
        case at("SSPICR"): return 0;
        case at("SSPDMACR"): return s_.dmacr;
        default: return identification(offset);
    }
}

std::uint32_t Spi::read(std::uint32_t offset) {
    const std::uint32_t value = peek(offset);
    if (offset == at("SSPDR") && !s_.rx.empty()) {
        s_.rx.pop();
        if (s_.rx.empty()) s_.ris &= ~kRt;
        update();
    }
    return value;
}

void Spi::write(std::uint32_t offset, std::uint32_t value) {
    switch (offset) {
        case at("SSPCR0"):
            if ((value & kRegs.refused("SSPCR0")) != 0) refuse(offset, value);
            s_.cr0 = value & kRegs.writable("SSPCR0");
            break;
        case at("SSPCR1"):
            fabric_.gpio().settle(now());
            s_.cr1 = value & kRegs.writable("SSPCR1");
            if (choose_pins()) fabric_.gpio().plan();
            break;
        case at("SSPDR"): s_.tx.push(static_cast<std::uint16_t>(value)); break;
        case at("SSPCPSR"): s_.cpsr = value & kRegs.writable("SSPCPSR") & ~1u; break;  // Bit 0 always reads as zero.
        case at("SSPIMSC"): s_.imsc = value & kRegs.writable("SSPIMSC"); break;
        case at("SSPICR"): s_.ris &= ~(value & kRegs.clearable("SSPICR")); break;
        case at("SSPDMACR"): s_.dmacr = value & kRegs.writable("SSPDMACR"); break;
        default: return ignore_read_only(offset);
    }
    update();
}

std::vector<std::uint16_t> Spi::take_transmitted() {
    std::vector<std::uint16_t> frames;
    frames.swap(transmitted_);
    return frames;
}

}  // namespace rp2040
