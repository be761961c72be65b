#include "periph/spi.hpp"

#include <algorithm>
#include <array>

#include "io/gpio.hpp"
#include "regs/spi.hpp"

namespace rp2040 {

namespace {
constexpr const regs::Block& kRegs = regs::kSpi;
consteval std::uint32_t at(std::string_view name) { return kRegs.at(name); }
constexpr std::uint32_t kLbm = kRegs.mask("SSPCR1.LBM"), kSse = kRegs.mask("SSPCR1.SSE"), kMs = kRegs.mask("SSPCR1.MS"),
                        kSod = kRegs.mask("SSPCR1.SOD");
constexpr regs::Bits kDss = kRegs.bits("SSPCR0.DSS"), kScr = kRegs.bits("SSPCR0.SCR");
constexpr std::uint32_t kPinsOfSpi0 = 0x00ff00ff, kEveryFourth = 0x11111111;
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
}

void Spi::reset() {
    s_ = SpiState{};
    update();
}

/// DSS + 1 bits of CPSDVSR * (1 + SCR) clk_peri periods each.
Cycles Spi::frame_cycles() const {
    const std::uint64_t peri = fabric_.clock_hz(ClockId::peri);
    const std::uint64_t divisor = std::uint64_t{s_.cpsr} * (kScr.of(s_.cr0) + 1);
    if (peri == 0 || divisor == 0) return 0;
    const std::uint64_t bits = kDss.of(s_.cr0) + 1;
    return (bits * divisor * fabric_.clock_hz(ClockId::sys) + peri - 1) / peri;
}

void Spi::start() {
    s_.shift = s_.tx.pop();
    s_.busy = true;
    s_.done_at = now() + frame_cycles();
}

void Spi::event() {
    if (s_.busy && s_.done_at <= now()) {
        const unsigned bits = kDss.of(s_.cr0) + 1;
        const auto mask = static_cast<std::uint16_t>((1u << bits) - 1);
        const auto sent = static_cast<std::uint16_t>(s_.shift & mask);
        std::uint16_t received = 0;
        if ((s_.cr1 & kLbm) != 0) {
            received = sent;
        } else {
            transmitted_.push_back(sent);
            received = exchange(sent, bits) & mask;
        }
        if (!s_.rx.push(received)) s_.ris |= kRor;
        s_.busy = false;
        s_.done_at = kNever;
        s_.rx_timeout = now() + frame_cycles() * kTimeoutBits / bits;
    }
    if (s_.rx_timeout <= now()) {
        s_.rx_timeout = kNever;
        if (!s_.rx.empty()) s_.ris |= kRt;
    }
    update();
}

/// What a device answers, else what the wires bring.
std::uint16_t Spi::exchange(std::uint16_t sent, unsigned bits) {
    constexpr std::uint32_t kSph = 1u << 7;  // without it CSn is high between frames
    if (device_ != nullptr)
        if (const auto answer = device_->transfer(sent, bits, (s_.cr0 & kSph) == 0 || s_.tx.empty(), now()))
            return *answer;
    return exchange_on_wires(sent);
}

std::uint32_t Spi::pins(unsigned role) const {
    const std::uint32_t own = instance_ == 0 ? kPinsOfSpi0 : ~kPinsOfSpi0;
    return fabric_.gpio().observed_outputs(PinFunction::spi) & own & kEveryFourth << role;
}

/// Whether it is an enabled slave that gets the master's clock and is selected.
bool Spi::listens_to(const Spi& master) const {
    if ((s_.cr1 & (kSse | kMs)) != (kSse | kMs)) return false;
    Gpio& gpio = fabric_.gpio();
    if ((gpio.wired(master.pins(kPinSck)) & pins(kPinSck)) == 0) return false;
    const std::uint32_t select = pins(kPinCsn);
    if ((gpio.wired(master.pins(kPinCsn)) & select) != 0) return true;
    return select == 0 || !gpio.level(static_cast<unsigned>(__builtin_ctz(select)), now());
}

/// What a frame brings in without a device: itself through a jumper from TX to RX, the answer of the other SPI as a
/// slave, or else the level that RX rests at.
std::uint16_t Spi::exchange_on_wires(std::uint16_t sent) {
    Gpio& gpio = fabric_.gpio();
    const std::uint32_t rx = pins(kPinRx);
    if ((gpio.wired(pins(kPinTx)) & rx) != 0) return sent;
    if (peer_ == nullptr || !peer_->listens_to(*this))
        return rx != 0 && gpio.level(static_cast<unsigned>(__builtin_ctz(rx)), now()) ? 0xffff : 0;
    const bool to_slave = (gpio.wired(pins(kPinTx)) & peer_->pins(kPinRx)) != 0;
    const bool from_slave = (gpio.wired(peer_->pins(kPinTx)) & rx) != 0;
    const unsigned bits = kDss.of(s_.cr0) + 1;
    const std::uint16_t answer = peer_->exchange_as_slave(to_slave ? sent : 0, frame_cycles() * kTimeoutBits / bits);
    return from_slave ? answer : std::uint16_t{0};
}

std::uint16_t Spi::exchange_as_slave(std::uint16_t received, Cycles timeout) {
    const auto mask = static_cast<std::uint16_t>((2u << kDss.of(s_.cr0)) - 1);
    const std::uint16_t answer = s_.tx.empty() ? std::uint16_t{0} : s_.tx.pop();
    if (!s_.rx.push(received & mask)) s_.ris |= kRor;
    s_.rx_timeout = now() + timeout;
    update();
    return (s_.cr1 & kSod) != 0 ? std::uint16_t{0} : answer & mask;
}

void Spi::update() {
    const bool master = (s_.cr1 & (kSse | kMs)) == kSse;
    if (!s_.busy && !s_.tx.empty() && master && frame_cycles() != 0) start();
    s_.ris = (s_.ris & (kRor | kRt)) | (s_.tx.size() <= kHalf ? kTx : 0) | (s_.rx.size() >= kHalf ? kRx : 0);
    fabric_.set_irq(irq_, (s_.ris & s_.imsc) != 0);
    const bool on = (s_.cr1 & kSse) != 0;
    const bool tx_dma = on && (s_.dmacr & kRegs.mask("SSPDMACR.TXDMAE")) != 0;
    const bool rx_dma = on && (s_.dmacr & kRegs.mask("SSPDMACR.RXDMAE")) != 0;
    fabric_.set_dreq(tx_dreq_, tx_dma ? static_cast<std::uint32_t>(s_.tx.capacity() - s_.tx.size()) : 0);
    fabric_.set_dreq(rx_dreq_, rx_dma ? static_cast<std::uint32_t>(s_.rx.size()) : 0);
    reschedule();
}

void Spi::reschedule() { fabric_.events().schedule(event_, std::min(s_.done_at, s_.rx_timeout)); }

std::uint32_t Spi::peek(std::uint32_t offset) {
    switch (offset) {
        case at("SSPCR0"): return s_.cr0;
        case at("SSPCR1"): return s_.cr1;
        case at("SSPDR"): return s_.rx.empty() ? 0 : s_.rx.front();
        case at("SSPSR"):
            return (s_.tx.empty() ? kRegs.mask("SSPSR.TFE") : 0) | (s_.tx.full() ? 0 : kRegs.mask("SSPSR.TNF")) |
                   (s_.rx.empty() ? 0 : kRegs.mask("SSPSR.RNE")) | (s_.rx.full() ? kRegs.mask("SSPSR.RFF") : 0) |
                   (s_.busy || !s_.tx.empty() ? kRegs.mask("SSPSR.BSY") : 0);
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
        case at("SSPCR1"): s_.cr1 = value & kRegs.writable("SSPCR1"); break;
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
