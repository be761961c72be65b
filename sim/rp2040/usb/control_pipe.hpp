// Control transfers on endpoint 0: setup, data and status stage, one transaction at a time (USB 2.0, 8.5.3).
#pragma once

#include "base/state.hpp"
#include "base/state_vectors.hpp"
#include "usb/wire.hpp"

namespace rp2040 {

class UsbControlPipe {
  public:
    /// Begins a request; the answer of one in progress is lost.
    void begin(UsbRequest request);
    void cancel() { s_ = State{}; }
    [[nodiscard]] bool busy() const { return s_.outcome == UsbOutcome::pending; }
    [[nodiscard]] UsbOutcome outcome() const { return s_.outcome; }
    [[nodiscard]] const UsbRequest& request() const { return request_; }
    /// What the data stage of a request to the host has brought.
    [[nodiscard]] const std::vector<std::uint8_t>& answer() const { return answer_; }
    /// One transaction; whether the device has taken part. `packet` is the size of endpoint 0's packets in bytes.
    bool step(UsbDevicePort& bus, unsigned address, unsigned packet);
    /// A frame has passed: a device has 500 ms for each packet (USB 2.0, 9.2.6.4).
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
    };
    [[nodiscard]] bool to_host() const { return (request_.setup[0] & 0x80) != 0; }
    [[nodiscard]] std::size_t length() const {
        return request_.setup[6] | static_cast<std::size_t>(request_.setup[7]) << 8;
    }
    UsbHandshake data(UsbDevicePort& bus, unsigned address, unsigned packet);
    State s_{};
    UsbRequest request_;
    std::vector<std::uint8_t> answer_;
};

}  // namespace rp2040
