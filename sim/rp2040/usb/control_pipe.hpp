// Control transfers on endpoint 0: setup, data and status stage, one transaction at a time (USB 2.0, 8.5.3).
#pragma once

#include "base/state.hpp"
#include "base/state_vectors.hpp"
#include "usb/wire.hpp"

namespace rp2040 {

class UsbControlPipe {
  public:
    /// How often a host asks for a descriptor before it takes a stall for an answer; Linux three times
    /// (usb_get_descriptor and usb_get_string of drivers/usb/core/message.c).
    static constexpr std::uint8_t kDescriptorTries = 3;

    /// Begins a request; the answer of one in progress is lost. At a stall it is made again until there were `tries`.
    void begin(UsbRequest request, std::uint8_t tries = 1);
    /// Begins a request that the host makes for itself: once, one for a descriptor as often as hosts do.
    void begin_own(UsbRequest request);
    void cancel() { s_ = State{}; }
    [[nodiscard]] bool busy() const { return s_.outcome == UsbOutcome::pending; }
    [[nodiscard]] UsbOutcome outcome() const { return s_.outcome; }
    [[nodiscard]] const UsbRequest& request() const { return request_; }
    /// What the data stage of a request to the host has brought.
    [[nodiscard]] const std::vector<std::uint8_t>& answer() const { return answer_; }
    /// One transaction; whether the device has taken part. `packet` is the size of endpoint 0's packets in bytes.
    bool step(UsbDevicePort& bus, unsigned address, unsigned packet);
    /// A frame has passed: the pause between requests gets shorter, and a device has 500 ms for each packet
    /// (USB 2.0, 9.2.6.4).
    void frame();
    void save(StateWriter& out) const;
    void restore(StateReader& in);

  private:
    enum class Stage : std::uint8_t { setup, data, status };
    struct State {
        Stage stage = Stage::setup;
        UsbOutcome outcome = UsbOutcome::gone;  ///< Nothing was asked yet.
        std::uint16_t quiet_frames = 0;         ///< Since the device last acknowledged anything.
        std::uint16_t sent = 0;
        std::uint8_t tries = 1;         ///< That are left, the one in progress with them.
        std::uint8_t pause_frames = 0;  ///< That are left of the pause after the request before.
    };
    [[nodiscard]] bool to_host() const { return (request_.setup[0] & 0x80) != 0; }
    [[nodiscard]] std::size_t length() const {
        return request_.setup[6] | static_cast<std::size_t>(request_.setup[7]) << 8;
    }
    UsbHandshake data(UsbDevicePort& bus, unsigned address, unsigned packet);
    void end(UsbOutcome outcome);
    State s_{};
    UsbRequest request_;
    std::vector<std::uint8_t> answer_;
};

}  // namespace rp2040
