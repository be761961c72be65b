#include "periph/adc.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "regs/adc.hpp"

namespace rp2040 {

namespace {
constexpr const regs::Block& kRegs = regs::kAdc;
consteval std::uint32_t at(std::string_view name) { return kRegs.at(name); }
constexpr std::uint32_t kEn = kRegs.mask("CS.EN"), kTsEn = kRegs.mask("CS.TS_EN"),
                        kStartOnce = kRegs.mask("CS.START_ONCE"), kStartMany = kRegs.mask("CS.START_MANY"),
                        kReady = kRegs.mask("CS.READY");
constexpr regs::Bits kAinsel = kRegs.bits("CS.AINSEL"), kRrobin = kRegs.bits("CS.RROBIN");
constexpr std::uint32_t kFcsEn = kRegs.mask("FCS.EN"), kFcsShift = kRegs.mask("FCS.SHIFT"),
                        kFcsDreqEn = kRegs.mask("FCS.DREQ_EN"), kFcsEmpty = kRegs.mask("FCS.EMPTY"),
                        kFcsFull = kRegs.mask("FCS.FULL"), kFcsUnder = kRegs.mask("FCS.UNDER"),
                        kFcsOver = kRegs.mask("FCS.OVER");
constexpr regs::Bits kLevel = kRegs.bits("FCS.LEVEL"), kThresh = kRegs.bits("FCS.THRESH");
constexpr unsigned kTemperature = 4;

/// VREF is 3.3 V; out of range saturates (datasheet 4.9.2). No voltage at all reads as zero.
std::uint16_t conversion_result(double volts) {
    const double code = std::clamp(volts / 3.3 * 4096.0, 0.0, 4095.0);
    return std::isnan(code) ? std::uint16_t{0} : static_cast<std::uint16_t>(std::lround(code));
}
}  // namespace

Adc::Adc(Fabric& fabric) : StatefulPeripheral(kRegs, fabric) {
    fabric.events().bind(EventId::adc, this, [](void* self, Cycles) { static_cast<Adc*>(self)->event(); });
}

void Adc::reset() {
    const auto input = s_.input;
    s_ = AdcState{};
    s_.input = input;
    s_.clock.set_count(now(), 0);
    clocks_changed();
    update();
}

void Adc::set_input(unsigned input, std::uint16_t value) { s_.input.at(input) = std::min<std::uint16_t>(value, 0xfff); }

void Adc::set_voltage(unsigned input, double volts) { set_input(input, conversion_result(volts)); }

void Adc::set_temperature(double celsius) { set_voltage(kTemperature, 0.706 - 0.001721 * (celsius - 27.0)); }

void Adc::clocks_changed() {
    s_.clock.set_rate(now(), clock_hz(ClockId::adc), fabric_.clock_hz(ClockId::sys));
    reschedule();
}

/// A conversion starts on a clk_adc edge and takes 96 periods (datasheet 4.9.2).
void Adc::begin(std::uint64_t start_q8) {
    s_.converting = true;
    s_.start_q8 = start_q8;
    s_.done = (start_q8 + 255) / 256 + kConversionCycles;
    reschedule();
}

void Adc::finish() {
    const unsigned input = kAinsel.of(s_.cs);
    s_.result = input < s_.input.size() ? s_.input[input] : 0;
    if (source && input < kTemperature)
        if (const auto volts = source(input, now())) s_.result = conversion_result(*volts);
    if (input == kTemperature && (s_.cs & kTsEn) == 0) s_.result = 0;
    if ((s_.fcs & kFcsEn) != 0) {
        const std::uint32_t value = (s_.fcs & kFcsShift) != 0 ? s_.result >> 4 : s_.result;
        if (!s_.fifo.push(static_cast<std::uint16_t>(value))) s_.fcs |= kFcsOver;
    }
    const std::uint32_t round_robin = kRrobin.of(s_.cs);
    if (round_robin != 0) {
        // The next input above the current one, cyclically.
        const std::uint32_t twice = round_robin | round_robin << 5;
        const unsigned from = input < 5 ? input + 1 : 0;
        const unsigned next = (from + static_cast<unsigned>(std::countr_zero(twice >> from))) % 5;
        s_.cs = (s_.cs & ~kAinsel.mask) | kAinsel.put(next);
    }
    s_.converting = false;
}

void Adc::event() {
    if (s_.converting && s_.clock.count(now()) >= s_.done) {
        finish();
        if ((s_.cs & (kEn | kStartMany)) == (kEn | kStartMany)) {
            // DIV = 0: back to back; else one start per 1 + INT + FRAC/256 periods.
            const std::uint64_t interval = s_.div == 0 ? 0 : s_.div + 256;
            begin(std::max(s_.start_q8 + interval, s_.done * 256));
        }
    }
    update();
}

bool Adc::at_threshold() const { return s_.fifo.size() >= kThresh.of(s_.fcs); }

void Adc::update() {
    const bool irq = (at_threshold() && s_.inte != 0) || s_.intf != 0;
    fabric_.set_irq(Irq::adc_fifo, irq);
    fabric_.set_dreq(Dreq::adc,
                     (s_.fcs & kFcsDreqEn) != 0 && at_threshold() ? static_cast<std::uint32_t>(s_.fifo.size()) : 0);
    reschedule();
}

void Adc::reschedule() { fabric_.events().schedule(EventId::adc, s_.converting ? s_.clock.when(s_.done) : kNever); }

std::uint32_t Adc::peek(std::uint32_t offset) {
    switch (offset) {
        case at("CS"): return s_.cs | ((s_.cs & kEn) != 0 && !s_.converting ? kReady : 0);
        case at("RESULT"): return s_.result;
        case at("FCS"):
            return s_.fcs | kLevel.put(static_cast<std::uint32_t>(s_.fifo.size())) | (s_.fifo.empty() ? kFcsEmpty : 0) |
                   (s_.fifo.full() ? kFcsFull : 0);
        case at("FIFO"): return s_.fifo.empty() ? 0 : s_.fifo.front();
        case at("DIV"): return s_.div;
        case at("INTR"): return at_threshold();
        case at("INTE"): return s_.inte;
        case at("INTF"): return s_.intf;
        case at("INTS"): return (at_threshold() && s_.inte != 0) || s_.intf != 0;
        default: unmodelled(offset, false);
    }
}

std::uint32_t Adc::pop() {
    std::uint32_t value = 0;
    if (s_.fifo.empty())
        s_.fcs |= kFcsUnder;
    else
        value = s_.fifo.pop();
    update();
    return value;
}

std::uint32_t Adc::read(std::uint32_t offset) { return offset == at("FIFO") ? pop() : peek(offset); }

void Adc::write(std::uint32_t offset, std::uint32_t value) {
    switch (offset) {
        case at("CS"):
            s_.cs = value & kRegs.writable("CS");
            if ((s_.cs & kEn) == 0)
                s_.converting = false;
            else if (!s_.converting && (value & (kStartOnce | kStartMany)) != 0) {
                // The next edge of clk_adc.
                const std::uint64_t edge = s_.clock.count(now());
                begin((s_.clock.when(edge) == now() ? edge : edge + 1) * 256);
            }
            break;
        case at("FCS"): s_.fcs = (value & kRegs.writable("FCS")) | (s_.fcs & (kFcsUnder | kFcsOver) & ~value); break;
        case at("DIV"): s_.div = value & kRegs.writable("DIV"); break;
        case at("INTE"): s_.inte = value & kRegs.writable("INTE"); break;
        case at("INTF"): s_.intf = value & kRegs.writable("INTF"); break;
        default: return ignore_read_only(offset);
    }
    update();
}

}  // namespace rp2040
