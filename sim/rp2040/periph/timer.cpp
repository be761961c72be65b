#include "periph/timer.hpp"

#include <algorithm>

namespace rp2040 {

namespace {
constexpr std::uint32_t kTimehw = 0x00, kTimelw = 0x04, kTimehr = 0x08, kTimelr = 0x0c, kAlarm0 = 0x10, kArmed = 0x20,
                        kTimerawh = 0x24, kTimerawl = 0x28, kDbgpause = 0x2c, kPause = 0x30, kIntr = 0x34, kInte = 0x38,
                        kIntf = 0x3c, kInts = 0x40;
constexpr unsigned kAlarms = 4;
}  // namespace

Timer::Timer(Fabric& fabric, const Watchdog& ticks) : StatefulPeripheral("TIMER", fabric), ticks_(ticks) {
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
        case kTimehw:
        case kTimelw: return 0;
        case kTimehr: return s_.latched_high;
        case kTimelr:
        case kTimerawl: return static_cast<std::uint32_t>(microseconds(now()));
        case kTimerawh: return static_cast<std::uint32_t>(microseconds(now()) >> 32);
        case kArmed: return s_.armed;
        case kDbgpause: return s_.dbgpause;
        case kPause: return s_.pause;
        case kIntr: return s_.intr;
        case kInte: return s_.inte;
        case kIntf: return s_.intf;
        case kInts: return (s_.intr & s_.inte) | s_.intf;
        default:
            if (offset >= kAlarm0 && offset < kArmed) return s_.alarm[(offset - kAlarm0) / 4];
            unmodelled(offset, false);
    }
}

std::uint32_t Timer::read(std::uint32_t offset) {
    if (offset == kTimelr) s_.latched_high = static_cast<std::uint32_t>(microseconds(now()) >> 32);
    return peek(offset);
}

void Timer::write(std::uint32_t offset, std::uint32_t value) {
    switch (offset) {
        case kTimelw: s_.write_low = value; return;
        case kTimehw: set_time(std::uint64_t{value} << 32 | s_.write_low); return;
        case kArmed: s_.armed &= ~(value & 0xf); break;
        case kDbgpause: s_.dbgpause = (value & 6u) | 1u; break;
        case kPause: {
            const std::uint64_t time = microseconds(now());
            s_.pause = value & 1u;
            s_.base = time;
            s_.base_tick = ticks_.ticks(now());
            break;
        }
        case kIntr: s_.intr &= ~(value & 0xf); break;
        case kInte: s_.inte = value & 0xf; break;
        case kIntf: s_.intf = value & 0xf; break;
        case kTimehr:
        case kTimelr:
        case kTimerawh:
        case kTimerawl:
        case kInts: return;  // Read-only.
        default: {
            if (offset < kAlarm0 || offset >= kArmed) unmodelled(offset, true);
            const unsigned index = (offset - kAlarm0) / 4;
            s_.alarm[index] = value;
            s_.armed |= 1u << index;
            retarget();
            fire_due();
        }
    }
    update_irqs();
    reschedule();
}

void Timer::write_alias(std::uint32_t offset, std::uint32_t value, unsigned alias) {
    // Write-to-clear bits: whichever alias carries the bit clears it (the SDK uses both the plain write and CLR).
    if (offset == kArmed || offset == kIntr)
        write(offset, value);
    else
        Peripheral::write_alias(offset, value, alias);
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
    if ((s_.pause & 1u) == 0)
        for (unsigned i = 0; i < kAlarms; ++i)
            if (((s_.armed >> i) & 1u) != 0)
                due = std::min(due, ticks_.tick_time(s_.base_tick + (s_.target[i] - s_.base)));
    fabric_.events().schedule(EventId::timer, due);
}

void Timer::ticks_changed() { reschedule(); }

}  // namespace rp2040
