// The UART's pins: frames as wave forms on TX, and back from the wave form on RX.
#include <bit>
#include <utility>

#include "periph/uart.hpp"

namespace rp2040 {

using namespace uart;

std::uint32_t Uart::selected(std::uint32_t pins) const {
    return fabric_.gpio().observed_outputs(PinFunction::uart) & pins;
}

bool Uart::parity_of(std::uint32_t data) const {
    const bool odd = (std::popcount(data & data_mask()) & 1) != 0, even_parity = (s_.lcr_h & kEps) != 0;
    return (s_.lcr_h & kSps) != 0 ? !even_parity : odd == even_parity;
}

FineTime Uart::bit_time(unsigned bit) const {
    FineTime time = s_.tx_start;
    time += Wide{s_.bit_q32} * bit;
    return time;
}

/// First bit of the frame, not yet on the pins, that differs from the line; frame_bits when there is none.
unsigned Uart::next_edge() const {
    unsigned bit = s_.next_bit;
    while (bit < s_.frame_bits && ((s_.frame >> bit) & 1u) == (s_.line ? 1u : 0u)) ++bit;
    return bit;
}

void Uart::set_line(bool level, Cycles when) {
    if (level == s_.line) return;
    s_.line = level;
    fabric_.gpio().set_output(PinFunction::uart, tx_pins(), level ? tx_pins() : 0, tx_pins(), when);
    if (looped_back()) heard(level, when);
}

void Uart::catch_up(Cycles until) {
    if (!s_.shifting || s_.stopped_at != kNever) return;
    for (unsigned bit = next_edge(); bit < s_.frame_bits; bit = next_edge()) {
        const Cycles when = bit_time(bit).ceil();
        if (when >= until) return;
        s_.next_bit = static_cast<std::uint8_t>(bit + 1);
        set_line(((s_.frame >> bit) & 1u) != 0, when);
    }
}

Cycles Uart::next_step() const { return s_.shifting && selected(tx_pins()) != 0 ? edge_time() : kNever; }

Cycles Uart::edge_time() const {
    if (s_.stopped_at != kNever) return kNever;
    const unsigned bit = next_edge();
    return bit < s_.frame_bits ? bit_time(bit).ceil() : kNever;
}

// ---------------------------------------------------------------------------------------------- receiver

/// Moment at which the receiver takes its next sample, in the middle of a bit; kNever between frames. A frame is over
/// with the sample of its first stop bit.
Cycles Uart::sample_time() const {
    if (!s_.sampling || s_.stopped_at != kNever) return kNever;
    FineTime time = s_.sample_start;
    time += Wide{s_.bit_q32} * (2u * s_.samples_taken + 1) / 2;
    return time.ceil();
}

void Uart::sample_until(Cycles until) {
    while (s_.sampling && sample_time() < until) {
        const bool level = s_.rx_line;
        if (s_.samples_taken == 0 && level) {  // too short for a start bit
            s_.sampling = false;
            return;
        }
        s_.samples |= static_cast<std::uint16_t>((level ? 1u : 0u) << s_.samples_taken++);
        const unsigned parity = (s_.lcr_h & kPen) != 0 ? 1 : 0;
        if (s_.samples_taken < 2 + data_bits() + parity) continue;
        s_.sampling = false;
        const std::uint32_t data = s_.samples >> 1 & data_mask();
        const std::uint32_t rest = s_.samples >> (1 + data_bits());
        std::uint32_t frame = data;
        if (parity != 0 && ((rest & 1) != 0) != parity_of(data)) frame |= kParityError;
        if ((rest >> parity & 1) == 0) frame |= s_.samples == 0 ? kBreak | kFramingError : kFramingError;
        receive(static_cast<std::uint16_t>(frame));
    }
}

void Uart::input_changed(unsigned pin, bool level, Cycles when) {
    if ((cts_watched_ >> pin & 1) != 0) {
        s_.ris |= kCtsi;
        return update();
    }
    if ((awaited_pins_ >> pin & 1) == 0) return;
    heard(level, when);
    update();
}

/// The receiver's input has changed.
void Uart::heard(bool level, Cycles when) {
    if (!receiver_on()) {
        s_.rx_line = level;
        return;
    }
    sample_until(when);
    if (!level && s_.rx_line && !s_.sampling) {
        s_.sampling = true;
        s_.samples = 0;
        s_.samples_taken = 0;
        s_.sample_start = {when, 0};
    }
    s_.rx_line = level;
}

/// Everything that the wave form on RX has brought up to now.
void Uart::settle() {
    fabric_.gpio().settle(now());
    sample_until(now() + 1);
}

/// Pins whose changes matter: RX, and CTS while somebody cares. Returns whether they have changed.
bool Uart::choose_pins() {
    const bool modem = (s_.cr & kCtsen) != 0 || (s_.imsc & kCtsi) != 0;
    const std::uint32_t cts = (s_.cr & kUarten) != 0 && modem ? selected(cts_pins()) : 0;
    // A receiver that is off follows its line too: what it hears when it is switched on begins with the next edge.
    const std::uint32_t rx = looped_back() ? 0 : selected(rx_pins());
    const bool rx_changed = std::exchange(awaited_pins_, rx) != rx;
    return std::exchange(cts_watched_, cts) != cts || rx_changed;
}

/// Others are told when this one waits for other pins, or when edges come that a state machine may wait for.
void Uart::replan_pins() {
    const bool changed = choose_pins();
    if (!std::exchange(started_, false) && !changed) return;
    if (changed) fabric_.gpio().watch_changed();
    fabric_.gpio().plan();
}

}  // namespace rp2040
