// GPOUT0 to GPOUT3: clock generators whose output reaches a pin (datasheet 2.15.6.1).
//
// A clock is a count of half periods; its parity is the level. Clocks faster than half of clk_sys change within a
// cycle, which the pins cannot show: such a pin has the level at the beginning of each cycle.
#include <algorithm>

#include "periph/clocks.hpp"

namespace rp2040 {

namespace {
constexpr std::array<unsigned, 4> kPin = {21, 23, 24, 25};
constexpr std::uint32_t kAllPins = 1u << 21 | 1u << 23 | 1u << 24 | 1u << 25;
}  // namespace

void Clocks::restore(StateReader& in) {
    StatefulPeripheral::restore(in);
    connected_ = fabric_.gpio().observed_outputs(PinFunction::clock) & kAllPins;
}

void Clocks::set_output_rates() {
    for (unsigned i = 0; i < kPin.size(); ++i)
        s_.gpout[i].half_periods.set_rate(now(), 2 * std::uint64_t{s_.hz[i]}, hz(ClockId::sys));
    fabric_.gpio().plan();
}

void Clocks::show(unsigned index, Cycles when) {
    auto& out = s_.gpout[index];
    out.shown = out.half_periods.count(when);
    const std::uint32_t pin = 1u << kPin[index];
    fabric_.gpio().set_output(PinFunction::clock, pin, (out.shown & 1) != 0 ? pin : 0, pin, when);
}

Cycles Clocks::next_step() const {
    Cycles next = kNever;
    for (unsigned i = 0; i < kPin.size(); ++i)
        if ((connected_ >> kPin[i] & 1) != 0) next = std::min(next, next_edge(i));
    return next;
}

Cycles Clocks::next_edge(unsigned index) const {
    const auto& out = s_.gpout[index];
    return out.half_periods.running() ? out.half_periods.when(out.shown + 1) : kNever;
}

/// Edges that nobody sees: the first ones reach the latches, and those up to cycle `until` are like them.
void Clocks::skip_edges(unsigned index, Cycles until) {
    if (2 * std::uint64_t{s_.hz[index]} > hz(ClockId::sys)) return;  // there may be cycles without one
    for (unsigned n = 0; n < 2 && next_edge(index) < until; ++n) show(index, next_edge(index));
    if (next_edge(index) < until) show(index, until);
}

void Clocks::catch_up(Cycles until) {
    if (fabric_.gpio().own_way(next_step(), until))
        for (unsigned i = 0; i < kPin.size(); ++i)
            if ((connected_ >> kPin[i] & 1) != 0) skip_edges(i, until - Gpio::kRemembered);
    for (Cycles next = next_step(); next < until; next = next_step())
        for (unsigned i = 0; i < kPin.size(); ++i)
            if ((connected_ >> kPin[i] & 1) != 0 && next_edge(i) == next) show(i, next);
}

void Clocks::plan() {
    const std::uint32_t connected = fabric_.gpio().observed_outputs(PinFunction::clock) & kAllPins;
    const std::uint32_t added = connected & ~connected_;
    connected_ = connected;
    for (unsigned i = 0; i < kPin.size(); ++i)
        if ((added >> kPin[i] & 1) != 0) show(i, now());  // what it did meanwhile reached nobody
    const Cycles due = fabric_.gpio().awaited(PinFunction::clock) ? next_step() : kNever;
    if (fabric_.events().due(EventId::gpout) != due) fabric_.events().schedule(EventId::gpout, due);
}

}  // namespace rp2040
