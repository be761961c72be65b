// The 30 user pins: function multiplexer, overrides, pads, input synchroniser, external devices.
//
// Every quantity is a bit mask over the pins, so a change costs a handful of operations however many pins
// it touches. Levels are kept with the cycle of their last few changes, which is all that the two-flop
// synchroniser can look back to. IO_BANK0 and PADS_BANK0 are register files in front of this class.
#pragma once

#include <array>
#include <vector>

#include "base/fabric.hpp"
#include "base/scope.hpp"
#include "base/state.hpp"
#include "io/gpio.hpp"

namespace rp2040 {

inline constexpr std::uint32_t kPinMask = (1u << kPins) - 1;

/// Two bits of a GPIOx_CTRL register: what replaces a signal (datasheet 2.19.2).
enum class Override : std::uint8_t { normal, invert, low, high };

/// Told about every change of an input level that an enabled interrupt could depend on.
class PinIrqListener {
  public:
    virtual ~PinIrqListener() = default;
    virtual void irq_levels_changed() = 0;
};

class PinMatrix final : public Gpio {
  public:
    explicit PinMatrix(Fabric& fabric);

    // Gpio
    void set_output(PinFunction function, std::uint32_t mask, std::uint32_t value, std::uint32_t enable,
                    Cycles when) override;
    std::uint32_t inputs(Cycles when, std::uint32_t bypass = 0) override;
    [[nodiscard]] bool inputs_steady(Cycles when) const override {
        return !may_change(kPinMask) && last_change() + kSyncCycles < when;
    }
    bool level(unsigned pin, Cycles when) override;
    void settle(Cycles when) override { catch_up(when + 1); }
    [[nodiscard]] bool awaited(PinFunction function) const override;
    void plan() override;
    void plan_waiting() override { plan_waiting(nullptr); }
    [[nodiscard]] bool unobserved(const TimedDriver& driver, std::uint32_t pins) const override;
    void pulsed(std::uint32_t pins) override {
        s_.rose |= pins & s_.input_enable;
        s_.fell |= pins & s_.input_enable;
    }
    [[nodiscard]] bool strangers() const override;
    void drive(unsigned pin, Drive drive, Cycles when) override;
    [[nodiscard]] std::uint32_t wired(std::uint32_t pins) const override;
    void attach(LineWatcher& watcher, const LinePins& pins = {}) override;
    void detach(LineWatcher& watcher) override;
    void watch_changed() override;
    void add_lazy_driver(LazyDriver& driver) override;
    [[nodiscard]] std::uint32_t observed_outputs(PinFunction function) const override { return selected(function); }

    /// Sets of pins that conductors outside join: each set, with all that it shares pins with, has one level. Part of
    /// the board: neither reset() nor restore() changes it.
    void join_pins(const std::vector<std::uint32_t>& sets);
    /// The same for levels that follow already: after restore().
    void restore_joined(const std::vector<std::uint32_t>& sets);
    /// A fault of the board: the pins in `pins` have the levels in `levels`, whatever drives them, until told
    /// otherwise. reset() leaves it as it is.
    void short_pins(std::uint32_t pins, std::uint32_t levels);
    [[nodiscard]] std::uint32_t shorted() const { return s_.shorted; }
    [[nodiscard]] std::uint32_t shorted_levels() const { return s_.shorted_level; }
    /// Brings every lazy driver up to date: all they do before cycle `until`, in time order.
    void catch_up(Cycles until);
    /// Works out whose changes are awaited; for the end of restore(), when every driver has its state back.
    void note_awaited();
    /// Cycle of the next change that the outside has announced; kNever if there is none.
    [[nodiscard]] Cycles next_announced() const { return next_pending_; }
    /// clk_sys stood still for so many of its cycles: what is announced comes that much earlier in its count.
    void bring_forward(Cycles cycles);
    /// To be called by a timed driver whose waited_pins() has changed.
    void waited_changed();

    // For IO_BANK0 and PADS_BANK0.
    void configure(unsigned pin, std::uint32_t ctrl, Cycles when);  ///< GPIOx_CTRL
    void set_pad(unsigned pin, std::uint32_t pad, Cycles when);     ///< PADS_BANK0 GPIOx
    void listen(PinIrqListener& listener) { irq_listener_ = &listener; }
    void set_irq_pins(std::uint32_t pins);                          ///< Pins with any interrupt enabled.
    [[nodiscard]] std::uint32_t status(unsigned pin, Cycles when);  ///< GPIOx_STATUS without the interrupt summary
    /// Pins that have risen and fallen since the last call, behind the interrupt overrides.
    struct Edges {
        std::uint32_t rose, fell;
    };
    [[nodiscard]] Edges take_edges();
    [[nodiscard]] bool plain(std::uint32_t outputs, std::uint32_t inputs) const override;
    [[nodiscard]] std::uint32_t irq_levels() const { return override_levels(s_.raw, s_.irq_over); }

    /// Pads' levels as of the newest change, without catching up.
    [[nodiscard]] std::uint32_t levels() const { return s_.level; }
    [[nodiscard]] std::uint32_t selected(PinFunction function) const { return s_.select[index(function)]; }

    // For PIO, inside catch_up(): no virtual call, no catching up.
    void pio_output(PinFunction function, std::uint32_t out, std::uint32_t enable, Cycles when) {
        Output& o = s_.output[index(function)];
        const std::uint32_t mask = s_.select[index(function)] & ((out ^ o.value) | (enable ^ o.enable));
        o.value = out;
        o.enable = enable;
        if (mask == 0) return;
        const std::uint32_t turned = (s_.mux_oe ^ enable) & mask;
        s_.mux_out = (s_.mux_out & ~mask) | (out & mask);
        s_.mux_oe ^= turned;
        if (turned == 0 && !overridden_ && nets_.empty() && (mask & (watched_ | irq_pins_ | waited_)) == 0)
            toggle(mask & s_.mux_oe & ~s_.output_disable & (out ^ s_.level), when);
        else
            resolve(when);
    }
    /// The same for many changes in a row, of pins whose changes are nothing but levels: Unseen::put() in place of
    /// pio_output() from begin_unseen() to end_unseen(), between which nothing else uses the pins.
    class Unseen;
    [[nodiscard]] bool toggles_unseen(PinFunction function, std::uint32_t pins) const {
        return !overridden_ && nets_.empty() && (pins & selected(function) & (watched_ | irq_pins_ | waited_)) == 0;
    }
    [[nodiscard]] Unseen begin_unseen(PinFunction function);
    void end_unseen(PinFunction function, const Unseen& pads, std::uint32_t out);
    /// Inputs as a block sees them in cycle `when`, behind the synchroniser except for the pins in `bypass`.
    [[nodiscard]] std::uint32_t synchronised(Cycles when, std::uint32_t bypass) const {
        const std::uint32_t sync = input_at(when - kSyncCycles);
        return bypass == 0 ? sync : (sync & ~bypass) | (input_at(when) & bypass);
    }
    /// Levels of the inputs in cycle `when`, one of the last few.
    [[nodiscard]] std::uint32_t input_at(Cycles when) const {
        unsigned i = s_.newest;
        for (unsigned n = 1; n<kHistory&& static_cast<std::int64_t>(s_.history[i].when - when)> 0; ++n)
            i = (i - 1) % kHistory;
        return s_.history[i].input;
    }
    /// Cycle of the newest change of any input.
    [[nodiscard]] Cycles last_change() const { return s_.history[s_.newest].when; }
    /// Who sees what a driver does with `pins` over and over (Pio::run_loop): `quiet` if nobody does but, if not null,
    /// one watcher that answers the clock pin on the data pin.
    struct LoopWatch {
        bool quiet = false;
        LineWatcher* watcher = nullptr;
        unsigned clock_pin = 0, data_pin = 0;
        bool edge = false;
    };
    [[nodiscard]] LoopWatch watch_of_loop(PinFunction function, std::uint32_t pins) const;
    /// The data pin of such a watcher has got its last level in cycle `when`.
    void answer(unsigned pin, bool level, Cycles when) { apply(pin, level ? Drive::high : Drive::low, when); }
    /// Level of a pin as of the newest change.
    [[nodiscard]] bool newest_level(unsigned pin) const { return (s_.level >> pin & 1) != 0; }
    /// What the chip itself puts on a pin, as of the newest change.
    [[nodiscard]] Drive own_drive(unsigned pin) const {
        const std::uint32_t bit = 1u << pin;
        if ((override_levels(s_.mux_oe, s_.oe_over) & ~s_.output_disable & bit) == 0) return Drive::released;
        return (override_levels(s_.mux_out, s_.out_over) & bit) != 0 ? Drive::high : Drive::low;
    }
    /// A running driver must stop before this cycle; it can move earlier while the driver runs.
    [[nodiscard]] const Cycles& horizon() const { return horizon_; }
    /// Lets a driver act on its own up to cycle `until`, before which nobody else does.
    template <class Act>
    void run_alone(Cycles until, Act&& act) {
        {
            const Scope scope(running_);
            horizon_ = until;
            act();
        }
        finish();
    }
    /// Earliest step of anything that can change a pin by itself, except `self`.
    [[nodiscard]] Cycles earliest_other(const TimedDriver* self) const;
    /// Whether one of `pins` may change without a register access or a call from outside: it follows PIO or
    /// PWM, or a device drives it that follows them, or a change is pending.
    [[nodiscard]] bool may_change(std::uint32_t pins) const;
    /// The same for others than `function`, which drives no more than `reach` of its pins.
    [[nodiscard]] bool may_change(std::uint32_t pins, PinFunction function, std::uint32_t reach) const;
    /// Whether nobody learns of what PIO, PWM and others do with their pins until he looks.
    [[nodiscard]] bool unseen() const;
    /// Whether nobody else learns of what `function` does with `pins` until he looks, and nothing answers it.
    [[nodiscard]] bool unseen(PinFunction function, std::uint32_t pins) const {
        return (wired(pins & selected(function)) & (watched_ | irq_pins_ | awaited_ | waited_)) == 0;
    }
    /// Whether the latches of edges have nothing more to learn of what `function` does with `pins`.
    [[nodiscard]] bool latched(PinFunction function, std::uint32_t pins) const {
        return (wired(pins & selected(function)) & s_.input_enable & ~(s_.rose & s_.fell)) == 0;
    }
    /// What happened after cycle `from`, up to `until`, has gone on happening for so many more cycles.
    void pass_over(Cycles from, Cycles until, Cycles cycles) {
        for (Change& change : s_.history)
            if (change.when > from && change.when <= until) change.when += cycles;
    }
    /// Lets the drivers that wait for pins, except `self`, reconsider their events: `self` has started to act.
    void plan_waiting(const TimedDriver* self);

    void reset();
    void save(StateWriter& out) const;
    void restore(StateReader& in);

    static constexpr Cycles kSyncCycles = 2;

  private:
    static constexpr std::size_t kFunctions = 10;
    static constexpr unsigned kHistory = 8;
    static constexpr std::size_t index(PinFunction f) { return static_cast<std::size_t>(f); }

    struct Output {
        std::uint32_t value, enable;
    };
    struct OverrideMasks {
        std::uint32_t invert, keep, set;
    };
    struct Change {
        Cycles when;
        std::uint32_t input;
    };
    struct Pending {
        Cycles when;
        std::uint32_t pin;
        Drive drive;
    };
    struct State {
        std::array<Output, kFunctions> output;
        std::array<std::uint32_t, kFunctions> select;
        std::uint32_t mux_out, mux_oe;
        OverrideMasks out_over, oe_over, in_over, irq_over;
        std::uint32_t input_enable, output_disable, pull_up, pull_down;
        std::uint32_t external, external_level;
        std::uint32_t shorted, shorted_level;
        std::uint32_t level;       // At the pads.
        std::uint32_t raw;         // Behind the pads' input enables.
        std::uint32_t rose, fell;  // Of these, since take_edges().
        std::array<Change, kHistory> history;
        std::uint32_t newest;
    };
    static std::uint32_t override_levels(std::uint32_t v, const OverrideMasks& m) {
        return ((v ^ m.invert) & m.keep) | m.set;
    }
    static void set_override(OverrideMasks& masks, unsigned pin, Override mode);
    [[nodiscard]] std::uint32_t join(std::uint32_t level, std::uint32_t enabled) const;
    void resolve(Cycles when);
    /// What resolve() comes to for driven pins that nobody watches, and that nothing overrides or joins to others.
    void toggle(std::uint32_t pins, Cycles when) {
        s_.level ^= pins;
        resolving_ = when;
        const std::uint32_t moved = pins & s_.input_enable;
        s_.rose |= moved & s_.level;
        s_.fell |= moved & ~s_.level;
        s_.raw ^= moved;
        if ((moved & kPinMask) != 0) remember(s_.raw & kPinMask, when);
    }
    void remember(std::uint32_t input, Cycles when) {
        if (static_cast<std::int64_t>(when - s_.history[s_.newest].when) > 0) {
            s_.newest = (s_.newest + 1) % kHistory;
            s_.history[s_.newest].when = when;
        }
        s_.history[s_.newest].input = input;
    }
    void note_overrides();
    void note_stepping();
    void apply(unsigned pin, Drive drive, Cycles when);
    void apply_pending(Cycles when);
    void rebuild_mux();
    [[nodiscard]] std::uint32_t answered(std::uint32_t pins) const;
    [[nodiscard]] bool follow(std::uint32_t pins, std::uint32_t lazy) const;
    [[nodiscard]] std::uint32_t lazily_driven() const;
    void wake_waiting(std::uint32_t seen, Cycles when);
    void finish();
    void schedule_pending();

    Fabric& fabric_;
    State s_{};
    std::vector<Pending> pending_;  // In time order.
    Cycles next_pending_ = kNever;

    struct Watch {
        std::uint32_t pins, driven;  ///< Watched ones, and those that may be driven in answer.
        LineWatcher* watcher;
        std::array<std::uint8_t, kPins> line;  ///< Of each pin.
        LinePins pin;                          ///< Of each line.
    };
    static std::uint32_t pins_of(const Watch& watch, std::uint32_t lines);
    std::vector<Watch> watches_;
    std::uint32_t watched_ = 0;
    std::vector<std::uint32_t> nets_;  ///< Pins that are wired together.
    std::vector<LazyDriver*> untimed_;
    std::vector<TimedDriver*> timed_;
    std::vector<TimedDriver*> stepping_;  ///< Those that may have steps.
    std::vector<std::uint8_t> woken_;
    PinIrqListener* irq_listener_ = nullptr;
    std::uint32_t irq_pins_ = 0;
    std::uint32_t awaited_ = 0;         ///< Pins of whose changes somebody must learn at once,
    std::uint32_t awaited_inputs_ = 0;  ///< and those with the pins to whose changes devices answer on them.
    bool overridden_ = false;           // Some override other than "normal", or a short: derived from the masks.
    std::uint32_t waited_ = 0;
    Cycles resolving_ = 0;  // Cycle of the change being made or made last.
    Cycles horizon_ = 0;
    bool running_ = false;
    bool any_woken_ = false;
};

/// What pio_output() comes to for outputs that are enabled and stay so, with the state where the host has it at hand.
class PinMatrix::Unseen {
  public:
    /// In a cycle after that of the newest change: `moved` is what is no longer as it was before; `when` in 1/256
    /// cycles.
    [[gnu::always_inline]] void put(std::uint32_t out, std::uint32_t moved, std::uint64_t when) {
        rose_ |= moved & out;
        fell_ |= moved & ~out;
        if ((moved & heard_) == 0) [[unlikely]] {
            if ((moved & select_) != 0) when_ = when;
            return;
        }
        recent_[changes_++ % kHistory] = {when, out};
    }

  private:
    friend PinMatrix;
    std::uint32_t rose_ = 0, fell_ = 0, changes_ = 0;
    std::uint32_t select_, driven_, heard_;  ///< Those of the function; that drive their pads; whose levels are inputs.
    std::uint64_t when_ = 0;                 ///< Of the last change of others, 0 for none.
    std::array<Change, kHistory> recent_;    ///< The last ones, outputs for inputs.
};

inline PinMatrix::Unseen PinMatrix::begin_unseen(PinFunction function) {
    Unseen pads;
    pads.select_ = selected(function);
    pads.driven_ = pads.select_ & s_.mux_oe & ~s_.output_disable;
    pads.heard_ = pads.driven_ & s_.input_enable & kPinMask;
    return pads;
}

inline void PinMatrix::end_unseen(PinFunction function, const Unseen& pads, std::uint32_t out) {
    const std::uint32_t raw = pads.driven_ & s_.input_enable, others = s_.raw & kPinMask & ~pads.heard_;
    s_.output[index(function)].value = out;
    s_.mux_out = (s_.mux_out & ~pads.select_) | (out & pads.select_);
    s_.level = (s_.level & ~pads.driven_) | (out & pads.driven_);
    s_.raw = (s_.raw & ~raw) | (out & raw);
    s_.rose |= pads.rose_ & raw;
    s_.fell |= pads.fell_ & raw;
    std::uint64_t last = pads.when_;
    if (pads.changes_ != 0) {
        const auto cycle = [](const Change& change) { return (change.when >> 8) + 1; };
        const std::uint32_t first = pads.changes_ > kHistory ? pads.changes_ - kHistory : 0;
        s_.newest = (s_.newest + first) % kHistory;
        for (std::uint32_t n = first; n < pads.changes_; ++n) {
            const Change& change = pads.recent_[n % kHistory];
            remember(others | (change.input & pads.heard_), cycle(change));
        }
        last = std::max(last, pads.recent_[(pads.changes_ - 1) % kHistory].when);
    }
    if (last != 0) resolving_ = (last >> 8) + 1;
}

}  // namespace rp2040
