#include "periph/spi.hpp"

#include <algorithm>
#include <array>

#include "io/gpio.hpp"

namespace rp2040 {

namespace {
constexpr std::uint32_t kCr0 = 0x00, kCr1 = 0x04, kDr = 0x08, kSr = 0x0c, kCpsr = 0x10, kImsc = 0x14, kRis = 0x18,
                        kMis = 0x1c, kIcr = 0x20, kDmacr = 0x24, kPeriphId0 = 0xfe0;
constexpr std::array<std::uint8_t, 8> kIds = {0x22, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1};
constexpr std::uint32_t kLbm = 1, kSse = 2, kMs = 4, kSod = 8;
// Signal of a pin: its number modulo 4. The two instances take turns every eight pins.
constexpr unsigned kPinRx = 0, kPinCsn = 1, kPinSck = 2, kPinTx = 3;
constexpr std::uint32_t kPinsOfSpi0 = 0x00ff00ff, kEveryFourth = 0x11111111;
constexpr std::uint32_t kRor = 1, kRt = 2, kRx = 4, kTx = 8;
constexpr std::size_t kHalf = 4;
constexpr unsigned kTimeoutBits = 32;
}  // namespace

Spi::Spi(Fabric& fabric, unsigned instance)
    : StatefulPeripheral(instance == 0 ? "SPI0" : "SPI1", fabric), instance_(instance) {
    fabric.events().bind(instance == 0 ? EventId::spi0 : EventId::spi1, this,
                         [](void* self, Cycles) { static_cast<Spi*>(self)->event(); });
}

void Spi::reset() {
    s_ = SpiState{};
    update();
}

/// DSS + 1 bits of CPSDVSR * (1 + SCR) clk_peri periods each.
Cycles Spi::frame_cycles() const {
    const std::uint64_t peri = fabric_.clock_hz(ClockId::peri);
    const std::uint64_t divisor = std::uint64_t{s_.cpsr & 0xfe} * (((s_.cr0 >> 8) & 0xff) + 1);
    if (peri == 0 || divisor == 0) return 0;
    const std::uint64_t bits = (s_.cr0 & 0xf) + 1;
    return (bits * divisor * fabric_.clock_hz(ClockId::sys) + peri - 1) / peri;
}

void Spi::start() {
    s_.shift = s_.tx.pop();
    s_.busy = true;
    s_.done_at = now() + frame_cycles();
}

void Spi::event() {
    if (s_.busy && s_.done_at <= now()) {
        const unsigned bits = (s_.cr0 & 0xf) + 1;
        const auto mask = static_cast<std::uint16_t>((1u << bits) - 1);
        const auto sent = static_cast<std::uint16_t>(s_.shift & mask);
        std::uint16_t received = 0;
        if ((s_.cr1 & kLbm) != 0) {
            received = sent;
        } else {
            transmitted_.push_back(sent);
            received = (device_ != nullptr ? device_->transfer(sent, bits, now()) : exchange_on_wires(sent)) & mask;
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

/// Pins that IO_BANK0 gives to one signal of this instance.
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
    const unsigned bits = (s_.cr0 & 0xf) + 1;
    const std::uint16_t answer = peer_->exchange_as_slave(to_slave ? sent : 0, frame_cycles() * kTimeoutBits / bits);
    return from_slave ? answer : std::uint16_t{0};
}

std::uint16_t Spi::exchange_as_slave(std::uint16_t received, Cycles timeout) {
    const auto mask = static_cast<std::uint16_t>((2u << (s_.cr0 & 0xf)) - 1);
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
    fabric_.set_irq(instance_ == 0 ? Irq::spi0 : Irq::spi1, (s_.ris & s_.imsc) != 0);
    const auto tx = static_cast<Dreq>(static_cast<unsigned>(Dreq::spi0_tx) + 2 * instance_);
    const auto rx = static_cast<Dreq>(static_cast<unsigned>(Dreq::spi0_rx) + 2 * instance_);
    const bool on = (s_.cr1 & kSse) != 0;
    fabric_.set_dreq(tx, on && (s_.dmacr & 2u) != 0 ? static_cast<std::uint32_t>(s_.tx.capacity() - s_.tx.size()) : 0);
    fabric_.set_dreq(rx, on && (s_.dmacr & 1u) != 0 ? static_cast<std::uint32_t>(s_.rx.size()) : 0);
    reschedule();
}

void Spi::reschedule() {
    fabric_.events().schedule(instance_ == 0 ? EventId::spi0 : EventId::spi1, std::min(s_.done_at, s_.rx_timeout));
}

std::uint32_t Spi::peek(std::uint32_t offset) {
    switch (offset) {
        case kCr0: return s_.cr0;
        case kCr1: return s_.cr1;
        case kDr: return s_.rx.empty() ? 0 : s_.rx.front();
        case kSr:
            return (s_.tx.empty() ? 1u : 0) | (s_.tx.full() ? 0 : 2u) | (s_.rx.empty() ? 0 : 4u) |
                   (s_.rx.full() ? 8u : 0) | (s_.busy || !s_.tx.empty() ? 16u : 0);
        case kCpsr: return s_.cpsr;
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

std::uint32_t Spi::read(std::uint32_t offset) {
    const std::uint32_t value = peek(offset);
    if (offset == kDr && !s_.rx.empty()) {
        s_.rx.pop();
        if (s_.rx.empty()) s_.ris &= ~kRt;
        update();
    }
    return value;
}

void Spi::write(std::uint32_t offset, std::uint32_t value) {
    switch (offset) {
        case kCr0: s_.cr0 = value & 0xffff; break;
        case kCr1: s_.cr1 = value & 0xf; break;
        case kDr: s_.tx.push(static_cast<std::uint16_t>(value)); break;
        case kCpsr: s_.cpsr = value & 0xfe; break;  // Bit 0 always reads as zero.
        case kImsc: s_.imsc = value & 0xf; break;
        case kIcr: s_.ris &= ~(value & (kRor | kRt)); break;
        case kDmacr: s_.dmacr = value & 3u; break;
        case kSr:
        case kRis:
        case kMis: return;  // Read-only.
        default:
            if (offset >= kPeriphId0 && offset < 0x1000) return;
            unmodelled(offset, true);
    }
    update();
}

void Spi::write_alias(std::uint32_t offset, std::uint32_t value, unsigned alias) {
    if (offset == kDr || offset == kIcr)
        write(offset, value);
    else
        Peripheral::write_alias(offset, value, alias);
}

std::vector<std::uint16_t> Spi::take_transmitted() {
    std::vector<std::uint16_t> frames;
    frames.swap(transmitted_);
    return frames;
}

}  // namespace rp2040
