// The built-in USB host: enumerates the device, opens what it has, and serves its endpoints.
#pragma once

#include <array>
#include <deque>
#include <span>
#include <vector>

#include "device/device.hpp"
#include "usb/enumeration.hpp"
#include "usb/function.hpp"
#include "usb/jobs.hpp"

namespace rp2040 {

/// Makes at most one transaction per call of transact(); its queues of bytes and its logs belong to the host side.
class UsbHost final : public Device {
  public:
    struct Byte {
        std::uint8_t value;
        Cycles when;  ///< Start of the slot whose transaction carried it.
    };
    struct Packet {
        std::uint8_t endpoint;  ///< Address.
        Cycles when;
        std::vector<std::uint8_t> data;
    };
    explicit UsbHost(UsbDevicePort& bus) : bus_(bus), enumeration_(bus, control_) {}
    [[nodiscard]] std::string_view name() const override { return "usb_host"; }

    /// The device's pull-up appeared or disappeared.
    void attach(bool present);
    /// A 1 ms frame starts.
    void start_of_frame();
    /// One transaction. Returns how many slots of the frame it took; 0: there is nothing more to do in this frame.
    unsigned transact(Cycles when);
    /// Between attachment and the end of the bus reset's SE0.
    [[nodiscard]] bool resets_bus() const { return enumeration_.resets_bus(); }
    /// Whether it sees a device.
    [[nodiscard]] bool attached() const { return enumeration_.attached(); }
    [[nodiscard]] bool configured() const { return enumeration_.configured(); }
    /// What the device says of itself.
    [[nodiscard]] const UsbIdentity& identity() const { return enumeration_.identity(); }
    /// What a function's requests at its opening brought, by its interface: the report descriptor of a HID.
    [[nodiscard]] std::vector<std::uint8_t> opening_answer(std::uint8_t interface) const;

    /// Bytes of serial port number `port`: to the device, which has not accepted pending() of them yet, and from it.
    void send(std::span<const std::uint8_t> bytes, unsigned port = 0);
    [[nodiscard]] std::size_t pending(unsigned port = 0) const { return serial_.at(port).to_device.size(); }
    [[nodiscard]] std::vector<Byte> take_received(unsigned port = 0);
    [[nodiscard]] const std::vector<Byte>& received(unsigned port = 0) const { return serial_.at(port).received; }
    /// Whether the device has that port, and the host has asserted its DTR.
    [[nodiscard]] bool serial_open(unsigned port = 0) const;

    /// Whether packets of other IN endpoints are kept for take_packets(); nobody would take them otherwise.
    void keep_packets(bool kept) { keeps_packets_ = kept; }
    [[nodiscard]] std::vector<Packet> take_packets();
    /// Serves an IN endpoint from now on, or no longer, as those that it serves by itself.
    void listen(std::uint8_t endpoint, bool listening);
    /// Transfers on demand. The device must be configured for any of them to begin.
    [[nodiscard]] UsbJobs& jobs() { return jobs_; }
    void save(StateWriter& out) const override;
    void restore(StateReader& in) override;

  private:
    struct Serial {
        std::deque<std::uint8_t> to_device;
        std::vector<Byte> received;
    };
    /// A function with how far its opening is.
    struct Function {
        UsbFunction what;
        std::uint32_t answered = 0;  ///< Requests of its opening that are over.
        std::vector<std::uint8_t> answer;
        [[nodiscard]] bool open() const { return answered >= what.opening.size(); }
    };
    enum class Asker : std::uint8_t { nobody, function, job };
    static constexpr unsigned kSlotBytes = 64;

    void find_functions();
    void open_functions();
    bool control(Cycles when);
    unsigned periodic(Cycles when);
    bool bulk(Cycles when);
    UsbHandshake serve(const UsbPipe& pipe, Cycles when, std::size_t& bytes);
    std::vector<const UsbPipe*> open_pipes() const;

    UsbDevicePort& bus_;
    UsbControlPipe control_;
    UsbEnumeration enumeration_;
    UsbSchedule schedule_;
    std::vector<UsbInterface> interfaces_;  ///< Of the configured device; with functions_ made of its descriptor.
    std::vector<Function> functions_;
    std::vector<UsbPipe> listening_;
    Asker asker_ = Asker::nobody;
    std::uint32_t asking_function_ = 0;
    std::uint32_t turn_ = 0;  ///< Among the bulk pipes.
    UsbJobs jobs_;
    std::array<Serial, kMostSerialPorts> serial_;
    std::vector<Packet> packets_;
    bool keeps_packets_ = false;
};

}  // namespace rp2040
