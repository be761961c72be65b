#include "periph/clocks.hpp"

#include "periph/pll.hpp"
#include "periph/rosc.hpp"
#include "periph/xosc.hpp"
#include "regs/clocks.hpp"

namespace rp2040 {

namespace {
constexpr const regs::Block& kRegs = regs::kClocks;
consteval std::uint32_t at(std::string_view name) { return kRegs.at(name); }
constexpr std::uint32_t kGenerators = kRegs.at("CLK_SYS_RESUS_CTRL");  // End of the ten CTRL, DIV, SELECTED triples.
constexpr std::uint32_t kEnable = kRegs.mask("CLK_PERI_CTRL.ENABLE"), kKill = kRegs.mask("CLK_PERI_CTRL.KILL");
constexpr regs::Bits kAuxsrc = kRegs.bits("CLK_GPOUT%_CTRL.AUXSRC"), kRefSrc = kRegs.bits("CLK_REF_CTRL.SRC"),
                     kSysSrc = kRegs.bits("CLK_SYS_CTRL.SRC");
constexpr std::uint32_t kResusEnable = kRegs.mask("CLK_SYS_RESUS_CTRL.ENABLE"),
                        kResusForce = kRegs.mask("CLK_SYS_RESUS_CTRL.FRCE"),
                        kResusClear = kRegs.mask("CLK_SYS_RESUS_CTRL.CLEAR");
constexpr std::uint32_t kDied = kRegs.mask("FC0_STATUS.DIED"), kFast = kRegs.mask("FC0_STATUS.FAST"),
                        kSlow = kRegs.mask("FC0_STATUS.SLOW"), kFail = kRegs.mask("FC0_STATUS.FAIL"),
                        kWaiting = kRegs.mask("FC0_STATUS.WAITING"), kRunning = kRegs.mask("FC0_STATUS.RUNNING"),
                        kDone = kRegs.mask("FC0_STATUS.DONE"), kPass = kRegs.mask("FC0_STATUS.PASS");

// Writable bits in ClockId order.
constexpr std::array<std::uint32_t, 10> kCtrlMask = {
    kRegs.writable("CLK_GPOUT0_CTRL"), kRegs.writable("CLK_GPOUT1_CTRL"), kRegs.writable("CLK_GPOUT2_CTRL"),
    kRegs.writable("CLK_GPOUT3_CTRL"), kRegs.writable("CLK_REF_CTRL"),    kRegs.writable("CLK_SYS_CTRL"),
    kRegs.writable("CLK_PERI_CTRL"),   kRegs.writable("CLK_USB_CTRL"),    kRegs.writable("CLK_ADC_CTRL"),
    kRegs.writable("CLK_RTC_CTRL"),
};
constexpr std::array<std::uint32_t, 10> kDivMask = {
    kRegs.writable("CLK_GPOUT0_DIV"), kRegs.writable("CLK_GPOUT1_DIV"), kRegs.writable("CLK_GPOUT2_DIV"),
    kRegs.writable("CLK_GPOUT3_DIV"), kRegs.writable("CLK_REF_DIV"),    kRegs.writable("CLK_SYS_DIV"),
    kRegs.writable("CLK_PERI_DIV"),   kRegs.writable("CLK_USB_DIV"),    kRegs.writable("CLK_ADC_DIV"),
    kRegs.writable("CLK_RTC_DIV"),
};
constexpr std::size_t index(ClockId clock) { return static_cast<std::size_t>(clock); }
}  // namespace

Clocks::Clocks(Fabric& fabric, const Xosc& xosc, const Rosc& rosc, const Pll& pll_sys, const Pll& pll_usb)
    : StatefulPeripheral(kRegs, fabric), xosc_(xosc), rosc_(rosc), pll_sys_(pll_sys), pll_usb_(pll_usb) {
    sources_changed();
    fabric.gpio().add_lazy_driver(*this);
    fabric.events().bind(EventId::gpout, this, [](void* self, Cycles when) {
        auto& clocks = *static_cast<Clocks*>(self);
        clocks.fabric_.gpio().settle(when);
        clocks.plan();
    });
}

void Clocks::reset() {
    s_ = ClocksState{};
    sources_changed();
    update_irq();
    gates_changed();
}

std::uint32_t Clocks::aux_hz(ClockId clock, unsigned auxsrc) const {
    enum class Source { none, pll_sys, pll_usb, rosc, xosc, gpin0, gpin1, sys, usb, adc, rtc, ref };
    using enum Source;
    static constexpr std::array<Source, 16> kGpout = {pll_sys, gpin0, gpin1, pll_usb, rosc, xosc, sys,  usb,
                                                      adc,     rtc,   ref,   none,    none, none, none, none};
    static constexpr std::array<Source, 4> kRef = {pll_usb, gpin0, gpin1, none};
    static constexpr std::array<Source, 8> kSys = {pll_sys, pll_usb, rosc, xosc, gpin0, gpin1, none, none};
    static constexpr std::array<Source, 8> kPeri = {sys, pll_sys, pll_usb, rosc, xosc, gpin0, gpin1, none};
    static constexpr std::array<Source, 8> kUsbAdcRtc = {pll_usb, pll_sys, rosc, xosc, gpin0, gpin1, none, none};
    Source source = none;
    switch (clock) {
        case ClockId::ref: source = kRef[auxsrc & 3]; break;
        case ClockId::sys: source = kSys[auxsrc & 7]; break;
        case ClockId::peri: source = kPeri[auxsrc & 7]; break;
        case ClockId::usb:
        case ClockId::adc:
        case ClockId::rtc: source = kUsbAdcRtc[auxsrc & 7]; break;
        default: source = kGpout[auxsrc & 15]; break;
    }
    switch (source) {
        case pll_sys: return pll_sys_.hz();
        case pll_usb: return pll_usb_.hz();
        case rosc: return rosc_.hz();
        case xosc: return xosc_.hz();
        case gpin0: return gpin_hz_[0];
        case gpin1: return gpin_hz_[1];
        case sys: return hz(ClockId::sys);
        case usb: return hz(ClockId::usb);
        case adc: return hz(ClockId::adc);
        case rtc: return hz(ClockId::rtc);
        case ref: return hz(ClockId::ref);
        default: return 0;
    }
}

std::uint32_t Clocks::compute_hz(ClockId clock) const {
    const ClocksState::Generator& generator = s_.generators[index(clock)];
    const unsigned auxsrc = kAuxsrc.of(generator.ctrl);
    std::uint32_t source = 0;
    if (clock == ClockId::ref) {
        const unsigned src = kRefSrc.of(generator.ctrl);
        source = src == 0 ? rosc_.hz() : src == 2 ? xosc_.hz() : src == 1 ? aux_hz(clock, auxsrc) : 0;
    } else if (clock == ClockId::sys) {
        if (s_.resussed) return hz(ClockId::ref);
        source = kSysSrc.of(generator.ctrl) == 0 ? hz(ClockId::ref) : aux_hz(clock, auxsrc);
    } else {
        if ((generator.ctrl & kEnable) == 0 || (generator.ctrl & kKill) != 0) return 0;
        source = aux_hz(clock, auxsrc);
    }
    if (clock == ClockId::peri) return source;
    std::uint64_t divisor = generator.div;
    // INT = 0 means the largest divisor: 2^16, or 4 where INT has two bits.
    if ((divisor >> 8) == 0) divisor |= kDivMask[index(clock)] == kRegs.writable("CLK_REF_DIV") ? 0x400u : 0x1000000u;
    // Measured by users, not in the errata: FRAC has no effect while INT is 1 (pico-sdk issues 2187 and 2189).
    if ((divisor >> 8) == 1) divisor = 0x100;
    return static_cast<std::uint32_t>((std::uint64_t{source} << 8) / divisor);
}

void Clocks::sources_changed() {
    const auto before = s_.hz;
    const bool was_resussed = s_.resussed;
    // Later generators may take earlier ones as their source; GPOUTs can take any.
    for (const ClockId clock : {ClockId::ref, ClockId::sys, ClockId::peri, ClockId::usb, ClockId::adc, ClockId::rtc,
                                ClockId::gpout0, ClockId::gpout1, ClockId::gpout2, ClockId::gpout3}) {
        std::uint32_t value = compute_hz(clock);
        if (clock == ClockId::sys && (value == 0 || (s_.resus_ctrl & kResusForce) != 0)) {
            if ((s_.resus_ctrl & (kResusEnable | kResusForce)) != 0) {
                s_.resussed = true;
                value = hz(ClockId::ref);
            }
            if (value == 0) {
                s_.hz = before;
                halt();
                return;
            }
        }
        s_.hz[index(clock)] = value;
    }
    s_.halted = false;
    if (s_.resussed != was_resussed) update_irq();
    if (s_.hz != before && on_change) on_change();
}

/// Cycles of clk_sys are the time of every block, so the frequencies do not matter until it runs again.
void Clocks::halt() {
    if (!xosc_.dormant() && !rosc_.dormant())
        unmodelled(at("CLK_SYS_CTRL"), true, "clk_sys has no running source; the chip would stop here");
    if (!on_halt)
        unmodelled(at("CLK_SYS_CTRL"), true, "clk_sys stops in DORMANT mode; only the embedded processors can do that");
    s_.halted = true;
    on_halt();
}

void Clocks::clocks_changed() {
    s_.fc0_reference.set_rate(now(), hz(ClockId::ref), hz(ClockId::sys));
    set_output_rates();
}

void Clocks::set_gpin_hz(unsigned pin, std::uint32_t hz) {
    gpin_hz_.at(pin) = hz;
    sources_changed();
}

std::uint32_t Clocks::fc0_source() const {
    switch (s_.fc0_src) {
        case 1: return pll_sys_.hz();
        case 2: return pll_usb_.hz();
        case 3:
        case 4: return rosc_.hz();
        case 5: return xosc_.hz();
        case 6: return gpin_hz_[0];
        case 7: return gpin_hz_[1];
        case 8: return hz(ClockId::ref);
        case 9: return hz(ClockId::sys);
        case 10: return hz(ClockId::peri);
        case 11: return hz(ClockId::usb);
        case 12: return hz(ClockId::adc);
        case 13: return hz(ClockId::rtc);
        default: return 0;
    }
}

/// The test interval is 2^INTERVAL / 1024 ms, timed in clk_ref periods as REF_KHZ claims them to be.
std::uint64_t Clocks::fc0_interval_periods() const { return (std::uint64_t{s_.fc0_ref_khz} << s_.fc0_interval) >> 10; }

void Clocks::start_fc0() {
    s_.fc0_source_hz = fc0_source();
    s_.fc0_reference.set_count(now(), 0);
    clocks_changed();
}

std::uint32_t Clocks::fc0_result() const {
    const std::uint32_t reference = hz(ClockId::ref);
    if (reference == 0) return 0;
    // Whole periods of the source within the interval; each is worth 2^(15 - INTERVAL) of 1/32 kHz.
    const std::uint64_t periods = static_cast<std::uint64_t>(
        (Wide{s_.fc0_source_hz} * s_.fc0_ref_khz << s_.fc0_interval) / (Wide{reference} * 1024));
    return static_cast<std::uint32_t>(periods << (15 - s_.fc0_interval)) & 0x3fffffff;
}

std::uint32_t Clocks::fc0_status() const {
    if (s_.fc0_src == 0) return 0;
    const bool measuring = s_.fc0_reference.count(now()) < s_.fc0_delay + fc0_interval_periods();
    if (measuring && s_.fc0_source_hz == 0) return kWaiting;
    if (fc0_source() == 0) return kDied | kFail | kDone;  // ends too: programs measure the PLL that they stopped
    if (measuring) return kRunning;
    const std::uint32_t khz = fc0_result() >> 5;
    if (khz < s_.fc0_min_khz) return kDone | kFail | kSlow;
    if (khz > s_.fc0_max_khz) return kDone | kFail | kFast;
    return kDone | kPass;
}

std::uint32_t Clocks::read(std::uint32_t offset) {
    if (offset < kGenerators) {
        const std::size_t clock = offset / 12;
        const ClocksState::Generator& generator = s_.generators[clock];
        if (offset % 12 == 0) return generator.ctrl;
        if (offset % 12 == 4) return generator.div;
        if (clock == index(ClockId::ref)) return 1u << kRefSrc.of(generator.ctrl);
        if (clock == index(ClockId::sys)) return s_.resussed ? 1u : 1u << kSysSrc.of(generator.ctrl);
        return 1;  // No glitchless mux.
    }
    switch (offset) {
        case at("CLK_SYS_RESUS_CTRL"): return s_.resus_ctrl;
        case at("CLK_SYS_RESUS_STATUS"): return s_.resussed;
        case at("FC0_REF_KHZ"): return s_.fc0_ref_khz;
        case at("FC0_MIN_KHZ"): return s_.fc0_min_khz;
        case at("FC0_MAX_KHZ"): return s_.fc0_max_khz;
        case at("FC0_DELAY"): return s_.fc0_delay;
        case at("FC0_INTERVAL"): return s_.fc0_interval;
        case at("FC0_SRC"): return s_.fc0_src;
        case at("FC0_STATUS"): return fc0_status();
        case at("FC0_RESULT"): return (fc0_status() & kDone) != 0 ? fc0_result() : 0;
        case at("WAKE_EN0"): return s_.wake_en0;
        case at("ENABLED0"): return static_cast<std::uint32_t>(enabled());
        case at("WAKE_EN1"): return s_.wake_en1;
        case at("ENABLED1"): return static_cast<std::uint32_t>(enabled() >> 32);
        case at("SLEEP_EN0"): return s_.sleep_en0;
        case at("SLEEP_EN1"): return s_.sleep_en1;
        case at("INTR"): return s_.resussed;
        case at("INTE"): return s_.inte;
        case at("INTF"): return s_.intf;
        case at("INTS"): return (s_.resussed && s_.inte != 0) || s_.intf != 0;
        default: unmodelled(offset, false);
    }
}

/// The SDK writes 1.0; programs that clear the whole block write zero.
void Clocks::refuse_divider(std::uint32_t value) const {
    if (value != 0 && value != kRegs.reset("CLK_PERI_DIV")) refuse(at("CLK_PERI_DIV"), value);
}

void Clocks::write(std::uint32_t offset, std::uint32_t value) {
    if (offset < kGenerators) {
        const std::size_t clock = offset / 12;
        ClocksState::Generator& generator = s_.generators[clock];
        if (offset % 12 == 0)
            generator.ctrl = value & kCtrlMask[clock];
        else if (offset == at("CLK_PERI_DIV"))
            refuse_divider(value);
        else if (offset % 12 == 4)
            generator.div = value & kDivMask[clock];
        sources_changed();
        return;
    }
    switch (offset) {
        case at("CLK_SYS_RESUS_CTRL"):
            s_.resus_ctrl = value & kRegs.writable("CLK_SYS_RESUS_CTRL");
            if ((value & kResusClear) != 0) s_.resussed = false;
            sources_changed();
            update_irq();
            break;
        case at("FC0_REF_KHZ"): s_.fc0_ref_khz = value & kRegs.writable("FC0_REF_KHZ"); break;
        case at("FC0_MIN_KHZ"): s_.fc0_min_khz = value & kRegs.writable("FC0_MIN_KHZ"); break;
        case at("FC0_MAX_KHZ"): s_.fc0_max_khz = value & kRegs.writable("FC0_MAX_KHZ"); break;
        case at("FC0_DELAY"): s_.fc0_delay = value & kRegs.writable("FC0_DELAY"); break;
        case at("FC0_INTERVAL"): s_.fc0_interval = value & kRegs.writable("FC0_INTERVAL"); break;
        case at("FC0_SRC"):
            s_.fc0_src = value & kRegs.writable("FC0_SRC");
            start_fc0();
            break;
        case at("WAKE_EN0"):
            if ((~value & kRegs.refused("WAKE_EN0")) != 0) refuse(offset, ~value);
            s_.wake_en0 = value;
            gates_changed();
            break;
        case at("WAKE_EN1"):
            if ((~value & kRegs.refused("WAKE_EN1")) != 0) refuse(offset, ~value);
            s_.wake_en1 = value & kRegs.writable("WAKE_EN1");
            gates_changed();
            break;
        case at("SLEEP_EN0"): s_.sleep_en0 = value; break;
        case at("SLEEP_EN1"): s_.sleep_en1 = value & kRegs.writable("SLEEP_EN1"); break;
        case at("INTE"):
            s_.inte = value & kRegs.writable("INTE");
            update_irq();
            break;
        case at("INTF"):
            s_.intf = value & kRegs.writable("INTF");
            update_irq();
            break;
        default: ignore_read_only(offset);
    }
}

std::uint64_t Clocks::enabled() const {
    return s_.asleep ? s_.sleep_en0 | std::uint64_t{s_.sleep_en1} << 32
                     : s_.wake_en0 | std::uint64_t{s_.wake_en1} << 32;
}

void Clocks::gates_changed() {
    if (on_gates) on_gates();
}

void Clocks::set_asleep(bool asleep) {
    if (asleep == s_.asleep) return;
    s_.asleep = asleep;
    gates_changed();
}

void Clocks::update_irq() { fabric_.set_irq(Irq::clocks, (s_.resussed && s_.inte != 0) || s_.intf != 0); }

}  // namespace rp2040
