#include "periph/timer.hpp"

#include <algorithm>

#include "regs/timer.hpp"

namespace rp2040 {

namespace {
constexpr const regs::Block& kRegs = regs::kTimer;
consteval std::uint32_t at(std::string_view name) { return kRegs.at(name); }
constexpr unsigned kAlarms = 4;
}  // namespace

Timer::Timer(Fabric& fabric, const Watchdog& ticks) : StatefulPeripheral(kRegs, fabric), ticks_(ticks) {
    fabric.events().bind(EventId::timer, this, [](void* self, Cycles) {
        auto& timer = *static_cast<Timer*>(self);
        timer.fire_due();
        timer.reschedule();
    });
}

void Timer::reset() {
    s_ = TimerState{};
    s_.base_tick = ticks_.ticks(now());
    update_irqs();
    reschedule();
}

std::uint32_t Timer::peek(std::uint32_t offset) {
    switch (offset) {
        case at("TIMEHW"):
        case at("TIMELW"): return 0;
        case at("TIMEHR"): return s_.latched_high;
        case at("TIMELR"):
        case at("TIMERAWL"): return static_cast<std::uint32_t>(microseconds(now()));
        case at("TIMERAWH"): return static_cast<std::uint32_t>(microseconds(now()) >> 32);
        case at("ARMED"): return s_.armed;
        case at("DBGPAUSE"): return s_.dbgpause;
        case at("PAUSE"): return s_.pause;
        case at("INTR"): return s_.intr;
        case at("INTE"): return s_.inte;
        case at("INTF"): return s_.intf;
        case at("INTS"): return (s_.intr & s_.inte) | s_.intf;
        default:
            if (constexpr auto& alarm = kRegs["ALARM%"]; alarm.holds(offset)) return s_.alarm[alarm.index(offset)];
            unmodelled(offset, false);
    }
}

Cycles Timer::steady_until(std::uint32_t offset) const {
    const bool latches = offset == at("TIMELR");
    if (latches && s_.latched_high != microseconds(now()) >> 32) return 0;
    const bool time = latches || offset == at("TIMERAWL") || offset == at("TIMERAWH");
    return time && (s_.pause & 1u) == 0 ? ticks_.tick_time(ticks_.ticks(now()) + 1) : kNever;
}

std::uint32_t Timer::read(std::uint32_t offset) {
    if (offset == at("TIMELR")) s_.latched_high = static_cast<std::uint32_t>(microseconds(now()) >> 32);
    return peek(offset);
}

void Timer::write(std::uint32_t offset, std::uint32_t value) {
    switch (offset) {
        case at("TIMELW"): s_.write_low = value; return;
        case at("TIMEHW"): set_time(std::uint64_t{value} << 32 | s_.write_low); return;
        case at("ARMED"): s_.armed &= ~(value & kRegs.clearable("ARMED")); break;
        case at("DBGPAUSE"):
            s_.dbgpause = (value & kRegs.writable("DBGPAUSE")) | kRegs.mask("DBGPAUSE.RESERVED");
            break;
        case at("PAUSE"): {
            clock_switches();
            s_.pause = value & kRegs.writable("PAUSE");
            break;
        }
        case at("INTR"): s_.intr &= ~(value & kRegs.clearable("INTR")); break;
        case at("INTE"): s_.inte = value & kRegs.writable("INTE"); break;
        case at("INTF"): s_.intf = value & kRegs.writable("INTF"); break;
        default: {
            constexpr auto& alarm = kRegs["ALARM%"];
            if (!alarm.holds(offset)) return ignore_read_only(offset);
            const unsigned index = alarm.index(offset);
            s_.alarm[index] = value;
            s_.armed |= 1u << index;
            retarget();
            fire_due();
        }
    }
    update_irqs();
    reschedule();
}

/// Counting stops or goes on here.
void Timer::clock_switches() {
    s_.base = microseconds(now());
    s_.base_tick = ticks_.ticks(now());
}

void Timer::set_time(std::uint64_t microseconds) {
    s_.base = microseconds;
    s_.base_tick = ticks_.ticks(now());
    retarget();
    fire_due();
    update_irqs();
    reschedule();
}

/// An alarm fires at the next time whose low word equals it.
void Timer::retarget() {
    const std::uint64_t time = microseconds(now());
    for (unsigned i = 0; i < kAlarms; ++i)
        s_.target[i] = time + static_cast<std::uint32_t>(s_.alarm[i] - static_cast<std::uint32_t>(time));
}

void Timer::fire_due() {
    const std::uint64_t time = microseconds(now());
    for (unsigned i = 0; i < kAlarms; ++i) {
        if (((s_.armed >> i) & 1u) == 0 || time < s_.target[i]) continue;
        s_.armed &= ~(1u << i);
        s_.intr |= 1u << i;
    }
    update_irqs();
}

void Timer::update_irqs() {
    const std::uint32_t ints = (s_.intr & s_.inte) | s_.intf;
    for (unsigned i = 0; i < kAlarms; ++i)
        fabric_.set_irq(static_cast<Irq>(static_cast<unsigned>(Irq::timer_0) + i), ((ints >> i) & 1u) != 0);
}

void Timer::reschedule() {
    Cycles due = kNever;
    if ((s_.pause & 1u) == 0 && clocked())
        for (unsigned i = 0; i < kAlarms; ++i)
            if (((s_.armed >> i) & 1u) != 0)
                due = std::min(due, ticks_.tick_time(s_.base_tick + (s_.target[i] - s_.base)));
    fabric_.events().schedule(EventId::timer, due);
}

void Timer::ticks_changed() { reschedule(); }

}  // namespace rp2040
