// Who sees which pins: so far as nobody does, their drivers need not be brought up to date.
#include <algorithm>
#include <utility>

#include "io/pin_matrix.hpp"

namespace rp2040 {

/// Then each may go its own way. But for the last cycles: levels are remembered in the order of time.
bool PinMatrix::strangers() const {
    return unseen() && nets_.empty() && std::none_of(stepping_.begin(), stepping_.end(), [](const TimedDriver* driver) {
               return !driver->idle() && driver->reads_pins();
           });
}

void PinMatrix::note_awaited() {
    awaited_ = irq_pins_;
    for (const auto* driver : timed_) awaited_ |= driver->awaited_pins();
    for (const auto& w : watches_)
        if (w.watcher->prompt()) awaited_ |= w.pins;
    awaited_ = wired(awaited_);
    awaited_inputs_ = awaited_;
    for (const auto& w : watches_)
        if ((w.driven & awaited_) != 0) awaited_inputs_ |= wired(w.pins);
    schedule_pending();
}

Cycles PinMatrix::earliest_other(const TimedDriver* self) const {
    Cycles earliest = next_pending_;
    for (const auto* driver : stepping_)
        if (driver != self && !driver->idle()) earliest = std::min(earliest, driver->next_step());
    return earliest;
}

PinMatrix::LoopWatch PinMatrix::watch_of_loop(PinFunction function, std::uint32_t pins) const {
    LoopWatch found;
    const std::uint32_t mask = pins & selected(function), heard = irq_pins_ | waited_;
    if (overridden_ || !nets_.empty() || (mask & (heard | s_.output_disable)) != 0) return found;
    for (const Watch& w : watches_) {
        if ((w.pins & mask) == 0) continue;
        const auto lines = w.watcher->clocked_lines();
        if (found.watcher != nullptr || !lines) return found;
        found.watcher = w.watcher;
        found.clock_pin = w.pin.at(lines->clock);
        found.data_pin = w.pin.at(lines->data);
        found.edge = lines->edge;
        if (found.clock_pin >= kPins || found.data_pin >= kPins) return found;
        const std::uint32_t data = 1u << found.data_pin;
        if ((data & (heard | watched_ | s_.mux_oe | mask)) != 0 || (data & s_.input_enable) == 0) return found;
    }
    found.quiet = true;
    return found;
}

std::uint32_t PinMatrix::lazily_driven() const {
    return selected(PinFunction::pio0) | selected(PinFunction::pio1) | selected(PinFunction::pwm) |
           selected(PinFunction::uart) | selected(PinFunction::clock) | selected(PinFunction::spi);
}

bool PinMatrix::unseen() const {
    return (wired(lazily_driven()) & (watched_ | irq_pins_ | awaited_ | waited_)) == 0 && next_pending_ == kNever;
}

bool PinMatrix::unobserved(const TimedDriver& driver, std::uint32_t pins) const {
    if (overridden_ || (pins & (irq_pins_ | waited_ | s_.output_disable)) != 0) return false;
    if (std::any_of(nets_.begin(), nets_.end(), [pins](std::uint32_t net) { return (net & pins) != 0; })) return false;
    for (const Watch& w : watches_)
        if ((w.pins & pins) != 0 && !w.watcher->takes_transfers()) return false;
    // PIO sees pins that it does not wait for.
    return earliest_other(&driver) == kNever;
}

bool PinMatrix::plain(std::uint32_t outputs, std::uint32_t inputs) const {
    const std::uint32_t all = outputs | inputs;
    if ((all & s_.shorted) != 0) return false;
    for (const auto* m : {&s_.out_over, &s_.oe_over, &s_.in_over})
        if ((all & (m->invert | m->set | ~m->keep)) != 0) return false;
    return (outputs & s_.output_disable) == 0 && (inputs & ~s_.input_enable) == 0;
}

bool PinMatrix::may_change(std::uint32_t pins) const { return follow(pins, lazily_driven()); }

bool PinMatrix::may_change(std::uint32_t pins, PinFunction function, std::uint32_t reach) const {
    const std::uint32_t own = selected(function);
    return follow(pins, (lazily_driven() & ~own) | (own & reach));
}

/// Whether any of `pins` may change when `lazy` do, or by what is to come.
bool PinMatrix::follow(std::uint32_t pins, std::uint32_t lazy) const {
    return (pins & (lazy | answered(lazy))) != 0 || next_pending_ != kNever;
}

/// Pins that follow changes of `pins`: wired to them, or driven by devices in answer, directly or through others.
std::uint32_t PinMatrix::answered(std::uint32_t pins) const {
    std::uint32_t answers = nets_.empty() ? 0 : wired(pins) & ~pins;
    for (std::uint32_t before = ~answers; before != answers;) {
        before = answers;
        for (const auto& w : watches_)
            if ((w.pins & (pins | answers)) != 0) answers |= wired(w.driven);
    }
    return answers;
}

void PinMatrix::plan_waiting(const TimedDriver* self) {
    if (waited_ == 0) return;
    for (auto* driver : timed_)
        if (driver != self && driver->waited_pins() != 0) driver->plan();
}

bool PinMatrix::awaited(PinFunction function) const {
    if (awaited_ == 0) return false;
    const std::uint32_t own = selected(function);
    return (awaited_ & (own | answered(own))) != 0;
}

void PinMatrix::attach(LineWatcher& watcher, const LinePins& pins) {
    Watch watch{0, 0, &watcher, {}, pins};
    for (unsigned pin = 0; pins.empty() && pin < kPins; ++pin) watch.pin.push_back(static_cast<std::uint8_t>(pin));
    for (std::size_t line = 0; line < watch.pin.size(); ++line)
        if (watch.pin[line] != kNoPin) watch.line.at(watch.pin[line]) = static_cast<std::uint8_t>(line);
    watches_.push_back(std::move(watch));
    watch_changed();
}

void PinMatrix::detach(LineWatcher& watcher) {
    std::erase_if(watches_, [&](const Watch& w) { return w.watcher == &watcher; });
    watch_changed();
}

std::uint32_t PinMatrix::pins_of(const Watch& watch, std::uint32_t lines) {
    std::uint32_t pins = 0;
    for (std::size_t line = 0; line < watch.pin.size(); ++line)
        if ((lines >> line & 1) != 0 && watch.pin[line] != kNoPin) pins |= 1u << watch.pin[line];
    return pins;
}

void PinMatrix::watch_changed() {
    watched_ = 0;
    for (auto& w : watches_) {
        watched_ |= w.pins = pins_of(w, w.watcher->watched_lines());
        w.driven = pins_of(w, w.watcher->driven_lines());
    }
    note_awaited();
}

}  // namespace rp2040
