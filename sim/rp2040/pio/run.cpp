// When PIO state machines tick, sleep and wake.
#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "pio/execute.hpp"

namespace rp2040 {

using namespace pio;

namespace {
constexpr bool sticky(const PioMachine& m) { return (m.execctrl & kOutSticky) != 0; }
/// A change of a pad in cycle c is seen by every instruction from c + this on, synchronised or not.
constexpr Cycles kSeenAfter = PinMatrix::kSyncCycles + 1;
}  // namespace

/// First tick of the divider after cycle `after`, in 1/256 cycles, counted from the last processed one.
std::uint64_t Pio::tick_after(const PioMachine& m, Cycles after) const {
    const std::int64_t divider = divider_[static_cast<std::size_t>(&m - s_.sm.data())];
    const std::int64_t base = static_cast<std::int64_t>(m.next) - static_cast<std::int64_t>(m.ticks) * divider;
    const auto limit = static_cast<std::int64_t>((after + 1) << 8);
    if (base >= limit) return static_cast<std::uint64_t>(base);
    return static_cast<std::uint64_t>(base + (limit - base + divider - 1) / divider * divider);
}

/// Makes a machine that sleeps, or counts a delay, process its first tick after cycle `after`.
void Pio::rouse(PioMachine& m, Cycles after) {
    if (!m.enabled) return;
    looping_[static_cast<std::size_t>(&m - s_.sm.data())] = kNotLooping;
    const std::uint64_t divider = divider_[static_cast<std::size_t>(&m - s_.sm.data())];
    const std::uint64_t next = tick_after(m, after);
    if (m.asleep) {
        m.asleep = false;
        m.next = next;
        m.ticks = 1;
    } else if (next < m.next) {
        const auto early = static_cast<std::uint32_t>((m.next - next) / divider);
        m.next = next;
        m.ticks -= early;
        m.delay_left += early;
    } else if (next > m.next) {  // A forced instruction has stood in the place of ticks.
        const auto lost = static_cast<std::uint32_t>((next - m.next) / divider);
        m.next = next;
        m.ticks += lost;
        m.delay_left -= std::min(m.delay_left, lost);
    }
    roused_ = true;
}

/// The instruction in which a machine stalls is executed once more after cycle `after`.
void Pio::try_again(PioMachine& m, Cycles after) {
    if (m.forced_pending)
        m.forced_at = after + 1;
    else
        rouse(m, after);
}

void Pio::wake_stalled(PioStall reason, Cycles after) {
    for (auto& m : s_.sm) {
        if (m.stall != reason) continue;
        if (m.forced_pending) m.forced_at = std::min(m.forced_at, after + 1);
        if (m.asleep) rouse(m, after);
    }
}

void Pio::wake(Cycles when) {
    stir();
    wake_stalled(PioStall::pin, when - 1);
    update_next();
    levels_until_ = 0;
}

/// The next tick of `m`: a remaining delay is over in one step, a stalled or new instruction is executed.
[[gnu::always_inline]] inline void Pio::tick(PioMachine& m, unsigned index, Effects& fx) {
    const Cycles cycle = m.next >> 8;
    const std::uint32_t divider = divider_[index];
    resting_ &= static_cast<std::uint8_t>(~(1u << index));
    looping_[index] = kNotLooping;
    const bool autopull = (m.shiftctrl & kAutopull) != 0;
    if (m.delay_left != 0) {
        if (autopull) refill(m, index);
        m.ticks = m.delay_left;
        m.next += static_cast<std::uint64_t>(m.delay_left) * divider;
        m.delay_left = 0;
        return;
    }
    const PioInstruction* in = &code_[index][m.pc];
    const bool from_exec = m.exec_pending;
    if (from_exec) [[unlikely]] {
        injected_ = pio_decode(m.exec, m.pc, index, m);
        in = &injected_;
        m.exec_pending = false;
    }
    m.stall = PioStall::none;
    const bool done = execute(m, index, *in, cycle, fx, !from_exec);
    note_pc(m, index, cycle);
    set_side(*in, fx);
    // Between OUTs an empty OSR fills itself, also while another instruction stalls (datasheet 3.5.4.2).
    if (autopull && (in->op < PioOp::out_pins || in->op > PioOp::out_exec)) refill(m, index);
    m.ticks = 1;
    if (done) {
        // The delay of an OUT EXEC or MOV EXEC itself is ignored.
        if (!m.exec_pending) m.ticks += in->delay;
        if (from_exec) [[unlikely]]
            enter(m);
    } else {
        if (from_exec) {
            m.exec_pending = true;
            stalled_[index] = *in;
        }
        // Nothing but an outside change can end these; a pin's last change must have been seen.
        const bool dozes = m.stall == PioStall::pin && pins_.last_change() + kSeenAfter <= cycle;
        if (dozes) dozing_ |= static_cast<std::uint8_t>(1u << index);
        m.asleep = dozes || m.stall == PioStall::tx_empty || m.stall == PioStall::rx_full || m.stall == PioStall::irq;
    }
    m.next += static_cast<std::uint64_t>(m.ticks) * divider;
}

/// The registers of a machine, or its place, are no longer what its program makes of them.
void Pio::enter(PioMachine& m) {
    m.entered = m.pc;
    const auto index = static_cast<unsigned>(&m - s_.sm.data());
    looping_[index] = kNotLooping;
    if (computes_jumps_[index]) horizon_dirty_ |= static_cast<std::uint8_t>(1u << index);
}

/// An instruction from SMx_INSTR: in the cycle after the write, whatever the divider; its delay is ignored.
void Pio::run_forced(PioMachine& m, unsigned index, Cycles cycle, Effects& fx) {
    const PioInstruction in = pio_decode(m.forced, m.pc, index, m);
    m.forced_new = false;
    m.stall = PioStall::none;
    forget_loops();  // it may write their pins
    std::swap(m.irq_raised, m.forced_raised);
    const std::uint8_t pc = m.pc;
    const bool done = execute(m, index, in, cycle, fx, false);
    note_pc(m, index, cycle);
    std::swap(m.irq_raised, m.forced_raised);
    // A jump abandons whatever the program was waiting for.
    if (in.op <= PioOp::jmp_not_osre || m.pc != pc) m.irq_raised = false;
    set_side(in, fx);
    m.forced_pending = !done;
    enter(m);
    stalled_[index] = in;
    const bool dozes = m.stall == PioStall::pin && pins_.last_change() + kSeenAfter <= cycle;
    if (!done && dozes) dozing_ |= static_cast<std::uint8_t>(1u << index);
    const bool waits =
        !done && (dozes || m.stall == PioStall::tx_empty || m.stall == PioStall::rx_full || m.stall == PioStall::irq);
    m.forced_at = waits ? kNever : cycle + 1;
    if (!m.enabled) return;
    if (m.asleep && done) {
        rouse(m, cycle);
    } else if (!m.asleep && (m.next >> 8) <= cycle) {  // It took the place of a tick.
        const std::uint64_t next = tick_after(m, cycle);
        const auto lost = static_cast<std::uint32_t>((next - m.next) / divider_[index]);
        m.ticks += lost;
        m.next = next;
        m.delay_left -= std::min(m.delay_left, lost);  // A delay goes on counting meanwhile.
    }
}

void Pio::force(PioMachine& m, unsigned index, Cycles cycle) {
    Effects fx{s_.pad_out, s_.pad_oe};
    run_forced(m, index, cycle, fx);
    apply(fx, cycle);
}

void Pio::assert_sticky(const PioMachine& m, Effects& fx) {
    fx.write_out(m.sticky_out_mask, m.sticky_out);
    fx.write_oe(m.sticky_dir_mask, m.sticky_dir);
}

void Pio::set_side(const PioInstruction& in, Effects& fx) {
    if (in.side_mask == 0) return;
    if (in.side_dirs)
        fx.write_oe(in.side_mask, in.side_value);
    else
        fx.write_out(in.side_mask, in.side_value);
}

const PioInstruction* Pio::stalled_in(const PioMachine& m, unsigned index) const {
    if (m.forced_pending) return m.forced_at == kNever ? &stalled_[index] : nullptr;
    if (!m.enabled || !m.asleep) return nullptr;
    return m.exec_pending ? &stalled_[index] : &code_[index][m.pc];
}

/// The side-set of a stalled instruction acts in every tick (raspberrypi/pico-feedback#185), a forced one's in every
/// cycle. A machine that sleeps is not run for that: it takes part in the cycles in which others act, ...
bool Pio::assert_stalled(unsigned index, Cycles cycle, Effects& fx) const {
    const PioMachine& m = s_.sm[index];
    const PioInstruction* in = stalled_in(m, index);
    if (in == nullptr || in->side_mask == 0) return false;
    if (!m.forced_pending && tick_after(m, cycle - 1) >> 8 != cycle) return false;
    set_side(*in, fx);
    return true;
}

/// ... and is woken when it has lost its pins to another.
void Pio::reassert_stalled(const Effects& fx, Cycles cycle) {
    for (unsigned i = 0; i < 4; ++i) {
        PioMachine& m = s_.sm[i];
        const PioInstruction* in = stalled_in(m, i);
        if (in == nullptr || (((in->side_dirs ? fx.oe : fx.out) ^ in->side_value) & in->side_mask) == 0) continue;
        try_again(m, cycle);
    }
}

[[gnu::always_inline]] inline void Pio::apply(const Effects& fx, Cycles cycle) {
    if ((fx.irq_set | fx.irq_clear) != 0) [[unlikely]] {
        const std::uint32_t irq = (s_.irq & ~fx.irq_clear) | fx.irq_set;
        if (irq != s_.irq) {
            s_.irq = irq;
            stir();
            wake_stalled(PioStall::irq, cycle);
            update_irq();
        }
    }
    // By words: two that were stored one by one, loaded as a pair, make the host wait.
    if (fx.out != s_.pad_out || fx.oe != s_.pad_oe) move_pins(fx.out, fx.oe, cycle);
}

void Pio::move_pins(std::uint32_t out, std::uint32_t oe, Cycles cycle) {
    s_.pad_out = out;
    s_.pad_oe = oe;
    pins_.pio_output(function_, out, oe, cycle + 1);
    // Who began to wait in this cycle is not known to the pins as waiting yet.
    if (dozing_ != 0 && pins_.last_change() > cycle) {
        for (unsigned i = 0; i < 4; ++i)
            if ((dozing_ >> i & 1) != 0) try_again(s_.sm[i], cycle);
    }
}

/// One cycle of all machines: later ones win over earlier ones at the pins.
void Pio::run_cycle(Cycles cycle) {
    Effects fx{s_.pad_out, s_.pad_oe};
    bool overridden = false;
    for (unsigned i = 0; i < 4; ++i) {
        PioMachine& m = s_.sm[i];
        const std::uint32_t out = fx.out, oe = fx.oe;
        if (m.forced_pending && m.forced_at <= cycle) {
            run_forced(m, i, cycle, fx);
        } else if (m.enabled && !m.asleep && !m.forced_pending && (m.next >> 8) <= cycle) {
            const std::uint8_t pc = m.pc;
            const bool delays = m.delay_left != 0;
            tick(m, i, fx);
            if (!delays && (countings_[i].lasts >> pc & 1) != 0) rest(m, i, pc);
        } else if ((side_setters_ == 0 || !assert_stalled(i, cycle, fx)) && !sticky(m)) {
            continue;
        }
        if (sticky(m)) assert_sticky(m, fx);
        overridden |= out != fx.out || oe != fx.oe;
    }
    // A lower sticky machine asserts itself again in the cycle after a higher one has written.
    s_.sticky_at = any_sticky_ && overridden ? cycle + 1 : kNever;
    if (side_setters_ != 0) reassert_stalled(fx, cycle);
    apply(fx, cycle);
}

/// The next tick of the only machine that ticks.
[[gnu::always_inline]] inline void Pio::step_alone(PioMachine& m, unsigned index) {
    const Cycles cycle = m.next >> 8;
    Effects fx{s_.pad_out, s_.pad_oe};
    tick(m, index, fx);
    apply(fx, cycle);
}

void Pio::step(PioMachine& m, unsigned index) { step_alone(m, index); }

/// Fast path: only one machine ticks, and no one else can act before the horizon.
void Pio::run_alone(unsigned index) {
    PioMachine& m = s_.sm[index];
    roused_ = false;
    const bool loops = loop_[index].length != 0, unseen = !loops && runs_unseen(index);
    while ((m.next >> 8) < horizon() && !m.asleep && !roused_) {
        if (loops && m.pc == loop_[index].start) run_loop(m, index);
        if (unseen) {
            run_unseen(m, index);
            if ((m.next >> 8) >= horizon()) break;
        }
        const std::uint8_t pc = m.pc;
        const bool delays = m.delay_left != 0;  // what is left of a delay executes nothing
        step_alone(m, index);
        if (!delays && (countings_[index].lasts >> pc & 1) != 0) rest(m, index, pc);
    }
}

void Pio::catch_up(Cycles) {
    // The horizon given as argument can move closer while this runs; the matrix holds the current one.
    if ((code_dirty_ | horizon_dirty_) != 0) refresh();
    run_recurring();
    run_to(kNever);
}

/// Steps up to cycle `bound`, at most to the horizon. A delay loop of the only machine that ticks may go beyond.
void Pio::run_to(Cycles bound) {
    bound_ = bound;
    if (next_ < limit()) rest_on();
    while (next_ < limit()) {
        if (alone_ >= 0)
            run_alone(static_cast<unsigned>(alone_));
        else
            run_cycle(next_);
        update_next();
    }
    bound_ = kNever;
    if (std::exchange(resting_, std::uint8_t{0}) == 0) return;
    // Who rested ticks again: what else update_next() finds stays as it is.
    rest_end_ = kNever;
    if (!solo_) alone_ = -1;
}

void Pio::update_next() {
    Cycles next = s_.sticky_at;
    std::uint32_t waited = 0, held = 0;
    unsigned ticking = 0, rests = 0;
    alone_ = -1;
    rest_end_ = kNever;
    dozing_ = 0;
    bool forced = false;
    for (unsigned i = 0; i < 4; ++i) {
        const PioMachine& m = s_.sm[i];
        if (!m.enabled && !m.forced_pending) continue;
        if (m.forced_pending) {
            next = std::min(next, m.forced_at);
            forced = true;
            if (m.forced_dozes()) waited |= stalled_[i].mask;
        } else if (!m.asleep) {
            next = std::min(next, m.next >> 8);
            if ((resting_ >> i & 1) != 0) {
                ++rests;
                rest_end_ = std::min(rest_end_, m.next >> 8);
                continue;
            }
            ++ticking;
            alone_ = static_cast<int>(i);
        } else if (m.stall == PioStall::pin) {
            // Which pin is in the instruction; any change of a level is worth a look.
            waited |= m.exec_pending ? kPinMask : code_[i][m.pc].mask;
        }
        if ((side_setters_ >> i & 1) != 0)
            if (const PioInstruction* in = stalled_in(m, i)) held |= in->side_mask;
    }
    solo_ = ticking + rests <= 1;
    if (ticking == 0 && rests == 1) {
        alone_ = std::countr_zero(resting_);
        ticking = 1;
        rest_end_ = kNever;
    }
    if (ticking != 1 || forced || any_sticky_ || next >= rest_end_ ||
        (held & reach_[static_cast<unsigned>(alone_)]) != 0)
        alone_ = -1;
    next_ = clocked() ? next : kNever;
    idle_ = next_ == kNever;
    if (quiet_since_ || s_.settled) waited |= s_.settled ? s_.asked : asked_;
    if (waited != waited_pins_) {
        waited_pins_ = waited;
        pins_.waited_changed();
    }
}

}  // namespace rp2040
