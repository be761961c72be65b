#include "periph/adc.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace rp2040 {

namespace {
constexpr std::uint32_t kCs = 0x00, kResult = 0x04, kFcs = 0x08, kFifo = 0x0c, kDiv = 0x10, kIntr = 0x14, kInte = 0x18,
                        kIntf = 0x1c, kInts = 0x20;
constexpr std::uint32_t kEn = 1u << 0, kTsEn = 1u << 1, kStartOnce = 1u << 2, kStartMany = 1u << 3, kReady = 1u << 8;
constexpr std::uint32_t kCsMask = 0x001f700b;
constexpr std::uint32_t kFcsEn = 1u << 0, kFcsShift = 1u << 1, kFcsDreqEn = 1u << 3, kFcsEmpty = 1u << 8,
                        kFcsFull = 1u << 9, kFcsUnder = 1u << 10, kFcsOver = 1u << 11;
constexpr std::uint32_t kFcsMask = 0x0f00000f;
constexpr unsigned kTemperature = 4;
}  // namespace

Adc::Adc(Fabric& fabric) : StatefulPeripheral("ADC", fabric) {
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

void Adc::set_temperature(double celsius) {
    const double volts = 0.706 - 0.001721 * (celsius - 27.0);
    const double code = std::clamp(volts / 3.3 * 4096.0, 0.0, 4095.0);
    set_input(kTemperature, static_cast<std::uint16_t>(std::lround(code)));
}

void Adc::clocks_changed() {
    s_.clock.set_rate(now(), fabric_.clock_hz(ClockId::adc), fabric_.clock_hz(ClockId::sys));
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
    const unsigned input = (s_.cs >> 12) & 7u;
    s_.result = input < s_.input.size() ? s_.input[input] : 0;
    if (input == kTemperature && (s_.cs & kTsEn) == 0) s_.result = 0;
    if ((s_.fcs & kFcsEn) != 0) {
        const std::uint32_t value = (s_.fcs & kFcsShift) != 0 ? s_.result >> 4 : s_.result;
        if (!s_.fifo.push(static_cast<std::uint16_t>(value))) s_.fcs |= kFcsOver;
    }
    const std::uint32_t round_robin = (s_.cs >> 16) & 0x1f;
    if (round_robin != 0) {
        // The next input above the current one, cyclically.
        const std::uint32_t twice = round_robin | round_robin << 5;
        const unsigned from = input < 5 ? input + 1 : 0;
        const unsigned next = (from + static_cast<unsigned>(std::countr_zero(twice >> from))) % 5;
        s_.cs = (s_.cs & ~0x7000u) | next << 12;
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

bool Adc::at_threshold() const { return s_.fifo.size() >= ((s_.fcs >> 24) & 0xf); }

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
        case kCs: return s_.cs | ((s_.cs & kEn) != 0 && !s_.converting ? kReady : 0);
        case kResult: return s_.result;
        case kFcs:
            return s_.fcs | static_cast<std::uint32_t>(s_.fifo.size()) << 16 | (s_.fifo.empty() ? kFcsEmpty : 0) |
                   (s_.fifo.full() ? kFcsFull : 0);
        case kFifo: return s_.fifo.empty() ? 0 : s_.fifo.front();
        case kDiv: return s_.div;
        case kIntr: return at_threshold();
        case kInte: return s_.inte;
        case kIntf: return s_.intf;
        case kInts: return (at_threshold() && s_.inte != 0) || s_.intf != 0;
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

std::uint32_t Adc::read(std::uint32_t offset) { return offset == kFifo ? pop() : peek(offset); }

void Adc::write(std::uint32_t offset, std::uint32_t value) {
    switch (offset) {
        case kCs:
            s_.cs = value & kCsMask;
            if ((s_.cs & kEn) == 0)
                s_.converting = false;
            else if (!s_.converting && (value & (kStartOnce | kStartMany)) != 0) {
                // The next edge of clk_adc.
                const std::uint64_t edge = s_.clock.count(now());
                begin((s_.clock.when(edge) == now() ? edge : edge + 1) * 256);
            }
            break;
        case kFcs: s_.fcs = (value & kFcsMask) | (s_.fcs & (kFcsUnder | kFcsOver) & ~value); break;
        case kDiv: s_.div = value & 0xffffff; break;
        case kInte: s_.inte = value & 1u; break;
        case kIntf: s_.intf = value & 1u; break;
        case kResult:
        case kFifo:
        case kIntr:
        case kInts: return;  // Read-only.
        default: unmodelled(offset, true);
    }
    update();
}

void Adc::write_alias(std::uint32_t offset, std::uint32_t value, unsigned alias) {
    if (offset != kFcs) {
        Peripheral::write_alias(offset, value, alias);
        return;
    }
    // UNDER and OVER are write-to-clear: only the bits named by the access clear them.
    const std::uint32_t old = s_.fcs & kFcsMask;
    const std::uint32_t control = alias == 0   ? value
                                  : alias == 1 ? old ^ value
                                  : alias == 2 ? old | value
                                               : old & ~value;
    write(kFcs, (control & kFcsMask) | (value & (kFcsUnder | kFcsOver)));
}

}  // namespace rp2040
