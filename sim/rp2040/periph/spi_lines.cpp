// The SPI's pins: a master's frames as wave forms, and a slave that follows SCK and CSn bit by bit.
//
// Half bit k of a frame begins k halves after the frame. With SPH = 0 a bit stands on TX from an even step on and is
// taken at the odd one, the leading edge; with SPH = 1 it comes with the leading edge and is taken at the trailing one.
#include <algorithm>
#include <bit>
#include <utility>

#include "periph/spi.hpp"
#include "regs/spi.hpp"

namespace rp2040 {

namespace {
constexpr const regs::Block& kRegs = regs::kSpi;
constexpr std::uint32_t kSse = kRegs.mask("SSPCR1.SSE"), kMs = kRegs.mask("SSPCR1.MS"), kSod = kRegs.mask("SSPCR1.SOD"),
                        kSpo = kRegs.mask("SSPCR0.SPO"), kSph = kRegs.mask("SSPCR0.SPH");
constexpr std::uint32_t kPinsOfSpi0 = 0x00ff00ff, kEveryFourth = 0x11111111, kPinMask = (1u << kPins) - 1;
constexpr Cycles kSettled = 8;  ///< What is further back than this the inputs' history cannot show.
}  // namespace

std::uint32_t Spi::all_pins(unsigned role) const {
    return (instance_ == 0 ? kPinsOfSpi0 : ~kPinsOfSpi0) & kEveryFourth << role & kPinMask;
}

std::uint32_t Spi::pins(unsigned role) const {
    return fabric_.gpio().observed_outputs(PinFunction::spi) & all_pins(role);
}

/// A signal that comes in; one that no pin brings is low.
bool Spi::input(unsigned role, Cycles when) const { return (fabric_.gpio().inputs(when, ~0u) & pins(role)) != 0; }

bool Spi::is_slave() const { return (s_.cr1 & (kSse | kMs)) == (kSse | kMs); }

void Spi::show(const SpiState::Lines& lines, Cycles when) {
    if (lines == s_.lines) return;
    s_.lines = lines;
    const std::uint32_t sck = all_pins(kPinSck), csn = all_pins(kPinCsn), tx = all_pins(kPinTx);
    const std::uint32_t value = (lines.sck ? sck : 0) | (lines.csn ? csn : 0) | (lines.tx ? tx : 0);
    const std::uint32_t enable = (lines.master ? sck | csn : 0) | (lines.tx_on ? tx : 0);
    fabric_.gpio().set_output(PinFunction::spi, sck | csn | tx, value, enable, when);
}

/// Between frames: a master holds its lines, a slave drives TX while it is selected.
void Spi::show_idle(Cycles when) {
    SpiState::Lines lines = s_.lines;
    lines.master = (s_.cr1 & kMs) == 0;
    if (lines.master)
        lines = {(s_.cr0 & kSpo) != 0, true, false, true, true};
    else
        lines.tx_on = is_slave() && s_.selected && (s_.cr1 & kSod) == 0;
    show(lines, when);
}

Cycles Spi::step_time(unsigned step) const {
    return s_.frame_at + static_cast<Cycles>((Wide{s_.half_q32} * step + 0xffffffffu) >> 32);
}

void Spi::note_idle() { idle_ = s_.stopped_at != kNever || connected_ == 0 || (!s_.busy && s_.release_at == kNever); }

Cycles Spi::next_step() const {
    if (idle_) return kNever;
    if (s_.busy && s_.step <= 2u * s_.bits) return step_time(s_.step);
    return s_.release_at;
}

/// Takes in a bit if `step` is one at which bits are taken.
void Spi::sample(unsigned step, Cycles when) {
    const bool samples = s_.phase ? step != 0 && step % 2 == 0 : step % 2 != 0;
    if (samples) s_.in = static_cast<std::uint16_t>(s_.in << 1 | (input(kPinRx, when) ? 1 : 0));
}

void Spi::take_step(unsigned step, Cycles when) {
    sample(step, when);
    SpiState::Lines lines{s_.polarity, false, s_.lines.tx, true, true};
    lines.sck = s_.polarity != (step % 2 != 0);
    const bool puts = s_.phase ? step % 2 != 0 : step % 2 == 0;
    const unsigned bit = step / 2;
    if (puts && bit < s_.bits) lines.tx = (s_.shift >> (s_.bits - 1u - bit) & 1) != 0;
    show(lines, when);
    if (!s_.answer || !puts || bit >= s_.bits) return;
    const bool level = (*s_.answer >> (s_.bits - 1u - bit) & 1) != 0;  // of a device, which answers the clock
    for (std::uint32_t rx = pins(kPinRx); rx != 0; rx &= rx - 1)
        fabric_.gpio().drive(static_cast<unsigned>(std::countr_zero(rx)), level ? Gpio::Drive::high : Gpio::Drive::low,
                             when);
}

/// Nobody sees the steps before the last ones: bits come in from a level that rests, edges are only noted.
void Spi::skip_steps(Cycles until) {
    const unsigned first = s_.step;
    while (s_.step <= 2u * s_.bits && step_time(s_.step) + kSettled < until) {
        if (!s_.answer) sample(s_.step, step_time(s_.step));
        ++s_.step;
    }
    if (s_.step < first + 2) {
        s_.step = static_cast<std::uint8_t>(first);
        return;
    }
    --s_.step;  // the last one is taken as usual, and shows the levels as they are then
    const auto mask = static_cast<std::uint16_t>((2u << (s_.bits - 1)) - 1);
    const std::uint16_t word = s_.shift & mask;
    const bool mixed = word != 0 && word != mask;
    fabric_.gpio().pulsed(pins(kPinSck) | (mixed ? pins(kPinTx) : 0));
}

bool Spi::unobserved() const { return fabric_.gpio().unobserved(*this, connected_ & ~pins(kPinCsn)); }

void Spi::catch_up(Cycles until) {
    if (s_.stopped_at != kNever) return;
    if (s_.busy) {
        if (s_.step != 0 && step_time(s_.step) + 4 * kSettled < until && unobserved()) {
            const std::uint16_t before = s_.in;
            const std::uint8_t step = s_.step;
            skip_steps(until);
            if (s_.step == step)
                s_.in = before;
            else if (const bool samples = s_.phase ? s_.step % 2 == 0 : s_.step % 2 != 0; samples && !s_.answer)
                s_.in >>= 1;  // taken again with that step
        }
        for (; s_.step <= 2u * s_.bits; ++s_.step) {
            const Cycles when = step_time(s_.step);
            if (when >= until) return;
            take_step(s_.step, when);
        }
    }
    if (s_.release_at < until) {
        SpiState::Lines lines = s_.lines;
        lines.csn = true;
        lines.tx = false;
        show(lines, std::exchange(s_.release_at, kNever));
        note_idle();
    }
}

void Spi::plan() {
    static_cast<void>(choose_pins());
    reschedule();
}

/// Pins that the block drives and, as a slave, listens to; whether these have changed.
bool Spi::choose_pins() {
    connected_ = pins(kPinRx) | pins(kPinCsn) | pins(kPinSck) | pins(kPinTx);
    note_idle();
    const std::uint32_t watched = is_slave() ? pins(kPinCsn) | pins(kPinSck) : 0;
    if (watched == watched_) return false;
    watched_ = watched;
    fabric_.gpio().watch_changed();
    s_.position = 0;
    s_.clock = input(kPinSck, now() + 1);  // what was written in this cycle counts
    if (is_slave()) slave_select(!input(kPinCsn, now() + 1), now() + 1);
    return true;
}

// ---------------------------------------------------------------------------------------------- slave

void Spi::input_changed(unsigned pin, bool, Cycles when) {
    if (!is_slave() || s_.stopped_at != kNever) return;
    if ((pins(kPinCsn) >> pin & 1) != 0) slave_select(!input(kPinCsn, when), when);
    if ((pins(kPinSck) >> pin & 1) == 0) return;
    const bool level = input(kPinSck, when);
    if (level != s_.clock) slave_clock(level, when);
    s_.clock = level;
}

/// A falling CSn begins a frame. With SPH = 0 each frame needs one: the data register is frozen while CSn stays low
/// (PL022 TRM, Motorola frame format).
void Spi::slave_select(bool selected, Cycles when) {
    s_.selected = selected;
    s_.frozen = false;
    s_.position = 0;
    if (selected && (s_.cr0 & kSph) == 0) {
        slave_load();
        slave_put(when);
    }
    show_idle(when);
    update();
}

void Spi::slave_load() { s_.out = s_.tx.empty() ? std::uint16_t{0} : s_.tx.pop(); }

void Spi::slave_put(Cycles when) {
    SpiState::Lines lines = s_.lines;
    lines.tx = (s_.out >> (frame_bits() - 1 - s_.position) & 1) != 0;
    lines.tx_on = (s_.cr1 & kSod) == 0;
    lines.master = false;
    show(lines, when);
}

void Spi::slave_clock(bool level, Cycles when) {
    if (!s_.selected || s_.frozen) return;
    const bool leading = level != ((s_.cr0 & kSpo) != 0), phase = (s_.cr0 & kSph) != 0;
    if (leading != phase) {  // the edge at which both sides take a bit
        if (s_.position == 0) s_.in = 0;
        s_.in = static_cast<std::uint16_t>(s_.in << 1 | (input(kPinRx, when) ? 1 : 0));
        if (++s_.position < frame_bits()) return;
        s_.position = 0;
        s_.frozen = !phase;
        receive(s_.in);
        update();
        return;
    }
    if (phase && s_.position == 0) {
        slave_load();
        update();
    }
    slave_put(when);
}

}  // namespace rp2040
