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
        attached,
        reset,
        device_descriptor_8,
        set_address,
        device_descriptor,
        config_header,
        config,
        set_config,
        set_line_coding,
        set_line_state,
        open,
        unsupported
    };
    enum class Stage : std::uint8_t { setup, data_in, data_out, status_in, status_out };
    Step step = Step::detached;
    Stage stage = Stage::setup;
    std::uint32_t wait_frames = 0;
    std::uint8_t address = 0;
    std::uint8_t max_packet0 = 8;
    std::uint8_t configuration = 1;
    std::uint8_t cdc_interface = 0, bulk_in = 0, bulk_out = 0, bulk_out_size = 64;
    std::uint16_t expected = 0, received = 0;
    std::array<std::uint8_t, 512> buffer{};
};

/// Acts once per 1 ms frame. Its queue of bytes and its log are host-side, its protocol state is snapshot state.
class UsbHost {
  public:
    struct Byte {
        std::uint8_t value;
        Cycles when;
    };
    explicit UsbHost(UsbDevicePort& port, UsbHostState& state) : port_(port), s_(state) {}

    /// The device's pull-up appeared or disappeared.
    void attach(bool present);
    /// All transactions of one frame that starts at `when`; `cycles_per_byte` spaces the bytes in time.
    void frame(Cycles when);
    void send(std::span<const std::uint8_t> bytes) { queue_.insert(queue_.end(), bytes.begin(), bytes.end()); }
    [[nodiscard]] std::vector<Byte> take_received();
    [[nodiscard]] const std::vector<Byte>& received() const { return received_; }
    [[nodiscard]] bool cdc_open() const { return s_.step == UsbHostState::Step::open; }
    void save(StateWriter& out) const;
    void restore(StateReader& in);

  private:
    [[nodiscard]] std::array<std::uint8_t, 8> request() const;
    bool control_transaction();
    void control_done();
    void bulk(Cycles when);
    bool parse_configuration();
    UsbDevicePort& port_;
    UsbHostState& s_;
    std::deque<std::uint8_t> queue_;
    std::vector<Byte> received_;
};

}  // namespace rp2040
