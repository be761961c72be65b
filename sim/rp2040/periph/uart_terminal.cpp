// What is at the other end of a UART: a host that takes and gives bytes, and what a terminal on the board's pins can
// read, which stands on one pin and listens at one rate.
#include <bit>
#include <cmath>
#include <string>

#include "periph/uart.hpp"

namespace rp2040 {

using namespace uart;

namespace {
/// Half a bit at the end of a frame of ten is where a receiver goes wrong (Arm DDI 0183, 2.4: sampled in the middle).
constexpr double kTolerance = 0.04;
}  // namespace

bool Uart::note(const std::string& why) {
    if (note_.empty()) note_ = why;
    return false;
}

/// Rate and format if they differ from the terminal's; empty if they do not.
std::string Uart::wrong_setting() const {
    const std::string name(name_), terminal = " the board's terminal ";
    const double baud = 4.0 * clock_hz(ClockId::peri) / std::max(1u, s_.active_divisor);
    if (std::abs(baud / terminal_->baud - 1) > kTolerance)
        return name + " runs at " + std::to_string(std::lround(baud)) + " baud," + terminal + "at " +
               std::to_string(terminal_->baud);
    if (data_bits() != 8 || (s_.lcr_h & kPen) != 0)
        return name + " has frames of " + std::to_string(data_bits()) + " bits" +
               ((s_.lcr_h & kPen) != 0 ? " and parity," : ",") + terminal + "has 8N1";
    return {};
}

/// Whether the terminal understands a frame that is on TX.
bool Uart::terminal_reads() {
    if (!terminal_) return true;
    const std::uint32_t own = selected(tx_pins()), pin = 1u << terminal_->tx;
    const std::string name(name_), gpio = "GPIO" + std::to_string(terminal_->tx);
    if ((own & pin) == 0)
        return note(name + " sends on GPIO" + std::to_string(std::countr_zero(own)) + ", the board's TX pin is " +
                    gpio);
    if (!fabric_.gpio().plain(pin, 0))
        return note(gpio + ", the board's TX pin, does not show " + name +
                    " as it is: its output is inverted, overridden, disabled or shorted");
    if (const std::string wrong = wrong_setting(); !wrong.empty()) return note(wrong);
    return true;
}

/// Whether the UART understands what the terminal has sent to the RX pin.
bool Uart::terminal_is_read() {
    if (!terminal_) return true;
    const std::string gpio = "GPIO" + std::to_string(terminal_->rx);
    if (!fabric_.gpio().plain(0, 1u << terminal_->rx))
        return note(gpio + ", the board's RX pin, does not reach " + std::string(name_) +
                    ": its input is inverted, overridden, disabled or shorted");
    if (const std::string wrong = wrong_setting(); !wrong.empty()) return note(wrong);
    return true;
}

std::vector<Uart::Byte> Uart::take_transmitted() {
    std::vector<Byte> bytes;
    bytes.swap(transmitted_);
    return bytes;
}

void Uart::host_send(std::span<const std::uint8_t> bytes) {
    host_queue_.insert(host_queue_.end(), bytes.begin(), bytes.end());
    update();
}

void Uart::host_send_frame(std::uint16_t frame) {
    host_queue_.push_back(frame & kFrame);
    update();
}

void Uart::set_cts(bool asserted) {
    cts_ = asserted;
    update();
}

}  // namespace rp2040
