// Registers of a PIO block (datasheet 3.7).
#include "pio/pio.hpp"

#include "pio/fields.hpp"
#include "regs/pio.hpp"

namespace rp2040 {

using namespace pio;

namespace {
constexpr const regs::Block& kRegs = regs::kPio;
consteval std::uint32_t at(std::string_view name) { return kRegs.at(name); }
enum : std::uint32_t {
    kCtrl = at("CTRL"),
    kFstat = at("FSTAT"),
    kFdebug = at("FDEBUG"),
    kFlevel = at("FLEVEL"),
    kTxf0 = at("TXF0"),
    kRxf0 = at("RXF0"),
    kIrq = at("IRQ"),
    kIrqForce = at("IRQ_FORCE"),
    kInputSyncBypass = at("INPUT_SYNC_BYPASS"),
    kDbgPadout = at("DBG_PADOUT"),
    kDbgPadoe = at("DBG_PADOE"),
    kDbgCfginfo = at("DBG_CFGINFO"),
    kInstrMem0 = at("INSTR_MEM0"),
    kSm0Clkdiv = at("SM0_CLKDIV"),
    kIntr = at("INTR"),
    kIrq0Inte = at("IRQ0_INTE"),
    kIrq0Intf = at("IRQ0_INTF"),
    kIrq0Ints = at("IRQ0_INTS"),
    kIrq1Inte = at("IRQ1_INTE"),
    kIrq1Intf = at("IRQ1_INTF"),
    kIrq1Ints = at("IRQ1_INTS"),
};
enum : unsigned { kSmClkdiv, kSmExecctrl, kSmShiftctrl, kSmAddr, kSmInstr, kSmPinctrl, kSmRegisters };

/// FIFO depth 4, four machines, 32 instructions.
constexpr std::uint32_t kCfginfo = kRegs.bits("DBG_CFGINFO.IMEM_SIZE").put(32) |
                                   kRegs.bits("DBG_CFGINFO.SM_COUNT").put(4) |
                                   kRegs.bits("DBG_CFGINFO.FIFO_DEPTH").put(4);
constexpr std::uint32_t kIrqMask = kRegs.writable("IRQ0_INTE");
}  // namespace

Pio::Pio(Fabric& fabric, PinMatrix& pins, unsigned index)
    : StatefulPeripheral(regs::kPio, fabric, index),
      pins_(pins),
      index_(index),
      function_(index == 0 ? PinFunction::pio0 : PinFunction::pio1) {
    forget_loops();
    divider_.fill(divider(PioMachine{}.clkdiv));
    pins_.add_lazy_driver(*this);
    fabric_.events().bind(event(), this, [](void* self, Cycles when) {
        auto& pio = *static_cast<Pio*>(self);
        pio.pins_.catch_up(when);
        pio.note_quiet(when);
        pio.plan();
    });
}

void Pio::reset() {
    pins_.catch_up(now() + 1);
    s_ = PioState{};
    for (auto& m : s_.sm) m.next = (now() + 1) << 8;
    divider_.fill(divider(PioMachine{}.clkdiv));
    code_dirty_ = 0xf;
    any_sticky_ = false;
    forget_loops();
    stir();
    pins_.set_output(function_, kPinMask, 0, 0, now() + 1);
    for (unsigned i = 0; i < 4; ++i) {
        tx_changed(i);
        rx_changed(i);
    }
    update_irq();
    plan();
}

void Pio::restore(StateReader& in) {
    StatefulPeripheral::restore(in);
    any_sticky_ = false;
    quiet_since_.reset();
    quiet_events_ = 0;
    forget_loops();
    unheard_ = true;  // how the next event was planned is not known
    silent_ = false;
    levels_until_ = 0;
    for (unsigned i = 0; i < 4; ++i) {
        divider_[i] = divider(s_.sm[i].clkdiv);
        any_sticky_ |= (s_.sm[i].execctrl & kOutSticky) != 0;
    }
    code_dirty_ = 0xf;
    refresh();
    // The scheduler's and the interrupt lines' states are restored by their owners.
    update_next();
    for (unsigned n = 0; n < 2; ++n) line_[n] = ((intr() & s_.inte[n]) | s_.intf[n]) != 0;
}

/// Without its clock the block stands still; all that was to come is later by the length of the pause.
void Pio::clock_switches() {
    stir();
    forget_loops();
    if (clocked()) {
        pins_.catch_up(now() + 1);
        s_.stopped_at = now();
        return;
    }
    const Cycles pause = now() - s_.stopped_at;
    s_.stopped_at = kNever;
    for (auto& m : s_.sm) {
        m.next += pause << 8;
        if (m.forced_at != kNever) m.forced_at += pause;
    }
    if (s_.sticky_at != kNever) s_.sticky_at += pause;
}

void Pio::clocks_changed() { plan(); }

/// After what has acted on the block.
void Pio::replan() {
    stir();
    plan();
    pins_.plan_waiting(this);
}

std::uint32_t Pio::read(std::uint32_t offset) {
    const Cycles t = now();
    if (offset >= kRxf0 && offset < kIrq) return pop_rx((offset - kRxf0) / 4, t);
    if (!changes_in_events(offset) || event_due() || (unheard_ && levels_until_ <= t)) pins_.catch_up(t);
    return read_register(offset);
}

/// Flags change in events, FIFO levels as well if anybody hears them; what else there is to see may change without.
bool Pio::changes_in_events(std::uint32_t offset) {
    return offset == kFstat || offset == kFlevel || offset == kIrq || offset == kIntr;
}

Cycles Pio::steady_until(std::uint32_t offset) const {
    if (offset == kFdebug) return stalls_until();
    if (!changes_in_events(offset)) return 0;
    return unheard_ && offset != kIrq ? levels_until() : kNever;
}

std::uint32_t Pio::peek(std::uint32_t offset) {
    pins_.catch_up(now());
    return read_register(offset);
}

std::uint32_t Pio::rx_address(unsigned index) const {
    return (index_ == 0 ? kPio0Base : kPio1Base) + kRxf0 + 4 * index;
}

std::uint32_t Pio::read_register(std::uint32_t offset) const {
    const auto per_machine = [this](auto field, unsigned stride) {
        std::uint32_t word = 0;
        for (unsigned i = 0; i < 4; ++i) word |= static_cast<std::uint32_t>(field(s_.sm[i])) << (i * stride);
        return word;
    };
    switch (offset) {
        case kCtrl: return per_machine([](const PioMachine& m) { return m.enabled; }, 1);
        case kFstat:
            return per_machine(
                [](const PioMachine& m) {
                    return std::uint32_t{m.rx.full()} | std::uint32_t{m.rx.empty()} << 8 |
                           std::uint32_t{m.tx.full()} << 16 | std::uint32_t{m.tx.empty()} << 24;
                },
                1);
        case kFdebug: return s_.fdebug;
        case kFlevel: return per_machine([](const PioMachine& m) { return m.tx.count | m.rx.count << 4; }, 8);
        case kIrq: return s_.irq;
        case kIrqForce: return 0;
        case kInputSyncBypass: return s_.input_sync_bypass;
        case kDbgPadout: return s_.pad_out;
        case kDbgPadoe: return s_.pad_oe;
        case kDbgCfginfo: return kCfginfo;
        case kIntr: return intr();
        case kIrq0Inte: return s_.inte[0];
        case kIrq0Intf: return s_.intf[0];
        case kIrq0Ints: return (intr() & s_.inte[0]) | s_.intf[0];
        case kIrq1Inte: return s_.inte[1];
        case kIrq1Intf: return s_.intf[1];
        case kIrq1Ints: return (intr() & s_.inte[1]) | s_.intf[1];
        default: break;
    }
    if (offset >= kTxf0 && offset < kRxf0) return 0;
    if (offset >= kRxf0 && offset < kIrq) {
        const PioFifo& rx = s_.sm[(offset - kRxf0) / 4].rx;
        return rx.word[rx.head];
    }
    if (offset >= kInstrMem0 && offset < kSm0Clkdiv) return 0;  // Write-only.
    if (offset >= kSm0Clkdiv && offset < kIntr)
        return read_machine((offset - kSm0Clkdiv) / 4 / kSmRegisters, (offset - kSm0Clkdiv) / 4 % kSmRegisters);
    unmodelled(offset, false);
}

std::uint32_t Pio::read_machine(unsigned index, unsigned reg) const {
    const PioMachine& m = s_.sm[index];
    switch (reg) {
        case kSmClkdiv: return m.clkdiv;
        case kSmExecctrl: return (m.execctrl & ~kExecStalled) | (m.forced_pending ? kExecStalled : 0);
        case kSmShiftctrl: return m.shiftctrl;
        case kSmAddr: return m.pc;
        case kSmInstr: return m.forced_pending ? m.forced : m.exec_pending ? m.exec : s_.memory[m.pc];
        default: return m.pinctrl;
    }
}

void Pio::write_alias(std::uint32_t offset, std::uint32_t value, unsigned alias) {
    // Bits of these act when written as one, however the access addresses them.
    if (offset == kFdebug || offset == kIrq || offset == kIrqForce) return write(offset, value);
    Peripheral::write_alias(offset, value, alias);
}

void Pio::write(std::uint32_t offset, std::uint32_t value) {
    if (offset >= kTxf0 && offset < kRxf0 && push_behind((offset - kTxf0) / 4, value)) return;
    const Cycles t = now();
    if (offset >= kTxf0 && offset < kRxf0) return push_tx((offset - kTxf0) / 4, value, t);
    pins_.catch_up(t + 1);
    forget_loops();
    if (offset >= kInstrMem0 && offset < kSm0Clkdiv) {
        s_.memory[(offset - kInstrMem0) / 4] = static_cast<std::uint16_t>(value);
        code_dirty_ = 0xf;
        for (auto& m : s_.sm) {
            rouse(m, t);
            enter(m);
        }
    } else if (offset >= kSm0Clkdiv && offset < kIntr) {
        write_machine((offset - kSm0Clkdiv) / 4 / kSmRegisters, (offset - kSm0Clkdiv) / 4 % kSmRegisters, value, t);
    } else {
        switch (offset) {
            case kCtrl: write_ctrl(value, t); break;
            case kFdebug:
                s_.fdebug &= ~value;
                // A stall that goes on sets its flag again at the next tick.
                wake_stalled(PioStall::tx_empty, t);
                wake_stalled(PioStall::rx_full, t);
                break;
            case kIrq:
                s_.irq &= ~value;
                wake_stalled(PioStall::irq, t);
                break;
            case kIrqForce:
                s_.irq |= value & 0xff;
                wake_stalled(PioStall::irq, t);
                break;
            case kInputSyncBypass:
                s_.input_sync_bypass = value;
                wake_stalled(PioStall::pin, t);
                break;
            case kIrq0Inte: s_.inte[0] = value & kIrqMask; break;
            case kIrq0Intf: s_.intf[0] = value & kIrqMask; break;
            case kIrq1Inte: s_.inte[1] = value & kIrqMask; break;
            case kIrq1Intf: s_.intf[1] = value & kIrqMask; break;
            case kFstat:
            case kFlevel:
            case kDbgPadout:
            case kDbgPadoe:
            case kDbgCfginfo:
            case kIntr:
            case kIrq0Ints:
            case kIrq1Ints: break;  // Read-only.
            default:
                if (offset >= kRxf0 && offset < kIrq) break;
                unmodelled(offset, true);
        }
        update_irq();
    }
    replan();
}

void Pio::write_ctrl(std::uint32_t value, Cycles t) {
    for (unsigned i = 0; i < 4; ++i) {
        PioMachine& m = s_.sm[i];
        const bool enable = ((value >> i) & 1) != 0;
        if (((value >> (4 + i)) & 1) != 0) restart(m);
        if (m.enabled && !enable) {
            rouse(m, t);  // Keeps what is left of a delay.
            m.enabled = false;
        }
        if (((value >> (8 + i)) & 1) != 0) {  // CLKDIV_RESTART: phase 0, the first tick in the next cycle
            if (m.enabled) rouse(m, t);
            m.next = (t + 1) << 8;
            m.ticks = 1;
        } else if (!m.enabled && enable) {
            m.next = tick_after(m, t);
            m.ticks = 1;
        }
        m.enabled = enable;
        m.asleep = m.asleep && enable;
    }
    horizon_dirty_ = 0xf;
}

/// SM_RESTART: clears what a program cannot reach otherwise (datasheet 3.7, CTRL).
void Pio::restart(PioMachine& m) {
    m.isr = 0;
    m.isr_count = 0;
    m.osr_count = 32;
    if (m.enabled) rouse(m, now());
    m.delay_left = 0;
    m.irq_raised = m.forced_raised = false;
    m.exec_pending = m.forced_pending = false;
    m.stall = PioStall::none;
    m.sticky_out_mask = m.sticky_dir_mask = 0;
    enter(m);
}

void Pio::write_clkdiv(unsigned index, std::uint32_t value, Cycles t) {
    PioMachine& m = s_.sm[index];
    rouse(m, t);
    const std::uint64_t next = tick_after(m, t);
    m.clkdiv = value & 0xffffff00u;
    divider_[index] = divider(m.clkdiv);
    // A shorter period takes effect at once, a longer one after the period under way.
    const std::uint64_t shorter = (t << 8) + divider_[index];
    m.next = next < shorter ? next : shorter;
    m.ticks = 1;
}

void Pio::write_machine(unsigned index, unsigned reg, std::uint32_t value, Cycles t) {
    PioMachine& m = s_.sm[index];
    switch (reg) {
        case kSmClkdiv: return write_clkdiv(index, value, t);
        case kSmExecctrl:
            m.execctrl = value & ~(kExecStalled | kExecctrlReserved);
            any_sticky_ = false;
            for (const auto& other : s_.sm) any_sticky_ |= (other.execctrl & kOutSticky) != 0;
            break;
        case kSmShiftctrl: {
            const bool rejoin = ((m.shiftctrl ^ value) & (kJoinTx | kJoinRx)) != 0;
            m.shiftctrl = value & kShiftctrlMask;
            if (rejoin) join_fifos(index);
            break;
        }
        case kSmInstr:
            // A core's accesses share a cycle where the other core's had to wait: the chip's time does not go back. On
            // the bus they come one after the other, so that an instruction written before has had its cycle.
            if (m.forced_pending && m.forced_new) force(m, index, t);
            m.forced = static_cast<std::uint16_t>(value);
            m.forced_pending = m.forced_new = true;
            m.forced_raised = false;
            m.forced_at = t + 1;
            return;
        case kSmPinctrl: m.pinctrl = value; break;
        default: return;  // ADDR is read-only.
    }
    code_dirty_ |= static_cast<std::uint8_t>(1u << index);
    enter(m);
    if (m.forced_pending) m.forced_at = std::min(m.forced_at, t + 1);  // it may wait for another pin now
    rouse(m, t);
}

std::uint32_t Pio::intr() const {
    std::uint32_t word = (s_.irq & 0xf) << 8;
    for (unsigned i = 0; i < 4; ++i) {
        if (!s_.sm[i].rx.empty()) word |= 1u << i;
        if (!s_.sm[i].tx.full()) word |= 1u << (4 + i);
    }
    return word;
}

void Pio::update_irq() {
    const std::uint32_t raw = intr();
    for (unsigned n = 0; n < 2; ++n) {
        const bool level = ((raw & s_.inte[n]) | s_.intf[n]) != 0;
        if (level == line_[n]) continue;
        line_[n] = level;
        const auto line = static_cast<std::size_t>(Irq::pio0_0) + 2 * index_ + n;
        fabric_.set_irq(static_cast<Irq>(line), level);
    }
}

}  // namespace rp2040
