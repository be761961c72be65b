#include "bus/ssi.hpp"

#include <algorithm>
#include <cstdio>

#include "bus/memory_map.hpp"
#include "bus/ssi_transfer.hpp"
#include "cpu/timing.hpp"
#include "regs/ssi.hpp"

namespace rp2040 {

namespace {

consteval std::uint32_t at(std::string_view name) { return regs::kXipSsi.at(name); }
consteval std::uint32_t bit(std::string_view path) { return regs::kXipSsi.mask(path); }

enum Register : std::uint32_t {
    CTRLR0 = at("CTRLR0"),
    CTRLR1 = at("CTRLR1"),
    SSIENR = at("SSIENR"),
    MWCR = at("MWCR"),
    SER = at("SER"),
    BAUDR = at("BAUDR"),
    TXFTLR = at("TXFTLR"),
    RXFTLR = at("RXFTLR"),
    TXFLR = at("TXFLR"),
    RXFLR = at("RXFLR"),
    SR = at("SR"),
    IMR = at("IMR"),
    ISR = at("ISR"),
    RISR = at("RISR"),
    TXOICR = at("TXOICR"),
    RXOICR = at("RXOICR"),
    RXUICR = at("RXUICR"),
    MSTICR = at("MSTICR"),
    ICR = at("ICR"),
    DMACR = at("DMACR"),
    DMATDLR = at("DMATDLR"),
    DMARDLR = at("DMARDLR"),
    IDR = at("IDR"),
    VERSION = at("SSI_VERSION_ID"),
    DR0 = at("DR0"),
    RX_SAMPLE_DLY = at("RX_SAMPLE_DLY"),
    SPI_CTRLR0 = at("SPI_CTRLR0"),
    TXD_DRIVE_EDGE = at("TXD_DRIVE_EDGE"),
};

enum DmaControl : std::uint32_t { kReceiveDma = bit("DMACR.RDMAE"), kTransmitDma = bit("DMACR.TDMAE") };
enum Status : std::uint32_t {
    kBusy = bit("SR.BUSY"),
    kTxNotFull = bit("SR.TFNF"),
    kTxEmpty = bit("SR.TFE"),
    kRxNotEmpty = bit("SR.RFNE"),
    kRxFull = bit("SR.RFF"),
};

/// Bits of IMR, ISR and RISR; the last one, contention with another master, cannot arise.
enum Interrupt : std::uint32_t {
    kTxe = bit("IMR.TXEIM"),
    kTxo = bit("IMR.TXOIM"),
    kRxu = bit("IMR.RXUIM"),
    kRxo = bit("IMR.RXOIM"),
    kRxf = bit("IMR.RXFIM"),
    kMst = bit("IMR.MSTIM"),
};

constexpr unsigned kFifoDepth = 16;

}  // namespace

Ssi::Ssi(Fabric& fabric, Flash& flash) : StatefulPeripheral(regs::kXipSsi, fabric), flash_(flash) {
    fabric.events().bind(EventId::ssi, this, [](void* self, Cycles) { static_cast<Ssi*>(self)->update(); });
}

void Ssi::reset() {
    StatefulPeripheral::reset();
    update();
}

void Ssi::refuse_instruction() const {
    char text[48];
    std::snprintf(text, sizeof text, "flash instruction 0x%02x", static_cast<unsigned>(flash_.instruction()));
    unmodelled(DR0, true, text);
}

void Ssi::refuse_xip(std::uint32_t offset, std::string_view why) const {
    Unmodelled error("XIP_SSI", offset, false, why);
    error.address = kXipSsiBase + offset;
    throw error;
}

/// Whether XIP would get data (datasheet 2.8.3.1.3: in command mode "the SSI is not in a state where it can handle XIP
/// accesses"). What a board brings instead, 0xff or the bus's noise, no program wants.
void Ssi::check_xip(Cycles at) const {
    constexpr unsigned kEepromRead = 3, kReceiveOnly = 2, kWordBits = 32;
    if (s_.ssienr == 0) refuse_xip(SSIENR, "XIP access while the SSI is disabled hangs the bus");
    if (s_.baudr < 2) refuse_xip(BAUDR, "XIP access while the SSI clock is stopped hangs the bus");
    const unsigned tmod = regs::kXipSsi.bits("CTRLR0.TMOD").of(s_.ctrlr0);
    if ((tmod != kEepromRead && tmod != kReceiveOnly) || frame_bits() != kWordBits)
        refuse_xip(CTRLR0,
                   "XIP access in command mode: the SSI is set up for commands, not for reading words; code that "
                   "erases or programs flash must run from SRAM, interrupts included");
    if (s_.ctrlr1 != 0)
        refuse_xip(CTRLR1,
                   "XIP access while the SSI is set up for reads of several words, as a bulk read by DMA is: code that "
                   "reads flash so must run from SRAM, interrupts included");
    if (forced() != 0) refuse_xip(CTRLR0, "XIP access while a program holds the flash's chip select");
    if (flash_.busy(at))
        refuse_xip(CTRLR0, "XIP access while the flash erases or programs: it answers nothing until it is done");
    if (instruction_bits(s_.spi_ctrlr0) == 0 && !flash_.continuous())
        refuse_xip(SPI_CTRLR0, "XIP access without an instruction, but the flash is not in continuous read mode");
}

Cycles Ssi::xip_transfer_cycles(unsigned data_bits, Cycles at, Cycles phase, Cycles overhead) const {
    check_xip(at);
    const unsigned bits_per_lane_clocks = transfer_clocks(s_.spi_ctrlr0, lanes(), data_bits);
    // The divider runs on between transfers: one begins with a period of SCK.
    const Cycles period = s_.baudr & ~1u, since = (phase - s_.enabled_at) % period;
    return (since == 0 ? 0 : period - since) + bits_per_lane_clocks * period + overhead;
}

unsigned Ssi::tx_waiting(Cycles now) const {
    if (now >= s_.busy_until || s_.frame_cycles == 0) return 0;
    const Cycles frames = (s_.busy_until - now + s_.frame_cycles - 1) / s_.frame_cycles;
    return static_cast<unsigned>(frames - 1);  // the first is in the shift register
}

unsigned Ssi::rx_available(Cycles now) const {
    unsigned n = 0;
    while (n < s_.rx_count && s_.rx[(s_.rx_head + n) % kFifoDepth].ready <= now) ++n;
    return n;
}

std::uint32_t Ssi::status(Cycles now) const {
    const unsigned waiting = tx_waiting(now), available = rx_available(now);
    return (now < s_.busy_until ? kBusy : 0u) | (waiting < kFifoDepth ? kTxNotFull : 0u) |
           (waiting == 0 ? kTxEmpty : 0u) | (available != 0 ? kRxNotEmpty : 0u) |
           (available == kFifoDepth ? kRxFull : 0u);
}

std::uint32_t Ssi::peek(std::uint32_t offset) {
    if (offset >= DR0 && offset < RX_SAMPLE_DLY) return s_.rx_count != 0 ? s_.rx[s_.rx_head].data : 0;
    switch (offset) {
        case CTRLR0: return s_.ctrlr0;
        case CTRLR1: return s_.ctrlr1;
        case SSIENR: return s_.ssienr;
        case SER: return s_.ser;
        case BAUDR: return s_.baudr;
        case TXFTLR: return s_.txftlr;
        case RXFTLR: return s_.rxftlr;
        case TXFLR: return tx_waiting(now());
        case RXFLR: return rx_available(now());
        case SR: return status(now());
        case IMR: return s_.imr;
        case ISR: return interrupts(now()) & s_.imr;
        case RISR: return interrupts(now());
        case TXOICR: return (s_.latched & kTxo) != 0;
        case RXOICR: return (s_.latched & kRxo) != 0;
        case RXUICR: return (s_.latched & kRxu) != 0;
        case ICR: return s_.latched != 0;
        case DMACR: return s_.dmacr;
        case DMATDLR: return s_.dmatdlr;
        case DMARDLR: return s_.dmardlr;
        case IDR: return regs::kXipSsi.reset("IDR");
        case VERSION: return 0x3430312a;
        case RX_SAMPLE_DLY: return s_.rx_sample_dly;
        case SPI_CTRLR0: return s_.spi_ctrlr0;
        case TXD_DRIVE_EDGE: return s_.txd_drive_edge;
        case MWCR:
        case MSTICR: return 0;
        default: unmodelled(offset, false);
    }
}

std::uint32_t Ssi::read(std::uint32_t offset) {
    if (offset >= DR0 && offset < RX_SAMPLE_DLY) return pop();
    const std::uint32_t value = peek(offset);
    switch (offset) {  // reading clears
        case TXOICR: s_.latched &= ~kTxo; break;
        case RXOICR: s_.latched &= ~kRxo; break;
        case RXUICR: s_.latched &= ~kRxu; break;
        case ICR: s_.latched = 0; break;
        default: return value;
    }
    update();
    return value;
}

std::uint32_t Ssi::interrupts(Cycles now) const {
    return s_.latched | (tx_waiting(now) <= s_.txftlr ? kTxe : 0u) | (rx_available(now) > s_.rxftlr ? kRxf : 0u);
}

void Ssi::write(std::uint32_t offset, std::uint32_t value) {
    if (offset >= DR0 && offset < RX_SAMPLE_DLY) {
        push(value);
        update();
        return;
    }
    switch (offset) {
        case CTRLR0:
            if ((value & regs::kXipSsi.refused("CTRLR0")) != 0) refuse(offset, value);
            s_.ctrlr0 = value & 0x017fffff;
            break;
        case CTRLR1: s_.ctrlr1 = value & 0xffff; break;
        case SSIENR:
            if (s_.ssienr == 0 && (value & 1) != 0) s_.enabled_at = now();
            s_.ssienr = value & 1;
            if (s_.ssienr == 0) {  // disabling clears both FIFOs
                if (forced() == 0) end_transaction(now());
                s_.rx_count = s_.frames_left = 0;
                s_.busy_until = 0;
                s_.have_instruction = false;
            }
            update();
            break;
        case SER: s_.ser = value & 1; break;
        case BAUDR: s_.baudr = value & 0xffff; break;
        case TXFTLR:
            s_.txftlr = value & 0xff;
            update();
            break;
        case RXFTLR:
            s_.rxftlr = value & 0xff;
            update();
            break;
        case DMATDLR: s_.dmatdlr = value & 0xff; break;
        case DMARDLR: s_.dmardlr = value & 0xff; break;
        case RX_SAMPLE_DLY: s_.rx_sample_dly = value & 0xff; break;
        case SPI_CTRLR0:
            if ((value & regs::kXipSsi.refused("SPI_CTRLR0")) != 0) refuse(offset, value);
            s_.spi_ctrlr0 = value & 0xff07fb3f;
            break;
        case TXD_DRIVE_EDGE: s_.txd_drive_edge = value & 0xff; break;
        case IMR:
            s_.imr = value & (kTxe | kTxo | kRxu | kRxo | kRxf | kMst);
            update();
            break;
        case DMACR:
            s_.dmacr = value & (kReceiveDma | kTransmitDma);
            update();
            break;
        case MWCR:
            if ((value & regs::kXipSsi.refused("MWCR")) != 0) refuse(offset, value);
            break;
        case SR:
        case IDR:
        case VERSION:
        case TXFLR:
        case RXFLR:
        case ISR:
        case RISR:
        case TXOICR:
        case RXOICR:
        case RXUICR:
        case MSTICR:
        case ICR: break;
        default: unmodelled(offset, true);
    }
}

void Ssi::receive(std::uint32_t data, Cycles ready) {
    if (s_.rx_count == kFifoDepth) {  // the word is lost
        s_.latched |= kRxo;
        return;
    }
    s_.rx[(s_.rx_head + s_.rx_count++) % kFifoDepth] = {data, ready};
}

std::uint32_t Ssi::pop() {
    if (rx_available(now()) == 0) {
        s_.latched |= kRxu;
        update();
        return 0;
    }
    const std::uint32_t data = s_.rx[s_.rx_head].data;
    s_.rx_head = (s_.rx_head + 1) % kFifoDepth;
    --s_.rx_count;
    fill();
    update();
    return data;
}

/// Interrupt line; a request for every word that can be moved (the controller's single requests); and an event for the
/// next change of either.
void Ssi::update() {
    const bool receiving = (s_.dmacr & kReceiveDma) != 0, sending = (s_.dmacr & kTransmitDma) != 0;
    const unsigned available = rx_available(now()), waiting = tx_waiting(now());
    fabric_.set_irq(Irq::xip, (interrupts(now()) & s_.imr) != 0);
    fabric_.set_dreq(Dreq::xip_ssirx, receiving ? available : 0);
    fabric_.set_dreq(Dreq::xip_ssitx, sending ? kFifoDepth - std::min(kFifoDepth, waiting) : 0);
    Cycles due = kNever;
    if ((receiving || (s_.imr & kRxf) != 0) && available < s_.rx_count)
        due = s_.rx[(s_.rx_head + available) % kFifoDepth].ready;
    // The next word leaves the FIFO when the frame in the shift register is over.
    if ((sending || (s_.imr & kTxe) != 0) && waiting != 0)
        due = std::min(due, s_.busy_until - waiting * s_.frame_cycles);
    fabric_.events().schedule(EventId::ssi, due);
}

/// Frames of a long read go into the FIFO as there is room; the clock to the flash stops while there is none.
void Ssi::fill() {
    const unsigned bytes = frame_bits() / 8;
    for (; s_.frames_left != 0 && s_.rx_count < kFifoDepth; --s_.frames_left) {
        std::uint32_t data = 0;
        for (unsigned byte = 0; byte < bytes; ++byte) data = data << 8 | flash_.read(s_.next_address++);
        receive(data, s_.next_ready);
        s_.next_ready = std::max(s_.next_ready, now()) + s_.frame_period;
    }
}

void Ssi::end_transaction(Cycles at) {
    if (s_.selected) flash_.spi_select(false, at);
    s_.selected = false;
}

void Ssi::chip_select_changed() {
    const unsigned override_now = forced();
    if (override_now == s_.forced) return;
    s_.forced = override_now;
    end_transaction(now());
    if (override_now == 2) {
        flash_.spi_select(true, now());
        s_.selected = true;
    }
}

void Ssi::push(std::uint32_t value) {
    if (!enabled()) return;
    if (tx_waiting(now()) >= kFifoDepth) {  // the word is lost
        s_.latched |= kTxo;
        return;
    }
    if (lanes() == 1)
        push_standard(value);
    else
        push_enhanced(value);
}

void Ssi::push_standard(std::uint32_t value) {
    // The hardware drops chip select when its TX FIFO runs dry.
    if (now() >= s_.busy_until && forced() == 0) {
        end_transaction(s_.busy_until);
        flash_.spi_select(true, now());
        s_.selected = true;
    }
    const unsigned bits = frame_bits();
    if (bits % 8 != 0) unmodelled(DR0, true, "frames that are no whole number of bytes");
    const Cycles start = std::max(now(), s_.busy_until);
    s_.frame_cycles = Cycles{bits} * (s_.baudr & ~1u);
    s_.busy_until = start + s_.frame_cycles;
    std::uint32_t in = 0;
    for (unsigned shift = bits; shift != 0; shift -= 8) {
        const auto out = static_cast<std::uint8_t>(value >> (shift - 8));
        if (!s_.selected) {
            in = in << 8 | 0xff;
            continue;
        }
        in = in << 8 | flash_.spi_send(8, start);
        flash_.spi_receive(out, 8, start);
        if (!flash_.understood()) refuse_instruction();
    }
    const unsigned tmod = regs::kXipSsi.bits("CTRLR0.TMOD").of(s_.ctrlr0);
    if (tmod == 0) receive(in, s_.busy_until);
    // The hardware deselects when the FIFO runs dry, which is known only at the next push: end_transaction is told
    // when it was.
}

void Ssi::push_enhanced(std::uint32_t value) {
    end_transaction(s_.busy_until);
    if (instruction_bits(s_.spi_ctrlr0) != 0 && !s_.have_instruction) {
        s_.instruction = value;
        s_.have_instruction = true;
        return;
    }
    const unsigned frames = (s_.ctrlr1 & 0xffff) + 1, bits = frame_bits();
    const bool mode_bits = address_bits(s_.spi_ctrlr0) > 24;
    const std::uint32_t address = mode_bits ? value >> 8 : value;
    flash_.fast_read(static_cast<std::uint8_t>(s_.instruction), address,
                     mode_bits ? static_cast<std::uint8_t>(value) : 0);
    s_.have_instruction = false;
    const unsigned header = transfer_clocks(s_.spi_ctrlr0, lanes(), 0), per_frame = bits / lanes();
    const Cycles sck = s_.baudr & ~1u, start = std::max(now(), s_.busy_until);
    s_.frames_left = frames;
    s_.next_address = address;
    s_.frame_period = Cycles{per_frame} * sck;
    s_.next_ready = start + header * sck + s_.frame_period;
    fill();
    s_.busy_until = start + (header + Cycles{per_frame} * frames) * sck;
    s_.frame_cycles = s_.busy_until - start;
}

}  // namespace rp2040
