// Registers, triggers and interrupts of the DMA (datasheet 2.5.7).
#include "dma/dma.hpp"

#include <algorithm>

#include "dma/fields.hpp"

namespace rp2040 {

using namespace dma;

namespace {
constexpr const regs::Block& kRegs = regs::kDma;
consteval std::uint32_t at(std::string_view name) { return kRegs.at(name); }
constexpr std::uint32_t kChannelStride = kRegs["CH%_CTRL_TRIG"].stride, kChannelsEnd = kDmaChannels * kChannelStride;
constexpr auto& kTimer = kRegs["TIMER%"];
constexpr auto& kDbgCtdreq = kRegs["CH%_DBG_CTDREQ"];
constexpr auto& kDbgTcr = kRegs["CH%_DBG_TCR"];
enum class Reg : std::uint8_t { read_addr, write_addr, trans_count, ctrl };

/// The four views of a channel's registers; the last one of each row triggers.
constexpr Reg kLayout[4][4] = {
    {Reg::read_addr, Reg::write_addr, Reg::trans_count, Reg::ctrl},
    {Reg::ctrl, Reg::read_addr, Reg::write_addr, Reg::trans_count},
    {Reg::ctrl, Reg::trans_count, Reg::read_addr, Reg::write_addr},
    {Reg::ctrl, Reg::write_addr, Reg::trans_count, Reg::read_addr},
};

constexpr std::uint32_t kAllChannels = (1u << kDmaChannels) - 1;
constexpr std::uint32_t kOutRev = kRegs.mask("SNIFF_CTRL.OUT_REV"), kOutInv = kRegs.mask("SNIFF_CTRL.OUT_INV");
}  // namespace

Cycles DmaBus::access(Cycles, std::uint32_t address, bool is_write) {
    return (address >> 28) == 4 ? (is_write ? 3 : 2) : 0;
}

Dma::Dma(Fabric& fabric) : StatefulPeripheral(kRegs, fabric) {
    for (unsigned i = 0; i < kDmaChannels; ++i) s_.channel[i].ctrl = kChainTo.put(i);
    fabric_.events().bind(EventId::dma, this, [](void* self, Cycles when) { static_cast<Dma*>(self)->step(when); });
}

void Dma::reset() {
    const auto level = s_.level;  // Belongs to the peripherals.
    s_ = DmaState{};
    busy_ = 0;
    timers_run_ = false;
    s_.level = level;
    for (unsigned i = 0; i < kDmaChannels; ++i) s_.channel[i].ctrl = kChainTo.put(i);  // itself
    for (auto& timer : s_.timer) timer.at = now();
    update_irq();
    report_pacing();
    schedule();
}

void Dma::restore(StateReader& in) {
    StatefulPeripheral::restore(in);
    busy_ = 0;
    for (unsigned i = 0; i < kDmaChannels; ++i)
        if (s_.channel[i].busy) busy_ |= 1u << i;
    note_timers();
    pending_ = busy_ != 0;
    bus_->transfers_pending(pending_);
    for (unsigned n = 0; n < 2; ++n) line_[n] = ((s_.intr & s_.inte[n]) | s_.intf[n]) != 0;
    report_pacing();
}

std::uint32_t Dma::read_channel(unsigned index, unsigned reg) const {
    const Channel& c = s_.channel[index];
    switch (kLayout[reg / 4][reg % 4]) {
        case Reg::read_addr: return c.read_addr;
        case Reg::write_addr: return c.write_addr;
        case Reg::trans_count: return c.trans_count;
        default: {
            const bool error = (c.ctrl & (kReadError | kWriteError)) != 0;
            return c.ctrl | (c.busy ? kBusy : 0) | (error ? kAhbError : 0);
        }
    }
}

std::uint32_t Dma::read_sniff_data() const {
    std::uint32_t v = s_.sniffer.data;
    if ((s_.sniffer.ctrl & kOutRev) != 0) v = reverse_bits(v);
    return (s_.sniffer.ctrl & kOutInv) != 0 ? ~v : v;
}

std::uint32_t Dma::read(std::uint32_t offset) {
    if (offset < kChannelsEnd) return read_channel(offset / kChannelStride, offset % kChannelStride / 4);
    if (kTimer.holds(offset)) return s_.timer[kTimer.index(offset)].xy;
    if (kDbgTcr.holds(offset)) return s_.channel[kDbgTcr.index(offset)].reload;
    if (kDbgCtdreq.holds(offset)) {
        const Channel& c = s_.channel[kDbgCtdreq.index(offset)];
        const unsigned source = treq(c.ctrl);
        if (!c.busy) return 0;
        if (source >= s_.level.size() || (source >= kTreqPwm0 && source <= kTreqPwm7)) return c.credits;
        return s_.level[source] < kMaxCredits ? s_.level[source] : kMaxCredits;
    }
    switch (offset) {
        case at("INTR"):
        case at("INTR1"): return s_.intr;
        case at("INTE0"): return s_.inte[0];
        case at("INTF0"): return s_.intf[0];
        case at("INTS0"): return (s_.intr & s_.inte[0]) | s_.intf[0];
        case at("INTE1"): return s_.inte[1];
        case at("INTF1"): return s_.intf[1];
        case at("INTS1"): return (s_.intr & s_.inte[1]) | s_.intf[1];
        case at("MULTI_CHAN_TRIGGER"): return 0;
        case at("SNIFF_CTRL"): return s_.sniffer.ctrl;
        case at("SNIFF_DATA"): return read_sniff_data();
        case at("FIFO_LEVELS"): return s_.words;  // TDF_LVL; the address FIFOs pass through in one cycle.
        case at("CHAN_ABORT"): return 0;
        case at("N_CHANNELS"): return kDmaChannels;
        default: unmodelled(offset, false);
    }
}

void Dma::write(std::uint32_t offset, std::uint32_t value) {
    if (offset < kChannelsEnd) {
        write_channel(offset / kChannelStride, offset % kChannelStride / 4, value);
    } else if (kTimer.holds(offset)) {
        set_timer(kTimer.index(offset), value);
    } else if (kDbgCtdreq.holds(offset)) {
        s_.channel[kDbgCtdreq.index(offset)].credits = 0;  // any write clears
    } else {
        switch (offset) {
            case at("INTR"):
            case at("INTR1"):
            case at("INTS0"):
            case at("INTS1"): s_.intr &= ~value; break;
            case at("INTE0"): s_.inte[0] = value & kRegs.writable("INTE0"); break;
            case at("INTF0"): s_.intf[0] = value & kRegs.writable("INTF0"); break;
            case at("INTE1"): s_.inte[1] = value & kRegs.writable("INTE1"); break;
            case at("INTF1"): s_.intf[1] = value & kRegs.writable("INTF1"); break;
            case at("MULTI_CHAN_TRIGGER"):
                for (unsigned i = 0; i < kDmaChannels; ++i)
                    if (((value >> i) & 1) != 0) trigger(i, now() + 1);
                break;
            case at("SNIFF_CTRL"): s_.sniffer.ctrl = value & kRegs.writable("SNIFF_CTRL"); break;
            case at("SNIFF_DATA"): s_.sniffer.data = value; break;
            case at("CHAN_ABORT"): abort(value & kAllChannels); break;
            default: ignore_read_only(offset);
        }
        update_irq();
    }
    schedule();
}

void Dma::write_channel(unsigned index, unsigned reg, std::uint32_t value) {
    Channel& c = s_.channel[index];
    const std::uint32_t old_ctrl = c.ctrl;
    switch (kLayout[reg / 4][reg % 4]) {
        case Reg::read_addr: c.read_addr = value; break;
        case Reg::write_addr: c.write_addr = value; break;
        case Reg::trans_count: c.reload = value; break;
        default: write_ctrl(index, value); break;
    }
    if (reg % 4 != 3) return;
    if (value == 0)
        null_trigger(index, old_ctrl);
    else
        trigger(index, now() + 1);
}

void Dma::write_ctrl(unsigned index, std::uint32_t value) {
    Channel& c = s_.channel[index];
    const std::uint32_t errors = c.ctrl & (kReadError | kWriteError) & ~value;  // Write one to clear.
    if (c.busy) hear_pio(value);
    c.ctrl = (value & kRegs.writable("CH0_CTRL_TRIG")) | errors;
    report_pacing();
}

/// Zero written to a trigger register ends a chain of control blocks: no start, but an interrupt in quiet mode.
void Dma::null_trigger(unsigned index, std::uint32_t ctrl) {
    if ((ctrl & kIrqQuiet) == 0) return;
    s_.intr |= 1u << index;
    update_irq();
}

void Dma::set_busy(unsigned index, bool busy, Cycles when) {
    if (recorder_ != nullptr && s_.channel[index].busy != busy) recorder_->record(when, signal::kDmaBusy + index, busy);
    s_.channel[index].busy = busy;
    busy_ = busy ? busy_ | 1u << index : busy_ & ~(1u << index);
}

void Dma::trigger(unsigned index, Cycles from) {
    Channel& c = s_.channel[index];
    if ((c.ctrl & kEn) == 0 || c.busy) return;
    advance_timers(now());  // Pulses from before the start count for nobody.
    hear_pio(c.ctrl);
    set_busy(index, true, from);
    c.trans_count = c.unread = c.reload;
    c.in_flight = 0;
    c.credits = 0;
    c.ready = from + 1;
    report_pacing();
}

void Dma::finish(unsigned index, Cycles from) {
    Channel& c = s_.channel[index];
    ++s_.finished;
    set_busy(index, false, from);
    if ((c.ctrl & kIrqQuiet) == 0) s_.intr |= 1u << index;
    const unsigned chain = chain_to(c.ctrl);
    if (chain != index && chain < kDmaChannels) trigger(chain, from);
    report_pacing();
    update_irq();
}

void Dma::fail(unsigned index, std::uint32_t error) {
    Channel& c = s_.channel[index];
    c.ctrl |= error;
    set_busy(index, false, now());
    c.unread = c.in_flight = 0;
    s_.intr |= 1u << index;  // Also in quiet mode (CTRL.AHB_ERROR).
    report_pacing();
    update_irq();
}

/// Words of a channel that has come to its end before they were written.
void Dma::drop_words(unsigned index) {
    const auto end = std::remove_if(s_.word.begin(), s_.word.begin() + s_.words,
                                    [index](const DmaState::Word& w) { return w.channel == index; });
    s_.words = static_cast<std::uint32_t>(end - s_.word.begin());
    for (auto* access : {&s_.reading, &s_.writing})
        if (access->channel == index) access->under_way = false;
}

void Dma::abort(std::uint32_t channels) {
    for (unsigned i = 0; i < kDmaChannels; ++i) {
        if (((channels >> i) & 1) == 0) continue;
        Channel& c = s_.channel[i];
        const bool reading = s_.reading.under_way && s_.reading.channel == i;
        if (abort_interrupts_ && (c.in_flight != 0 || reading) && (c.ctrl & kIrqQuiet) == 0) s_.intr |= 1u << i;
        set_busy(i, false, now());
        c.unread = c.in_flight = 0;
        drop_words(i);
    }
    report_pacing();
    update_irq();
}

void Dma::update_irq() {
    for (unsigned n = 0; n < 2; ++n) {
        const bool level = ((s_.intr & s_.inte[n]) | s_.intf[n]) != 0;
        if (level == line_[n]) continue;
        line_[n] = level;
        fabric_.set_irq(n == 0 ? Irq::dma_0 : Irq::dma_1, level);
    }
}

/// Levels of PIO's FIFOs that nobody waits for are not told of at once: before a channel does, they must be there.
void Dma::hear_pio(std::uint32_t ctrl) {
    const unsigned source = treq(ctrl);
    if (source >= kPioTreqs || (paced_by_pio_ >> source & 1) != 0) return;
    paced_by_pio_ |= 1u << source;
    if (pio_listener_) pio_listener_();
}

void Dma::report_pacing() {
    std::uint8_t slices = 0;
    paced_by_pio_ = 0;
    for_busy([&](unsigned i) {
        const unsigned source = treq(s_.channel[i].ctrl);
        if (source < kPioTreqs) paced_by_pio_ |= 1u << source;
        if (source >= kTreqPwm0 && source <= kTreqPwm7) slices |= static_cast<std::uint8_t>(1u << (source - kTreqPwm0));
    });
    if (slices == pwm_slices_) return;
    pwm_slices_ = slices;
    if (pwm_listener_) pwm_listener_(slices);
}

}  // namespace rp2040
