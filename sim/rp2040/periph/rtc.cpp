#include "periph/rtc.hpp"

#include "regs/rtc.hpp"

namespace rp2040 {

namespace {
constexpr const regs::Block& kRegs = regs::kRtc;
consteval std::uint32_t at(std::string_view name) { return kRegs.at(name); }
constexpr std::uint32_t kEnable = kRegs.mask("CTRL.RTC_ENABLE"), kActive = kRegs.mask("CTRL.RTC_ACTIVE"),
                        kLoad = kRegs.mask("CTRL.LOAD"), kForceNotLeapYear = kRegs.mask("CTRL.FORCE_NOTLEAPYEAR");
constexpr std::uint32_t kMatchEna = kRegs.mask("IRQ_SETUP_0.MATCH_ENA"),
                        kMatchActive = kRegs.mask("IRQ_SETUP_0.MATCH_ACTIVE");
constexpr regs::Bits kYear = kRegs.bits("SETUP_0.YEAR"), kMonth = kRegs.bits("SETUP_0.MONTH"),
                     kDay = kRegs.bits("SETUP_0.DAY"), kDotw = kRegs.bits("SETUP_1.DOTW"),
                     kHour = kRegs.bits("SETUP_1.HOUR"), kMin = kRegs.bits("SETUP_1.MIN"),
                     kSec = kRegs.bits("SETUP_1.SEC");

std::uint32_t pack_date(const RtcDateTime& t) { return kYear.put(t.year) | kMonth.put(t.month) | kDay.put(t.day); }
std::uint32_t pack_time(const RtcDateTime& t) {
    return kDotw.put(t.dotw) | kHour.put(t.hour) | kMin.put(t.minute) | kSec.put(t.second);
}
}  // namespace

Rtc::Rtc(Fabric& fabric) : StatefulPeripheral(kRegs, fabric) {
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
    s_.seconds.set_rate(now(), on ? clock_hz(ClockId::rtc) : 0,
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
    for (; s_.applied < seconds; ++s_.applied) {
        add_second();
        if (s_.matching.at(s_.seconds.when(s_.applied + 1)) && match()) s_.request = true;
    }
}

void Rtc::synchronise(RtcSynchronised& bit, bool value) {
    if (bit.value == value) return;
    const std::uint64_t rtc_hz = fabric_.clock_hz(ClockId::rtc), sys_hz = fabric_.clock_hz(ClockId::sys);
    bit = {bit.at(now()), value, rtc_hz == 0 ? kNever : now() + (2 * sys_hz + rtc_hz - 1) / rtc_hz};
}

/// The alarm is an event: it is requested when a second begins that matches, and stays so until MATCH_ENA is cleared.
/// The datasheet does not say; pico-sdk's handler clears and sets MATCH_ENA in the same second and is called once.
bool Rtc::match() const {
    const std::uint32_t date = pack_date(s_.time), time = pack_time(s_.time);
    struct Field {
        std::uint32_t setup, enable, value, mask;
    };
    const std::uint32_t s0 = s_.irq_setup_0, s1 = s_.irq_setup_1;
    const Field fields[] = {
        {s0, kRegs.mask("IRQ_SETUP_0.YEAR_ENA"), date, kYear.mask},
        {s0, kRegs.mask("IRQ_SETUP_0.MONTH_ENA"), date, kMonth.mask},
        {s0, kRegs.mask("IRQ_SETUP_0.DAY_ENA"), date, kDay.mask},
        {s1, kRegs.mask("IRQ_SETUP_1.DOTW_ENA"), time, kDotw.mask},
        {s1, kRegs.mask("IRQ_SETUP_1.HOUR_ENA"), time, kHour.mask},
        {s1, kRegs.mask("IRQ_SETUP_1.MIN_ENA"), time, kMin.mask},
        {s1, kRegs.mask("IRQ_SETUP_1.SEC_ENA"), time, kSec.mask},
    };
    bool any = false;
    for (const Field& f : fields) {
        if ((f.setup & f.enable) == 0) continue;
        any = true;
        if ((f.setup & f.mask) != (f.value & f.mask)) return false;
    }
    return any;
}

void Rtc::update_irq() {
    advance();
    fabric_.set_irq(Irq::rtc, (s_.request && s_.inte != 0) || s_.intf != 0);
}

void Rtc::reschedule() {
    // Only an enabled alarm makes the passing of a second visible without a register read.
    const bool wanted = (s_.irq_setup_0 & kMatchEna) != 0 && s_.inte != 0;
    fabric_.events().schedule(EventId::rtc, wanted ? s_.seconds.when(s_.applied + 1) : kNever);
}

std::uint32_t Rtc::peek(std::uint32_t offset) {
    advance();
    switch (offset) {
        case at("CLKDIV_M1"): return s_.clkdiv_m1;
        case at("SETUP_0"): return s_.setup_0;
        case at("SETUP_1"): return s_.setup_1;
        case at("CTRL"): return s_.ctrl | (s_.enabled.at(now()) ? kActive : 0);
        case at("IRQ_SETUP_0"): return s_.irq_setup_0 | (s_.matching.at(now()) ? kMatchActive : 0);
        case at("IRQ_SETUP_1"): return s_.irq_setup_1;
        case at("RTC_1"): return s_.latched_rtc_1;
        case at("RTC_0"): return pack_time(s_.time);
        case at("INTR"): return s_.request;
        case at("INTE"): return s_.inte;
        case at("INTF"): return s_.intf;
        case at("INTS"): return (s_.request && s_.inte != 0) || s_.intf != 0;
        default: unmodelled(offset, false);
    }
}

std::uint32_t Rtc::read(std::uint32_t offset) {
    const std::uint32_t value = peek(offset);
    if (offset == at("RTC_0")) s_.latched_rtc_1 = pack_date(s_.time);  // Reading RTC_0 latches RTC_1.
    return value;
}

void Rtc::write(std::uint32_t offset, std::uint32_t value) {
    advance();
    switch (offset) {
        case at("CLKDIV_M1"):
            s_.clkdiv_m1 = value & kRegs.writable("CLKDIV_M1");
            set_running();
            break;
        case at("SETUP_0"): s_.setup_0 = value & kRegs.writable("SETUP_0"); break;
        case at("SETUP_1"): s_.setup_1 = value & kRegs.writable("SETUP_1"); break;
        case at("CTRL"):
            s_.ctrl = value & kRegs.writable("CTRL");
            if ((value & kLoad) != 0) {
                const auto set = [](regs::Bits bits, std::uint32_t word) {
                    return static_cast<std::uint8_t>(bits.of(word));
                };
                s_.time = {static_cast<std::uint16_t>(kYear.of(s_.setup_0)),
                           set(kMonth, s_.setup_0),
                           set(kDay, s_.setup_0),
                           set(kDotw, s_.setup_1),
                           set(kHour, s_.setup_1),
                           set(kMin, s_.setup_1),
                           set(kSec, s_.setup_1)};
                s_.seconds.set_count(now(), 0);
                s_.applied = 0;
            }
            synchronise(s_.enabled, (s_.ctrl & kEnable) != 0);
            set_running();
            break;
        case at("IRQ_SETUP_0"):
            s_.irq_setup_0 = value & kRegs.writable("IRQ_SETUP_0");
            synchronise(s_.matching, (s_.irq_setup_0 & kMatchEna) != 0);
            if (!s_.matching.value) s_.request = false;
            break;
        case at("IRQ_SETUP_1"): s_.irq_setup_1 = value & kRegs.writable("IRQ_SETUP_1"); break;
        case at("INTE"): s_.inte = value & kRegs.writable("INTE"); break;
        case at("INTF"): s_.intf = value & kRegs.writable("INTF"); break;
        default: return ignore_read_only(offset);
    }
    update_irq();
    reschedule();
}

}  // namespace rp2040
