#include "periph/watchdog.hpp"

namespace rp2040 {

namespace {
constexpr std::uint32_t kCtrl = 0x00, kLoad = 0x04, kReason = 0x08, kScratch0 = 0x0c, kTick = 0x2c;
constexpr std::uint32_t kTrigger = 1u << 31, kEnable = 1u << 30;
constexpr std::uint32_t kTickEnable = 1u << 9, kTickRunning = 1u << 10, kTickCycles = 0x1ff;
constexpr std::uint32_t kReasonTimer = 1, kReasonForce = 2;
// Erratum RP2040-E1: the counter decrements twice per tick.
constexpr std::uint32_t kDecrement = 2;
}  // namespace

Watchdog::Watchdog(Fabric& fabric) : StatefulPeripheral("WATCHDOG", fabric) {
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
    const std::uint64_t elapsed = (s_.ticks.count(now()) - s_.time_origin) * kDecrement;
    return elapsed >= s_.time ? 0 : s_.time - static_cast<std::uint32_t>(elapsed);
}

std::uint32_t Watchdog::read(std::uint32_t offset) {
    switch (offset) {
        case kCtrl: return s_.ctrl | counter();
        case kLoad: return 0;
        case kReason: return s_.reason;
        case kTick: {
            if (!s_.ticks.running()) return s_.tick;
            // COUNT: clk_ref periods until the next tick.
            const Cycles next = s_.ticks.when(s_.ticks.count(now()) + 1);
            const std::uint64_t left =
                Wide{next - now()} * fabric_.clock_hz(ClockId::ref) / fabric_.clock_hz(ClockId::sys);
            return s_.tick | kTickRunning | (static_cast<std::uint32_t>(left) & 0x1ff) << 11;
        }
        default:
            if (offset >= kScratch0 && offset < kTick) return s_.scratch[(offset - kScratch0) / 4];
            unmodelled(offset, false);
    }
}

void Watchdog::write(std::uint32_t offset, std::uint32_t value) {
    switch (offset) {
        case kCtrl:
            freeze();
            s_.ctrl = value & 0x47000000;
            if ((value & kTrigger) != 0) {
                fire(kReasonForce);
                return;
            }
            reschedule();
            break;
        case kLoad:
            s_.time = value & 0xffffff;
            s_.time_origin = s_.ticks.count(now());
            reschedule();
            break;
        case kReason: break;
        case kTick: {
            const std::uint32_t old = s_.tick;
            s_.tick = value & (kTickEnable | kTickCycles);
            if (s_.tick != old) {
                // A new setting starts a whole tick.
                s_.ticks.set_count(now(), s_.ticks.count(now()));
                update_rate();
            }
            break;
        }
        default:
            if (offset >= kScratch0 && offset < kTick)
                s_.scratch[(offset - kScratch0) / 4] = value;
            else
                unmodelled(offset, true);
    }
}

void Watchdog::write_alias(std::uint32_t offset, std::uint32_t value, unsigned alias) {
    // LOAD is write-only: SET and XOR write the value, CLR writes nothing useful (0 & ~value).
    if (offset == kLoad && alias == 3) value = 0;
    if (offset == kLoad)
        write(offset, value);
    else
        Peripheral::write_alias(offset, value, alias);
}

/// Brings TIME up to date before something that changes how it counts.
void Watchdog::freeze() {
    s_.time = counter();
    s_.time_origin = s_.ticks.count(now());
}

void Watchdog::fire(std::uint32_t reason) {
    s_.reason = reason;  // of the last reset alone
    fabric_.request_chip_reset();
}

void Watchdog::reschedule() {
    Cycles due = kNever;
    if (enabled()) due = s_.ticks.when(s_.time_origin + (s_.time + kDecrement - 1) / kDecrement);
    fabric_.events().schedule(EventId::watchdog, due);
}

void Watchdog::update_rate() {
    const std::uint32_t cycles = s_.tick & kTickCycles;
    const bool on = (s_.tick & kTickEnable) != 0 && cycles != 0;
    s_.ticks.set_rate(now(), on ? fabric_.clock_hz(ClockId::ref) : 0,
                      std::uint64_t{fabric_.clock_hz(ClockId::sys)} * (cycles == 0 ? 1 : cycles));
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
