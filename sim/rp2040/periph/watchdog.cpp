#include "periph/watchdog.hpp"

#include "regs/watchdog.hpp"

namespace rp2040 {

namespace {
constexpr const regs::Block& kRegs = regs::kWatchdog;
consteval std::uint32_t at(std::string_view name) { return kRegs.at(name); }
constexpr std::uint32_t kTrigger = kRegs.mask("CTRL.TRIGGER");
constexpr std::uint32_t kTickEnable = kRegs.mask("TICK.ENABLE"), kTickRunning = kRegs.mask("TICK.RUNNING"),
                        kTickCycles = kRegs.mask("TICK.CYCLES");
constexpr regs::Bits kTickCount = kRegs.bits("TICK.COUNT");
constexpr std::uint32_t kReasonTimer = kRegs.mask("REASON.TIMER"), kReasonForce = kRegs.mask("REASON.FORCE");

/// Periods of clk_ref in a tick. The datasheet does not say what CYCLES = 0 means, which is its value after a reset,
/// with ENABLE set: a counter of nine bits that is loaded with it comes round after 512, and boards that never set it
/// have a slow time, not none (tinygo-org/tinygo#2596; 0AC0's blink in assembly for the Feather RP2040).
constexpr std::uint32_t tick_cycles(std::uint32_t tick) {
    const std::uint32_t cycles = tick & kTickCycles;
    return cycles == 0 ? kTickCycles + 1 : cycles;
}
}  // namespace

Watchdog::Watchdog(Fabric& fabric) : StatefulPeripheral(kRegs, fabric) {
    fabric.events().bind(EventId::watchdog, this, [](void* self, Cycles) {
        auto& watchdog = *static_cast<Watchdog*>(self);
        if (watchdog.enabled() && watchdog.counter() == 0)
            watchdog.fire(kReasonTimer);
        else
            watchdog.reschedule();
    });
}

std::uint32_t Watchdog::counter() const {
    if (!enabled()) return s_.time;
    const std::uint64_t elapsed = (s_.ticks.count(now()) - s_.time_origin) * decrement_;
    return elapsed >= s_.time ? 0 : s_.time - static_cast<std::uint32_t>(elapsed);
}

std::uint32_t Watchdog::read(std::uint32_t offset) {
    switch (offset) {
        case at("CTRL"): return s_.ctrl | counter();
        case at("LOAD"): return 0;
        case at("REASON"): return s_.reason;
        case at("TICK"): {
            if (!s_.ticks.running()) return s_.tick;
            // COUNT: clk_ref periods until the next tick.
            const Cycles next = s_.ticks.when(s_.ticks.count(now()) + 1);
            const Wide left = Wide{next - now()} * fabric_.clock_hz(ClockId::ref) / fabric_.clock_hz(ClockId::sys);
            return s_.tick | kTickRunning | kTickCount.put(static_cast<std::uint32_t>(left));
        }
        default:
            if (constexpr auto& scratch = kRegs["SCRATCH%"]; scratch.holds(offset))
                return s_.scratch[scratch.index(offset)];
            unmodelled(offset, false);
    }
}

void Watchdog::write(std::uint32_t offset, std::uint32_t value) {
    switch (offset) {
        case at("CTRL"):
            freeze();
            s_.ctrl = value & kRegs.writable("CTRL");
            if ((value & kTrigger) != 0) {
                fire(kReasonForce);
                return;
            }
            reschedule();
            break;
        case at("LOAD"):
            s_.time = value & kRegs.mask("LOAD");
            s_.time_origin = s_.ticks.count(now());
            reschedule();
            break;
        case at("TICK"): {
            const std::uint32_t old = s_.tick;
            s_.tick = value & kRegs.writable("TICK");
            if (s_.tick != old) {
                // A new setting starts a whole tick.
                s_.ticks.set_count(now(), s_.ticks.count(now()));
                update_rate();
            }
            break;
        }
        default:
            if (constexpr auto& scratch = kRegs["SCRATCH%"]; scratch.holds(offset))
                s_.scratch[scratch.index(offset)] = value;
            else
                ignore_read_only(offset);
    }
}

/// Brings TIME up to date before something that changes how it counts.
void Watchdog::freeze() {
    s_.time = counter();
    s_.time_origin = s_.ticks.count(now());
}

void Watchdog::set_double_count(bool on) {
    freeze();
    decrement_ = on ? 2 : 1;
    reschedule();
}

void Watchdog::fire(std::uint32_t reason) {
    s_.reason = reason;  // of the last reset alone
    fabric_.request_chip_reset();
}

void Watchdog::reschedule() {
    Cycles due = kNever;
    if (enabled()) due = s_.ticks.when(s_.time_origin + (s_.time + decrement_ - 1) / decrement_);
    fabric_.events().schedule(EventId::watchdog, due);
}

void Watchdog::update_rate() {
    const bool on = (s_.tick & kTickEnable) != 0;
    s_.ticks.set_rate(now(), on ? fabric_.clock_hz(ClockId::ref) : 0,
                      std::uint64_t{fabric_.clock_hz(ClockId::sys)} * tick_cycles(s_.tick));
    reschedule();
    if (on_tick_change) on_tick_change();
}

void Watchdog::clocks_changed() { update_rate(); }

void Watchdog::reset() {
    // The count of ticks goes on, so that whoever remembers one of them is not confused.
    const std::uint64_t ticks = s_.ticks.count(now());
    s_ = WatchdogState{};
    s_.ticks.set_count(now(), ticks);
    s_.time_origin = ticks;
    update_rate();
}

void Watchdog::restart_after_reset() {
    const auto scratch = s_.scratch;
    const std::uint32_t reason = s_.reason;
    reset();
    s_.scratch = scratch;
    s_.reason = reason;
}

}  // namespace rp2040
