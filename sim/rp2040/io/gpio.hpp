// The pins: function outputs in, pad levels out, watchers attached.
//
// Blocks that drive pins lazily (PIO runs behind the CPU until someone looks) register a LazyDriver;
// every reader of levels calls catch_up first, through inputs() or level().
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/types.hpp"

namespace rp2040 {

inline constexpr unsigned kPins = 30;

/// FUNCSEL values of IO_BANK0 (datasheet table 279).
enum class PinFunction : std::uint8_t {
    spi = 1,
    uart = 2,
    i2c = 3,
    pwm = 4,
    sio = 5,
    pio0 = 6,
    pio1 = 7,
    clock = 8,
    usb = 9,
    none = 31
};

/// Up to 64 changes of a clock at even distances.
struct ClockEdges {
    std::uint64_t first, step;  ///< In 1/256 cycles.
    unsigned count;
    [[nodiscard]] Cycles at(unsigned n) const { return (first + n * step) >> 8; }
};

/// Whoever is to learn of changes of pins: a device (device/device.hpp), a block's input, a recorder. Its lines are
/// numbered by itself; attach() says which pin each is.
class LineWatcher {
  public:
    virtual ~LineWatcher() = default;
    /// Bit per line whose changes it wants to see.
    [[nodiscard]] virtual std::uint32_t watched_lines() const = 0;
    /// Bit per line that it may drive in answer to a change; a smaller set makes emulation faster.
    [[nodiscard]] virtual std::uint32_t driven_lines() const { return ~0u; }
    /// Whether it must learn of each change in its own cycle, not only before somebody looks at a line that it drives:
    /// because it answers elsewhere, or later. Blocks then schedule an event for every edge.
    [[nodiscard]] virtual bool prompt() const { return false; }
    /// Whether it ignores the edges of a bus whose master, a block of the chip, tells it of whole transfers.
    [[nodiscard]] virtual bool takes_transfers() const { return false; }
    /// Called for each change of a watched line, in time order. May call Gpio::drive().
    virtual void line_changed(unsigned line, bool level, Cycles when) = 0;

    /// Two lines of a watcher that only answers a clock: it drives `data` in the cycles in which `clock` changes to
    /// `edge`, in no others, and watches nothing else.
    struct ClockedLines {
        unsigned clock, data;
        bool edge;
    };
    [[nodiscard]] virtual std::optional<ClockedLines> clocked_lines() const { return std::nullopt; }
    /// Many such changes at once: returns the levels of `data` after each, the first in bit 0, as line_changed() would
    /// have driven them. Only for watchers with clocked_lines().
    virtual std::uint64_t clock_edges(const ClockEdges&) { return 0; }
};

/// The pin of each line of a watcher.
using LinePins = std::vector<std::uint8_t>;
/// A line that is connected to nothing.
inline constexpr std::uint8_t kNoPin = 0xff;

/// A block that changes its pins only when asked to catch up.
class LazyDriver {
  public:
    virtual ~LazyDriver() = default;
    /// Performs everything the block does in cycles before `until`.
    virtual void catch_up(Cycles until) = 0;
};

/// A lazy driver that knows when it acts next, so that several of them, and the devices that answer
/// them, can be run in exact time order. Gpio::add_lazy_driver recognises it.
class TimedDriver : public LazyDriver {
  public:
    /// Next cycle in which it may do anything by itself; kNever while only a pin or a register can wake it.
    [[nodiscard]] virtual Cycles next_step() const = 0;
    /// The function without whose pins it has no steps at all; none: it may always have some.
    [[nodiscard]] virtual PinFunction steps_through() const { return PinFunction::none; }
    /// Pins whose change could end a wait that next_step() does not count.
    [[nodiscard]] virtual std::uint32_t waited_pins() const { return 0; }
    /// Pins of whose changes it must learn in their own cycle, whoever drives them: a receiver's input.
    [[nodiscard]] virtual std::uint32_t awaited_pins() const { return 0; }
    /// Whether what it does may depend on levels of pins that others drive lazily.
    [[nodiscard]] virtual bool reads_pins() const { return false; }
    /// One of waited_pins() changed its pad level in cycle `when`.
    virtual void wake([[maybe_unused]] Cycles when) {}
    /// Called after activity from outside woke it, or when other pins matter: time to reconsider its scheduled event.
    virtual void plan() {}

    /// Whether next_step() is kNever: known without a call.
    [[nodiscard]] bool idle() const { return idle_; }

  protected:
    bool idle_ = false;
};

class Gpio {
  public:
    virtual ~Gpio() = default;

    /// Outputs of one function for the pins in `mask`. Ignored for pins whose FUNCSEL is another one, but remembered.
    /// `when` is the first cycle in which the pad shows them: a register written in cycle t drives from t + 1.
    virtual void set_output(PinFunction function, std::uint32_t mask, std::uint32_t value, std::uint32_t enable,
                            Cycles when) = 0;

    /// Levels as PIO and SIO see them at `when`: through the two-flop input synchroniser
    /// (two clk_sys cycles old) unless `bypass` has the pin's bit set. Brings lazy drivers up to date.
    virtual std::uint32_t inputs(Cycles when, std::uint32_t bypass = 0) = 0;
    /// Whether inputs() will be the same until an event comes or somebody drives a pin.
    [[nodiscard]] virtual bool inputs_steady([[maybe_unused]] Cycles when) const { return false; }
    /// The pad's level now, for hosts and tests.
    virtual bool level(unsigned pin, Cycles when) = 0;
    /// Brings lazy drivers up to date, their changes in cycle `when` included.
    virtual void settle(Cycles when) = 0;

    enum class Drive : std::uint8_t { released, low, high };
    /// Level that the outside world puts on a pin. A push-pull output of the chip wins over it. `when` may lie in
    /// the future (a device's output delay); such changes take effect in time order.
    virtual void drive(unsigned pin, Drive drive, Cycles when) = 0;

    /// `pins` and what is wired to them.
    [[nodiscard]] virtual std::uint32_t wired(std::uint32_t pins) const { return pins; }

    /// Without `pins`, line n is pin n.
    virtual void attach(LineWatcher& watcher, const LinePins& pins = {}) = 0;
    virtual void detach(LineWatcher& watcher) = 0;
    /// To be called when the watched_lines() of an attached watcher have changed.
    virtual void watch_changed() {}
    virtual void add_lazy_driver(LazyDriver& driver) = 0;
    /// Whether somebody must learn at once of a change of the pins that `function` drives: the driver must schedule an
    /// event for each.
    [[nodiscard]] virtual bool awaited(PinFunction function) const = 0;
    /// Lets every timed driver reconsider its scheduled event: to be called when one's awaited_pins() have changed.
    virtual void plan() = 0;
    /// Lets drivers that wait for a pin reconsider: somebody has begun to move some.
    virtual void plan_waiting() {}
    /// Whether nothing but the driver itself can see, or answer, what happens on `pins` now.
    [[nodiscard]] virtual bool unobserved([[maybe_unused]] const TimedDriver& driver, std::uint32_t pins) const {
        return pins == 0;
    }
    /// Whether no lazy driver asks for what another one does, and nobody else learns of it before he looks.
    [[nodiscard]] virtual bool strangers() const { return false; }
    /// Whether a driver whose next step is in cycle `first` may go its own way to cycle `until`, but for the last
    /// kRemembered cycles: whoever looks sees levels of those.
    [[nodiscard]] bool own_way(Cycles first, Cycles until) const {
        constexpr Cycles kFar = 64;  // for less nobody is asked whether he sees
        return until > first && until - first > kFar && strangers();
    }
    static constexpr Cycles kRemembered = 8;
    /// Whether pads pass levels as they are: no override, outputs not disabled, inputs enabled.
    [[nodiscard]] virtual bool plain([[maybe_unused]] std::uint32_t outputs,
                                     [[maybe_unused]] std::uint32_t inputs) const {
        return true;
    }
    /// `pins` have risen and fallen again, unseen by all but the latches of edges.
    virtual void pulsed([[maybe_unused]] std::uint32_t pins) {}
    /// Pins driven by `function` whose every edge matters to somebody (a device, an interrupt); for the others a lazy
    /// driver may skip to the level that holds when it catches up.
    [[nodiscard]] virtual std::uint32_t observed_outputs([[maybe_unused]] PinFunction function) const { return ~0u; }
};

}  // namespace rp2040
