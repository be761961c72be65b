// The built-in USB host: enumerates the device and opens its CDC-ACM port.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "device/device.hpp"

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
    std::uint16_t quiet_frames = 0;  ///< Frames since the device last acknowledged anything, in a control transfer.
    std::uint8_t attempts = 0;       ///< Enumerations that came to nothing.
    bool looked = false;             ///< The first look at the device descriptor is over, the second reset follows.
    std::uint8_t address = 0;
    std::uint8_t max_packet0 = 64;
    std::uint8_t configuration = 1;
    std::uint8_t cdc_interface = 0, bulk_in = 0, bulk_out = 0, bulk_out_size = 64;
    bool bulk_in_turn = false;
    std::uint16_t expected = 0, received = 0;  // Data stage, in bytes.
    std::uint16_t configuration_size = 9;
    std::array<std::uint8_t, 1024> buffer{};
};

/// Makes at most one transaction per call of transact(); its queue of bytes and its log belong to the host side.
class UsbHost final : public Device {
  public:
    struct Byte {
        std::uint8_t value;
        Cycles when;  ///< Start of the slot whose transaction carried it.
    };
    explicit UsbHost(UsbDevicePort& bus) : bus_(bus) {}
    [[nodiscard]] std::string_view name() const override { return "usb_host"; }

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
    /// Whether it sees a device.
    [[nodiscard]] bool attached() const { return s_.step != UsbHostState::Step::detached; }
    void save(StateWriter& out) const override;
    void restore(StateReader& in) override;

  private:
    [[nodiscard]] std::array<std::uint8_t, 8> request() const;
    void begin(UsbHostState::Step step);
    void reset_bus();
    void give_up();
    bool control();
    bool control_data(bool to_host);
    void finish_control();
    bool bulk(Cycles when);
    void parse_configuration();
    UsbDevicePort& bus_;
    UsbHostState s_{};
    std::deque<std::uint8_t> queue_;
    std::vector<Byte> received_;
};

}  // namespace rp2040
