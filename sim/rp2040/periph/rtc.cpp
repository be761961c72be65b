#include "periph/rtc.hpp"

namespace rp2040 {

namespace {
constexpr std::uint32_t kClkdivM1 = 0x00, kSetup0 = 0x04, kSetup1 = 0x08, kCtrl = 0x0c, kIrqSetup0 = 0x10,
                        kIrqSetup1 = 0x14, kRtc1 = 0x18, kRtc0 = 0x1c, kIntr = 0x20, kInte = 0x24, kIntf = 0x28,
                        kInts = 0x2c;
constexpr std::uint32_t kEnable = 1u << 0, kActive = 1u << 1, kLoad = 1u << 4, kForceNotLeapYear = 1u << 8;
constexpr std::uint32_t kMatchEna = 1u << 28, kMatchActive = 1u << 29;

std::uint32_t pack_date(const RtcDateTime& t) {
    return std::uint32_t{t.year} << 12 | std::uint32_t{t.month} << 8 | t.day;
}
std::uint32_t pack_time(const RtcDateTime& t) {
    return std::uint32_t{t.dotw} << 24 | std::uint32_t{t.hour} << 16 | std::uint32_t{t.minute} << 8 | t.second;
}
}  // namespace

Rtc::Rtc(Fabric& fabric) : StatefulPeripheral("RTC", fabric) {
    fabric.events().bind(EventId::rtc, this, [](void* self, Cycles) {
        auto& rtc = *static_cast<Rtc*>(self);
        rtc.update_irq();
        rtc.reschedule();
    });
}

void Rtc::reset() {
    s_ = RtcState{};
    s_.seconds.set_count(now(), 0);
    set_running();
    update_irq();
    reschedule();
}

void Rtc::clocks_changed() {
    set_running();
    reschedule();
}

void Rtc::set_running() {
    const bool on = (s_.ctrl & kEnable) != 0;
    s_.seconds.set_rate(now(), on ? fabric_.clock_hz(ClockId::rtc) : 0,
                        std::uint64_t{fabric_.clock_hz(ClockId::sys)} * (s_.clkdiv_m1 + 1));
}

bool Rtc::leap_year(unsigned year) const { return (s_.ctrl & kForceNotLeapYear) == 0 && year % 4 == 0; }

void Rtc::add_second() {
    static constexpr std::uint8_t kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    RtcDateTime& t = s_.time;
    if (++t.second < 60) return;
    t.second = 0;
    if (++t.minute < 60) return;
    t.minute = 0;
    if (++t.hour < 24) return;
    t.hour = 0;
    t.dotw = static_cast<std::uint8_t>((t.dotw + 1) % 7);
    const unsigned month = t.month >= 1 && t.month <= 12 ? t.month : 12;
    const unsigned days = kDays[month - 1] + (month == 2 && leap_year(t.year) ? 1u : 0u);
    if (++t.day <= days) return;
    t.day = 1;
    if (++t.month <= 12) return;
    t.month = 1;
    t.year = static_cast<std::uint16_t>((t.year + 1) & 0xfff);
}

void Rtc::advance() {
    const std::uint64_t seconds = s_.seconds.count(now());
    for (; s_.applied < seconds; ++s_.applied) add_second();
}

bool Rtc::match() const {
    const std::uint32_t date = pack_date(s_.time), time = pack_time(s_.time);
    struct Field {
        std::uint32_t setup, enable, value, mask;
    };
    const std::uint32_t s0 = s_.irq_setup_0, s1 = s_.irq_setup_1;
    const Field fields[] = {
        {s0, 1u << 26, date, 0xfff000},   {s0, 1u << 25, date, 0xf00},    {s0, 1u << 24, date, 0x1f},
        {s1, 1u << 31, time, 0x07000000}, {s1, 1u << 30, time, 0x1f0000}, {s1, 1u << 29, time, 0x3f00},
        {s1, 1u << 28, time, 0x3f},
    };
    bool any = false;
    for (const Field& f : fields) {
        if ((f.setup & f.enable) == 0) continue;
        any = true;
        if ((f.setup & f.mask) != (f.value & f.mask)) return false;
    }
    return any && (s0 & kMatchEna) != 0;
}

void Rtc::update_irq() {
    advance();
    fabric_.set_irq(Irq::rtc, (match() && s_.inte != 0) || s_.intf != 0);
}

void Rtc::reschedule() {
    // Only an enabled alarm makes the passing of a second visible without a register read.
    const bool wanted = (s_.irq_setup_0 & kMatchEna) != 0 && s_.inte != 0;
    fabric_.events().schedule(EventId::rtc, wanted ? s_.seconds.when(s_.applied + 1) : kNever);
}

std::uint32_t Rtc::peek(std::uint32_t offset) {
    advance();
    switch (offset) {
        case kClkdivM1: return s_.clkdiv_m1;
        case kSetup0: return s_.setup_0;
        case kSetup1: return s_.setup_1;
        case kCtrl: return s_.ctrl | ((s_.ctrl & kEnable) != 0 ? kActive : 0);
        case kIrqSetup0: return s_.irq_setup_0 | ((s_.irq_setup_0 & kMatchEna) != 0 ? kMatchActive : 0);
        case kIrqSetup1: return s_.irq_setup_1;
        case kRtc1: return s_.latched_rtc_1;
        case kRtc0: return pack_time(s_.time);
        case kIntr: return match();
        case kInte: return s_.inte;
        case kIntf: return s_.intf;
        case kInts: return (match() && s_.inte != 0) || s_.intf != 0;
        default: unmodelled(offset, false);
    }
}

std::uint32_t Rtc::read(std::uint32_t offset) {
    const std::uint32_t value = peek(offset);
    if (offset == kRtc0) s_.latched_rtc_1 = pack_date(s_.time);  // Reading RTC_0 latches RTC_1.
    return value;
}

void Rtc::write(std::uint32_t offset, std::uint32_t value) {
    advance();
    switch (offset) {
        case kClkdivM1:
            s_.clkdiv_m1 = value & 0xffff;
            set_running();
            break;
        case kSetup0: s_.setup_0 = value & 0x00ffff1f; break;
        case kSetup1: s_.setup_1 = value & 0x071f3f3f; break;
        case kCtrl:
            s_.ctrl = value & (kEnable | kForceNotLeapYear);
            if ((value & kLoad) != 0) {
                s_.time = {static_cast<std::uint16_t>(s_.setup_0 >> 12),
                           static_cast<std::uint8_t>((s_.setup_0 >> 8) & 0xf),
                           static_cast<std::uint8_t>(s_.setup_0 & 0x1f),
                           static_cast<std::uint8_t>(s_.setup_1 >> 24),
                           static_cast<std::uint8_t>((s_.setup_1 >> 16) & 0x1f),
                           static_cast<std::uint8_t>((s_.setup_1 >> 8) & 0x3f),
                           static_cast<std::uint8_t>(s_.setup_1 & 0x3f)};
                s_.seconds.set_count(now(), 0);
                s_.applied = 0;
            }
            set_running();
            break;
        case kIrqSetup0: s_.irq_setup_0 = value & 0x17ffff1f; break;
        case kIrqSetup1: s_.irq_setup_1 = value & 0xf71f3f3f; break;
        case kInte: s_.inte = value & 1u; break;
        case kIntf: s_.intf = value & 1u; break;
        case kRtc1:
        case kRtc0:
        case kIntr:
        case kInts: return;  // Read-only.
        default: unmodelled(offset, true);
    }
    update_irq();
    reschedule();
}

}  // namespace rp2040
