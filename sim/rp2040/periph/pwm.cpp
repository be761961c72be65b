#include "periph/pwm.hpp"

#include <algorithm>

#include "regs/pwm.hpp"

namespace rp2040 {

namespace {
constexpr const regs::Block& kRegs = regs::kPwm;
consteval std::uint32_t at(std::string_view name) { return kRegs.at(name); }
constexpr std::uint32_t kCsrEn = kRegs.mask("CH0_CSR.EN"), kCsrPhCorrect = kRegs.mask("CH0_CSR.PH_CORRECT"),
                        kCsrPhRet = kRegs.mask("CH0_CSR.PH_RET"), kCsrPhAdv = kRegs.mask("CH0_CSR.PH_ADV"),
                        kCsrAInv = kRegs.mask("CH0_CSR.A_INV"), kCsrBInv = kRegs.mask("CH0_CSR.B_INV");
constexpr regs::Bits kDivMode = kRegs.bits("CH0_CSR.DIVMODE"), kDivInt = kRegs.bits("CH0_DIV.INT"),
                     kCcA = kRegs.bits("CH0_CC.A"), kCcB = kRegs.bits("CH0_CC.B");
constexpr std::uint32_t kStride = kRegs["CH%_CSR"].stride, kSliceRegisters = kRegs["CH%_CSR"].count * kStride;
constexpr unsigned kSlices = 8;
constexpr std::uint32_t kCounterMax = 0xffff;

enum class DivMode : unsigned { free_running, gated, rising, falling };

DivMode mode(const PwmState::Slice& s) { return static_cast<DivMode>(kDivMode.of(s.csr)); }
bool enabled(const PwmState::Slice& s) { return (s.csr & kCsrEn) != 0; }
bool phase_correct(const PwmState::Slice& s) { return (s.csr & kCsrPhCorrect) != 0; }
/// Divider in sixteenths; INT = 0 stands for 256.
std::uint64_t divisor(const PwmState::Slice& s) { return kDivInt.of(s.div) == 0 ? s.div + 0x1000 : s.div; }
/// Whether the slice counts clk_sys cycles at the moment.
bool divides(const PwmState::Slice& s) {
    return enabled(s) && (mode(s) == DivMode::free_running || (mode(s) == DivMode::gated && s.b_level));
}
std::uint64_t period(const PwmState::Slice& s) { return (std::uint64_t{s.live_top} + 1) * (phase_correct(s) ? 2 : 1); }
/// Counts until the wrap that ends the period. A counter beyond TOP runs through 0xffff first.
std::uint64_t steps_to_wrap(const PwmState::Slice& s) {
    if (s.down) return std::uint64_t{s.ctr} + 1;
    if (s.ctr > s.live_top) return kCounterMax + 1 - s.ctr;
    const std::uint64_t up = std::uint64_t{s.live_top} - s.ctr + 1;
    return phase_correct(s) ? up + s.live_top + 1 : up;
}
/// Bit 0: output A, bit 1: output B.
std::uint32_t inversions(const PwmState::Slice& s) {
    return ((s.csr & kCsrAInv) != 0 ? 1u : 0u) | ((s.csr & kCsrBInv) != 0 ? 2u : 0u);
}
std::uint8_t compare(const PwmState::Slice& s) {
    return static_cast<std::uint8_t>((s.ctr < kCcA.of(s.live_cc) ? 1 : 0) | (s.ctr < kCcB.of(s.live_cc) ? 2 : 0));
}
/// Counts until the level of `channel` changes; a large number when it never does. The wrap counts as a possible
/// change because new values may take effect there.
std::uint64_t steps_to_edge(const PwmState::Slice& s, unsigned channel) {
    const std::uint32_t cc = (channel == 0 ? kCcA : kCcB).of(s.live_cc);
    const bool constant = cc == 0 || cc > s.live_top;
    const bool pending = s.live_cc != s.cc || s.live_top != s.top;
    if (constant && !pending && s.ctr <= s.live_top) return ~std::uint64_t{0};
    const std::uint64_t wrap = steps_to_wrap(s);
    if (s.down) return s.ctr >= cc && cc != 0 ? s.ctr - cc + 1 : wrap;
    if (s.ctr < cc && cc <= s.live_top) return cc - s.ctr;
    if (phase_correct(s) && !constant && s.ctr <= s.live_top) return 2 * std::uint64_t{s.live_top} + 2 - s.ctr - cc;
    return wrap;
}
}  // namespace

Pwm::Pwm(Fabric& fabric) : StatefulPeripheral(kRegs, fabric) {
    fabric.events().bind(EventId::pwm, this, [](void* self, Cycles when) {
        auto& pwm = *static_cast<Pwm*>(self);
        pwm.fabric_.gpio().settle(when);
        for (unsigned i = 0; i < kSlices; ++i) pwm.advance(i, when);
        pwm.changed();
    });
    fabric.gpio().attach(inputs_);
    fabric.gpio().add_lazy_driver(*this);
}

void Pwm::reset() {
    const std::uint32_t wanted_wraps = s_.wanted_wraps;  // Belongs to the DMA.
    s_ = PwmState{};
    s_.wanted_wraps = wanted_wraps;
    for (Slice& slice : s_.slice) slice.at = now();
    fabric_.gpio().set_output(PinFunction::pwm, (1u << kPins) - 1, 0, (1u << kPins) - 1, now());
    changed();
}

void Pwm::restore(StateReader& in) {
    StatefulPeripheral::restore(in);
    changed();
}

bool Pwm::counts(const Slice& slice) const { return clocked() && divides(slice); }

void Pwm::clocks_changed() { changed(); }

Cycles Pwm::time_of_step(const Slice& slice, std::uint64_t steps) const {
    if (!counts(slice) || steps == ~std::uint64_t{0}) return kNever;
    const auto need = static_cast<std::int64_t>(steps * divisor(slice)) - slice.phase;
    return slice.at + static_cast<Cycles>(need <= 0 ? 0 : (need + 15) / 16);
}

Cycles Pwm::next_wrap(const Slice& slice) const { return time_of_step(slice, steps_to_wrap(slice)); }

Cycles Pwm::next_edge(const Slice& slice) const {
    return time_of_step(slice, std::min(steps_to_edge(slice, 0), steps_to_edge(slice, 1)));
}

/// Counts that happened up to and including cycle `until`.
void Pwm::advance(unsigned index, Cycles until) {
    Slice& slice = s_.slice[index];
    if (until <= slice.at) return;
    next_step_valid_ = false;
    const Cycles elapsed = until - slice.at;
    slice.at = until;
    if (!counts(slice)) return;
    const auto total = static_cast<std::int64_t>(elapsed * 16) + slice.phase;
    if (total < 0) {
        slice.phase = total;
        return;
    }
    const std::uint64_t div = divisor(slice);
    slice.phase = static_cast<std::int64_t>(static_cast<std::uint64_t>(total) % div);
    count(index, static_cast<std::uint64_t>(total) / div);
}

void Pwm::count(unsigned index, std::uint64_t steps) {
    Slice& slice = s_.slice[index];
    bool wrapped = false;
    for (std::uint64_t wrap = steps_to_wrap(slice); steps >= wrap; wrap = steps_to_wrap(slice)) {
        steps -= wrap;
        wrapped = true;
        slice.ctr = 0;
        slice.down = false;
        slice.live_cc = slice.cc;
        slice.live_top = slice.top;
        steps %= period(slice);
    }
    if (slice.down) {
        slice.ctr -= static_cast<std::uint32_t>(steps);
    } else if (phase_correct(slice) && slice.ctr <= slice.live_top && slice.ctr + steps > slice.live_top) {
        slice.ctr = static_cast<std::uint32_t>(2 * std::uint64_t{slice.live_top} + 1 - slice.ctr - steps);
        slice.down = true;
    } else {
        slice.ctr += static_cast<std::uint32_t>(steps);
    }
    slice.out = compare(slice);
    if (!wrapped) return;
    s_.intr |= 1u << index;
    if (((s_.wanted_wraps >> index) & 1u) != 0)
        fabric_.set_dreq(static_cast<Dreq>(static_cast<unsigned>(Dreq::pwm_wrap0) + index), 1);
}

/// Slice n drives GPIO 2n and 2n + 1, and the same pair 16 higher (datasheet 4.5.2).
void Pwm::drive(unsigned index, Cycles when, bool direction_changed) {
    Slice& slice = s_.slice[index];
    const auto levels = static_cast<std::uint8_t>(slice.out ^ inversions(slice));
    const std::uint32_t flipped = direction_changed ? 3u : slice.pads ^ levels;
    if (flipped == 0) return;
    slice.pads = levels;
    const auto both_banks = [index](std::uint32_t pair) {
        return (pair << (2 * index) | pair << (2 * index + 16)) & ((1u << kPins) - 1);
    };
    // In the counting modes B is an input.
    const std::uint32_t outputs = mode(slice) == DivMode::free_running ? 3u : 1u;
    fabric_.gpio().set_output(PinFunction::pwm, both_banks(flipped), both_banks(levels), both_banks(outputs), when);
}

void Pwm::run_edges(unsigned index, Cycles until) {
    Slice& slice = s_.slice[index];
    for (Cycles edge = next_edge(slice); edge < until; edge = next_edge(slice)) {
        advance(index, edge);
        drive(index, edge);
    }
}

/// Edges that nobody sees: those of the first periods reach the latches, and the ones up to cycle `until` are like
/// them.
void Pwm::skip_edges(unsigned index, Cycles until) {
    Slice& slice = s_.slice[index];
    if (!counts(slice)) return;
    // What waits for the next wrap has come with the first of them.
    const Cycles wrap = next_wrap(slice);
    if (wrap >= until) return;
    const std::uint64_t steps =
        (std::max(slice.live_top, slice.top) + std::uint64_t{1}) * (phase_correct(slice) ? 2 : 1);
    const Cycles settled = wrap + 2 * (steps * divisor(slice) / 16 + 1);
    if (settled >= until) return;
    run_edges(index, settled + 1);
    advance(index, until);
    drive(index, until);
}

void Pwm::catch_up(Cycles until) {
    if (until == 0) return;
    const std::uint32_t observed = fabric_.gpio().observed_outputs(PinFunction::pwm);
    const auto seen = [&](unsigned i) {
        return enabled(s_.slice[i]) && ((observed >> (2 * i) | observed >> (2 * i + 16)) & 3u) != 0;
    };
    std::uint32_t slices = 0;
    for (unsigned i = 0; i < kSlices; ++i) slices |= seen(i) ? 1u << i : 0u;
    if (fabric_.gpio().own_way(next_step(), until))
        for (unsigned i = 0; i < kSlices; ++i)
            if ((slices >> i & 1u) != 0) skip_edges(i, until - Gpio::kRemembered);
    // Several slices: their edges in the order of time, which is that of the pins' history.
    if ((slices & (slices - 1)) != 0)
        for (Cycles next = next_step(); next < until; next = next_step())
            for (unsigned i = 0; i < kSlices; ++i)
                if ((slices >> i & 1u) != 0) run_edges(i, next + 1);
    for (unsigned i = 0; i < kSlices; ++i) {
        if (!enabled(s_.slice[i])) continue;
        if ((slices >> i & 1u) != 0) run_edges(i, until);
        advance(i, until - 1);
        drive(i, until - 1);
    }
}

Cycles Pwm::next_step() const {
    const std::uint32_t observed = fabric_.gpio().observed_outputs(PinFunction::pwm);
    if (next_step_valid_ && observed == next_step_pins_) return next_step_;
    next_step_ = kNever;
    for (unsigned i = 0; i < kSlices; ++i)
        if (((observed >> (2 * i) | observed >> (2 * i + 16)) & 3u) != 0)
            next_step_ = std::min(next_step_, next_edge(s_.slice[i]));
    next_step_pins_ = observed;
    next_step_valid_ = true;
    return next_step_;
}

std::uint32_t Pwm::input_pins() const {
    std::uint32_t pins = 0;
    for (unsigned i = 0; i < kSlices; ++i)
        if (mode(s_.slice[i]) != DivMode::free_running) pins |= 2u << (2 * i) | 2u << (2 * i + 16);
    return pins & ((1u << kPins) - 1);
}

void Pwm::input_changed(unsigned pin, bool level, Cycles when) {
    if ((fabric_.gpio().observed_outputs(PinFunction::pwm) >> pin & 1u) == 0) return;
    const unsigned index = (pin / 2) % kSlices;
    Slice& slice = s_.slice[index];
    advance(index, when);
    const bool edge = slice.b_level != level;
    slice.b_level = level;
    const DivMode m = mode(slice);
    if (edge && enabled(slice) && ((m == DivMode::rising && level) || (m == DivMode::falling && !level))) {
        // An edge enables the divider for one cycle.
        const auto total = static_cast<std::uint64_t>(slice.phase + 16);
        slice.phase = static_cast<std::int64_t>(total % divisor(slice));
        count(index, total / divisor(slice));
    }
    drive(index, when);
    next_step_valid_ = false;
    update_irq();
    reschedule();
}

/// Brings the whole block to the present before a register is read or changed.
void Pwm::synchronise() {
    // Edges on a B pin may come from a driver that has not caught up yet.
    if (watched_pins_ != 0) (void)fabric_.gpio().inputs(now());
    catch_up(now() + 1);
    for (unsigned i = 0; i < kSlices; ++i) advance(i, now());
}

void Pwm::changed() {
    next_step_valid_ = false;
    if (const std::uint32_t pins = input_pins(); pins != watched_pins_) {
        watched_pins_ = pins;
        fabric_.gpio().watch_changed();
        // The level that the slices start from.
        const std::uint32_t selected = pins & fabric_.gpio().observed_outputs(PinFunction::pwm);
        for (unsigned pin = 1; pin < kPins; pin += 2)
            if ((selected >> pin & 1u) != 0) s_.slice[pin / 2 % kSlices].b_level = fabric_.gpio().level(pin, now());
    }
    update_irq();
    reschedule();
}

std::uint32_t Pwm::read(std::uint32_t offset) { return peek(offset); }

std::uint32_t Pwm::peek(std::uint32_t offset) {
    synchronise();  // Not a side effect of the read: only brings the lazy state to the present.
    if (offset < kSliceRegisters) {
        const unsigned index = offset / kStride;
        const Slice& slice = s_.slice[index];
        switch (offset % kStride) {
            case at("CH0_CSR"): return slice.csr;
            case at("CH0_DIV"): return slice.div;
            case at("CH0_CTR"): return slice.ctr;
            case at("CH0_CC"): return slice.cc;
            default: return slice.top;
        }
    }
    switch (offset) {
        case at("EN"): {
            std::uint32_t bits = 0;
            for (unsigned i = 0; i < kSlices; ++i) bits |= (s_.slice[i].csr & kCsrEn) << i;
            return bits;
        }
        case at("INTR"): return s_.intr;
        case at("INTE"): return s_.inte;
        case at("INTF"): return s_.intf;
        case at("INTS"): return (s_.intr & s_.inte) | s_.intf;
        default: unmodelled(offset, false);
    }
}

void Pwm::write_csr(unsigned index, std::uint32_t value) {
    Slice& slice = s_.slice[index];
    slice.csr = value & kRegs.writable("CH0_CSR");
    if (!enabled(slice)) return;
    // PH_ADV and PH_RET clear themselves: one count more, or one count swallowed by the divider.
    if ((value & kCsrPhAdv) != 0) count(index, 1);
    if ((value & kCsrPhRet) != 0) slice.phase -= static_cast<std::int64_t>(divisor(slice));
}

void Pwm::write(std::uint32_t offset, std::uint32_t value) {
    synchronise();
    if (offset < kSliceRegisters) {
        const unsigned index = offset / kStride;
        Slice& slice = s_.slice[index];
        const DivMode old_mode = mode(slice);
        switch (offset % kStride) {
            case at("CH0_CSR"): write_csr(index, value); break;
            case at("CH0_DIV"):
                slice.div = value & kRegs.writable("CH0_DIV");
                // Who has counted further than the new divisor goes counts in the next cycle.
                slice.phase = std::min(slice.phase, static_cast<std::int64_t>(divisor(slice)) - 1);
                break;
            case at("CH0_CTR"):
                slice.ctr = value & kRegs.writable("CH0_CTR");
                slice.down = false;
                break;
            case at("CH0_CC"): slice.cc = value; break;
            default: slice.top = value & kRegs.writable("CH0_TOP"); break;
        }
        if (!enabled(slice)) {
            // Double buffering waits for a wrap only while the slice counts.
            slice.live_cc = slice.cc;
            slice.live_top = slice.top;
            slice.phase = 0;
        } else {
            slice.out = compare(slice);
        }
        drive(index, now() + 1, mode(slice) != old_mode);
    } else {
        switch (offset) {
            case at("EN"):
                for (unsigned i = 0; i < kSlices; ++i) {
                    Slice& slice = s_.slice[i];
                    slice.csr = (slice.csr & ~kCsrEn) | ((value >> i) & 1u);
                    if (enabled(slice)) slice.out = compare(slice);
                    drive(i, now() + 1);
                }
                break;
            case at("INTR"): s_.intr &= ~(value & kRegs.clearable("INTR")); break;
            case at("INTE"): s_.inte = value & kRegs.writable("INTE"); break;
            case at("INTF"): s_.intf = value & kRegs.writable("INTF"); break;
            default: return ignore_read_only(offset);
        }
    }
    changed();
    fabric_.gpio().plan();  // a state machine may wait for a pin that moves from now on
}

void Pwm::watch_wraps(std::uint8_t slices) {
    if (s_.wanted_wraps == slices) return;
    synchronise();  // Wraps before now are not requests.
    s_.wanted_wraps = slices;
    reschedule();
}

void Pwm::reschedule() {
    Cycles due = kNever;
    for (unsigned i = 0; i < kSlices; ++i)
        if ((((s_.inte & ~s_.intr) | s_.wanted_wraps) >> i & 1u) != 0) due = std::min(due, next_wrap(s_.slice[i]));
    if (fabric_.gpio().awaited(PinFunction::pwm)) due = std::min(due, next_step());
    fabric_.events().schedule(EventId::pwm, due);
}

void Pwm::update_irq() { fabric_.set_irq(Irq::pwm_wrap, ((s_.intr & s_.inte) | s_.intf) != 0); }

double Pwm::duty(unsigned index, unsigned channel) const {
    const Slice& slice = s_.slice.at(index);
    const bool inverted = (inversions(slice) >> channel & 1u) != 0;
    double high = (slice.out >> channel) & 1u;
    if (enabled(slice)) {
        const std::uint32_t cc = (channel == 0 ? kCcA : kCcB).of(slice.cc);
        high = std::min(1.0, static_cast<double>(cc) / (static_cast<double>(slice.top) + 1.0));
    }
    return inverted ? 1.0 - high : high;
}

std::uint64_t Pwm::period_q4(unsigned index) const {
    const Slice& slice = s_.slice.at(index);
    return enabled(slice) && mode(slice) == DivMode::free_running ? period(slice) * divisor(slice) : 0;
}

}  // namespace rp2040
