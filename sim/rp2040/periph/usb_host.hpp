// The built-in USB host: enumerates the device and opens its CDC-ACM port.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "base/state.hpp"
#include "base/types.hpp"

namespace rp2040 {

enum class UsbHandshake : std::uint8_t { ack, nak, stall, none };

/// The wire towards the device controller: one bus transaction per call.
class UsbDevicePort {
  public:
    virtual ~UsbDevicePort() = default;
    virtual UsbHandshake setup(unsigned address, const std::array<std::uint8_t, 8>& packet) = 0;
    virtual UsbHandshake out(unsigned address, unsigned endpoint, std::span<const std::uint8_t> data) = 0;
    virtual UsbHandshake in(unsigned address, unsigned endpoint, std::vector<std::uint8_t>& data) = 0;
    virtual void bus_reset() = 0;
};

struct UsbHostState {
    enum class Step : std::uint8_t {
        detached,
        debounce,
        reset,
        device_descriptor_8,
        set_address,
        device_descriptor,
        configuration_header,
        configuration,
        set_configuration,
        set_line_coding,
        set_control_line_state,
        open,    ///< Bulk transfers run.
        no_port  ///< Configured, but without a CDC data interface; or the device refused a request.
    };
    enum class Stage : std::uint8_t { setup, data, status };
    Step step = Step::detached;
    Stage stage = Stage::setup;
    std::uint32_t wait_frames = 0;
    std::uint8_t address = 0;
    std::uint8_t max_packet0 = 8;
    std::uint8_t configuration = 1;
    std::uint8_t cdc_interface = 0, bulk_in = 0, bulk_out = 0, bulk_out_size = 64;
    bool bulk_in_turn = false;
    std::uint16_t expected = 0, received = 0;  // Data stage, in bytes.
    std::uint16_t configuration_size = 9;
    std::array<std::uint8_t, 1024> buffer{};
};

/// Makes at most one transaction per call of transact(); its queue of bytes and its log belong to the host side.
class UsbHost {
  public:
    struct Byte {
        std::uint8_t value;
        Cycles when;  ///< Start of the slot whose transaction carried it.
    };
    UsbHost(UsbDevicePort& port, UsbHostState& state) : port_(port), s_(state) {}

    /// The device's pull-up appeared or disappeared.
    void attach(bool present);
    /// A 1 ms frame starts.
    void start_of_frame();
    /// One transaction. Returns whether there may be more to do in this frame.
    bool transact(Cycles when);
    void send(std::span<const std::uint8_t> bytes) { queue_.insert(queue_.end(), bytes.begin(), bytes.end()); }
    [[nodiscard]] std::size_t pending() const { return queue_.size(); }
    [[nodiscard]] std::vector<Byte> take_received();
    [[nodiscard]] const std::vector<Byte>& received() const { return received_; }
    /// Between attachment and the end of the bus reset's SE0.
    [[nodiscard]] bool resets_bus() const;
    [[nodiscard]] bool cdc_open() const { return s_.step == UsbHostState::Step::open; }
    void save(StateWriter& out) const;
    void restore(StateReader& in);

  private:
    [[nodiscard]] std::array<std::uint8_t, 8> request() const;
    void begin(UsbHostState::Step step);
    bool control();
    bool control_data(bool to_host);
    void finish_control();
    bool bulk(Cycles when);
    void parse_configuration();
    UsbDevicePort& port_;
    UsbHostState& s_;
    std::deque<std::uint8_t> queue_;
    std::vector<Byte> received_;
};

}  // namespace rp2040
