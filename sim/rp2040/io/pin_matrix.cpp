#include "io/pin_matrix.hpp"

#include <algorithm>
#include <utility>

#include "base/scope.hpp"
#include "regs/io_bank0.hpp"
#include "regs/pads_bank0.hpp"

namespace rp2040 {

namespace {
constexpr std::uint32_t kCtrlReset = regs::kIoBank0.reset("GPIO0_CTRL");
constexpr std::uint32_t kPadReset = regs::kPadsBank0.reset("GPIO0");
consteval regs::Bits ctrl_bits(std::string_view field) { return regs::kIoBank0.bits(field); }
consteval std::uint32_t pad_bit(std::string_view field) { return regs::kPadsBank0.mask(field); }
consteval std::uint32_t status_bit(std::string_view field) { return regs::kIoBank0.bits(field).lsb; }

void set_bit(std::uint32_t& word, std::uint32_t bit, bool value) { word = value ? word | bit : word & ~bit; }
}  // namespace

PinMatrix::PinMatrix(Fabric& fabric) : fabric_(fabric) {
    reset();
    fabric_.events().bind(EventId::pins, this,
                          [](void* self, Cycles when) { static_cast<PinMatrix*>(self)->catch_up(when + 1); });
}

/// Resets the chip's side of the pins; what the outside drives, and the levels until something changes them, stay.
void PinMatrix::reset() {
    const State old = s_;
    s_ = State{};
    for (auto* masks : {&s_.out_over, &s_.oe_over, &s_.in_over, &s_.irq_over}) masks->keep = kPinMask;
    s_.external = old.external;
    s_.external_level = old.external_level;
    s_.shorted = old.shorted;
    s_.shorted_level = old.shorted_level;
    s_.level = old.level;
    // Time begins anew: what is dated in the time before has happened, as what would have come has.
    for (Change& change : s_.history) change = {0, old.history[old.newest].input};
    for (const Pending& p : std::exchange(pending_, {})) {
        set_bit(s_.external, 1u << p.pin, p.drive != Drive::released);
        set_bit(s_.external_level, 1u << p.pin, p.drive == Drive::high);
    }
    next_pending_ = kNever;
    resolving_ = horizon_ = 0;
    s_.input_enable = kPinMask;
    s_.pull_down = kPinMask;
    const Scope scope(running_);  // The drivers are reset as well: there is nothing to catch up with.
    const Cycles now = fabric_.events().now();
    for (unsigned pin = 0; pin < kPins; ++pin) {
        configure(pin, kCtrlReset, now);
        set_pad(pin, kPadReset, now);
    }
}

void PinMatrix::set_override(OverrideMasks& masks, unsigned pin, Override mode) {
    const std::uint32_t bit = 1u << pin;
    set_bit(masks.invert, bit, mode == Override::invert);
    set_bit(masks.keep, bit, mode == Override::normal || mode == Override::invert);
    set_bit(masks.set, bit, mode == Override::high);
}

void PinMatrix::configure(unsigned pin, std::uint32_t ctrl, Cycles when) {
    catch_up(when);
    const std::uint32_t bit = 1u << pin;
    const std::size_t function = ctrl_bits("GPIO0_CTRL.FUNCSEL").of(ctrl);
    for (std::size_t f = 0; f < kFunctions; ++f) set_bit(s_.select[f], bit, f == function);
    set_override(s_.out_over, pin, static_cast<Override>(ctrl_bits("GPIO0_CTRL.OUTOVER").of(ctrl)));
    set_override(s_.oe_over, pin, static_cast<Override>(ctrl_bits("GPIO0_CTRL.OEOVER").of(ctrl)));
    set_override(s_.in_over, pin, static_cast<Override>(ctrl_bits("GPIO0_CTRL.INOVER").of(ctrl)));
    set_override(s_.irq_over, pin, static_cast<Override>(ctrl_bits("GPIO0_CTRL.IRQOVER").of(ctrl)));
    note_overrides();
    note_stepping();
    rebuild_mux();
    resolve(when);
    finish();
    if (!running_) plan();
}

void PinMatrix::note_stepping() {
    stepping_.clear();
    for (TimedDriver* driver : timed_)
        if (driver->steps_through() == PinFunction::none || selected(driver->steps_through()) != 0)
            stepping_.push_back(driver);
}

void PinMatrix::note_overrides() {
    overridden_ = s_.shorted != 0;
    for (const auto* m : {&s_.out_over, &s_.oe_over, &s_.in_over})
        overridden_ |= m->invert != 0 || m->set != 0 || m->keep != kPinMask;
}

void PinMatrix::set_pad(unsigned pin, std::uint32_t pad, Cycles when) {
    catch_up(when);
    const std::uint32_t bit = 1u << pin;
    set_bit(s_.pull_down, bit, pad & pad_bit("GPIO0.PDE"));
    set_bit(s_.pull_up, bit, pad & pad_bit("GPIO0.PUE"));
    set_bit(s_.input_enable, bit, pad & pad_bit("GPIO0.IE"));
    set_bit(s_.output_disable, bit, pad & pad_bit("GPIO0.OD"));
    resolve(when);
    finish();
}

void PinMatrix::rebuild_mux() {
    s_.mux_out = s_.mux_oe = 0;
    for (std::size_t f = 0; f < kFunctions; ++f) {
        s_.mux_out |= s_.output[f].value & s_.select[f];
        s_.mux_oe |= s_.output[f].enable & s_.select[f];
    }
}

std::uint32_t PinMatrix::status(unsigned pin, Cycles when) {
    catch_up(when);
    const std::uint32_t to_pad = override_levels(s_.mux_out, s_.out_over);
    const std::uint32_t oe_to_pad = override_levels(s_.mux_oe, s_.oe_over);
    const auto bit = [pin](std::uint32_t word) { return (word >> pin) & 1; };
    return bit(s_.mux_out) << status_bit("GPIO0_STATUS.OUTFROMPERI") |
           bit(to_pad) << status_bit("GPIO0_STATUS.OUTTOPAD") |
           bit(s_.mux_oe) << status_bit("GPIO0_STATUS.OEFROMPERI") |
           bit(oe_to_pad) << status_bit("GPIO0_STATUS.OETOPAD") | bit(s_.raw) << status_bit("GPIO0_STATUS.INFROMPAD") |
           bit(override_levels(s_.raw, s_.in_over)) << status_bit("GPIO0_STATUS.INTOPERI") |
           bit(s_.raw) << status_bit("GPIO0_STATUS.IRQFROMPAD") |
           bit(irq_levels()) << status_bit("GPIO0_STATUS.IRQTOPROC");
}

void PinMatrix::set_output(PinFunction function, std::uint32_t mask, std::uint32_t value, std::uint32_t enable,
                           Cycles when) {
    catch_up(when);
    const Output& o = s_.output[index(function)];
    pio_output(function, (o.value & ~mask) | (value & mask), (o.enable & ~mask) | (enable & mask), when);
    finish();
}

std::uint32_t PinMatrix::inputs(Cycles when, std::uint32_t bypass) {
    catch_up(when);
    return synchronised(when, bypass);
}

bool PinMatrix::level(unsigned pin, Cycles when) {
    catch_up(when + 1);
    return (s_.level >> pin) & 1;
}

void PinMatrix::apply(unsigned pin, Drive drive, Cycles when) {
    const std::uint32_t bit = 1u << pin;
    const std::uint32_t external = drive == Drive::released ? s_.external & ~bit : s_.external | bit;
    const std::uint32_t level = drive == Drive::high ? s_.external_level | bit : s_.external_level & ~bit;
    if (external == s_.external && level == s_.external_level) return;
    s_.external = external;
    s_.external_level = level;
    resolve(when);
}

void PinMatrix::drive(unsigned pin, Drive drive, Cycles when) {
    // While a driver runs, the present is the change that it is making; what comes later must wait its turn.
    if (running_ && when <= resolving_ && when < next_pending_) [[likely]] {
        apply(pin, drive, when);
        return;
    }
    const bool now = !running_ && when <= fabric_.events().now() + 1;
    if (now && (pending_.empty() || when < next_pending_)) {
        catch_up(when);
        apply(pin, drive, when);
        finish();
        return;
    }
    const auto after =
        std::upper_bound(pending_.begin(), pending_.end(), when, [](Cycles t, const Pending& p) { return t < p.when; });
    pending_.insert(after, {when, pin, drive});
    next_pending_ = pending_.front().when;
    horizon_ = std::min(horizon_, next_pending_);
    if (!running_) plan();
    schedule_pending();
}

void PinMatrix::apply_pending(Cycles when) {
    while (!pending_.empty() && pending_.front().when <= when) {
        const Pending p = pending_.front();
        pending_.erase(pending_.begin());
        next_pending_ = pending_.empty() ? kNever : pending_.front().when;
        apply(p.pin, p.drive, p.when);
    }
    schedule_pending();
}

void PinMatrix::bring_forward(Cycles cycles) {
    if (pending_.empty()) return;
    for (Pending& p : pending_) p.when -= cycles;
    next_pending_ = pending_.front().when;
    schedule_pending();
}

void PinMatrix::schedule_pending() {
    // Changes that nobody awaits are applied when looked at.
    const auto first = std::find_if(pending_.begin(), pending_.end(),
                                    [this](const Pending& p) { return (awaited_inputs_ >> p.pin & 1) != 0; });
    const Cycles due = first == pending_.end() ? kNever : first->when;
    if (fabric_.events().due(EventId::pins) != due) fabric_.events().schedule(EventId::pins, due);
}

void PinMatrix::resolve(Cycles when) {
    std::uint32_t out = s_.mux_out, oe = s_.mux_oe;
    if (overridden_) [[unlikely]] {
        out = override_levels(out, s_.out_over);
        oe = override_levels(oe, s_.oe_over);
    }
    oe &= ~s_.output_disable;
    // Both pulls together are the bus keeper. An undriven pin without pulls reads low.
    const std::uint32_t pulled = s_.pull_up & (~s_.pull_down | s_.level);
    const std::uint32_t outside = (s_.external & s_.external_level) | (~s_.external & pulled);
    std::uint32_t level = (oe & out) | (~oe & outside);
    if (!nets_.empty()) [[unlikely]]
        level = join(level, oe);
    level = (level & ~s_.shorted) | s_.shorted_level;
    const std::uint32_t raw = level & s_.input_enable;
    const std::uint32_t input = overridden_ ? override_levels(raw, s_.in_over) : raw & kPinMask;
    const std::uint32_t changed = level ^ s_.level;
    s_.level = level;
    const std::uint32_t moved = raw ^ s_.raw;
    s_.rose |= moved & raw;
    s_.fell |= moved & ~raw;
    s_.raw = raw;
    resolving_ = when;
    if (const std::uint32_t seen = input ^ s_.history[s_.newest].input; seen != 0) {
        remember(input, when);
        if ((seen & waited_) != 0) wake_waiting(seen, when);
    }
    if ((changed & irq_pins_) != 0) irq_listener_->irq_levels_changed();
    if ((changed & watched_) == 0) return;
    for (std::size_t i = 0; i < watches_.size(); ++i) {
        for (std::uint32_t pins = changed & watches_[i].pins; pins != 0; pins &= pins - 1) {
            const auto pin = static_cast<unsigned>(__builtin_ctz(pins));
            watches_[i].watcher->line_changed(watches_[i].line[pin], (level >> pin) & 1, when);
        }
    }
}

void PinMatrix::wake_waiting(std::uint32_t seen, Cycles when) {
    for (std::size_t i = 0; i < timed_.size(); ++i) {
        if ((timed_[i]->waited_pins() & seen) == 0) continue;
        timed_[i]->wake(when);
        woken_[i] = 1;
        any_woken_ = true;
        // The driver that runs now notices its own wake; others must get their turn before it goes on.
        horizon_ = std::min(horizon_, std::max(when, timed_[i]->next_step()) + 1);
    }
}

void PinMatrix::waited_changed() {
    waited_ = 0;
    for (const auto* driver : timed_) waited_ |= driver->waited_pins();
}

void PinMatrix::catch_up(Cycles until) {
    if (running_) return;
    if (!untimed_.empty()) {
        const Scope scope(running_);
        horizon_ = until;
        for (auto* driver : untimed_) driver->catch_up(until);
    }
    {
        const Scope scope(running_);
        for (;;) {
            TimedDriver* first = nullptr;
            Cycles first_step = next_pending_, other_step = kNever;
            for (auto* driver : stepping_) {
                if (driver->idle()) continue;
                const Cycles step = driver->next_step();
                if (step < first_step) {
                    if (first != nullptr) other_step = first_step;
                    first = driver;
                    first_step = step;
                } else if (step < other_step) {
                    other_step = step;
                }
            }
            if (first_step >= until) break;
            if (first == nullptr) {
                horizon_ = first_step + 1;
                apply_pending(first_step);
                continue;
            }
            // What another driver does in cycle c reaches the pads in c + 1, so running up to and including its next
            // step cannot miss anything.
            horizon_ = std::min({until, next_pending_, other_step == kNever ? kNever : other_step + 1});
            if (horizon_ < until && own_way(first_step, until)) horizon_ = until - kRemembered;
            first->catch_up(horizon_);
            if (horizon_ == until && other_step >= until && !any_woken_) break;
        }
    }
    finish();
}

void PinMatrix::finish() {
    if (!any_woken_ || running_) return;
    any_woken_ = false;
    for (std::size_t i = 0; i < timed_.size(); ++i)
        if (woken_[i] != 0) {
            woken_[i] = 0;
            timed_[i]->plan();
        }
}

void PinMatrix::plan() {
    note_awaited();
    for (auto* driver : timed_) driver->plan();
}

PinMatrix::Edges PinMatrix::take_edges() {
    const std::uint32_t rose = std::exchange(s_.rose, 0u), fell = std::exchange(s_.fell, 0u);
    const auto& over = s_.irq_over;
    const std::uint32_t live = over.keep & ~over.set;
    return {((rose & ~over.invert) | (fell & over.invert)) & live,
            ((fell & ~over.invert) | (rose & over.invert)) & live};
}

void PinMatrix::add_lazy_driver(LazyDriver& driver) {
    if (auto* timed = dynamic_cast<TimedDriver*>(&driver)) {
        timed_.push_back(timed);
        woken_.push_back(0);
        note_stepping();
    } else {
        untimed_.push_back(&driver);
    }
}

void PinMatrix::set_irq_pins(std::uint32_t pins) {
    if (pins == irq_pins_) return;
    irq_pins_ = pins;
    plan();
}

void PinMatrix::save(StateWriter& out) const {
    out.put(s_);
    out.put(static_cast<std::uint32_t>(pending_.size()));
    for (const auto& p : pending_) out.put(p);
}

void PinMatrix::restore(StateReader& in) {
    in.get(s_);
    note_overrides();
    note_stepping();
    std::uint32_t count = 0;
    in.get(count);
    pending_.clear();
    for (std::uint32_t i = 0; i < count; ++i) {
        Pending p{};
        in.get(p);
        pending_.push_back(p);
    }
    next_pending_ = pending_.empty() ? kNever : pending_.front().when;
    watch_changed();
}

}  // namespace rp2040
