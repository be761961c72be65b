// The PICOBOOT interface of USB boot (datasheet 2.8.5): commands on a bulk endpoint, for picotool.
#pragma once

#include "usb/boot_endpoints.hpp"
#include "usb/boot_flash.hpp"

namespace rp2040 {

class Picoboot {
  public:
    enum class Status : std::uint32_t {
        ok,
        unknown_command,
        invalid_command_length,
        invalid_transfer_length,
        invalid_address,
        bad_alignment,
        interleaved_write,
        rebooting,
        unknown_error
    };
    Picoboot(UsbBootChip& chip, UsbBootFlash& flash) : chip_(chip), flash_(flash) {}

    /// A packet on its OUT endpoint.
    void received(std::span<const std::uint8_t> data);
    /// The host has taken a packet of its IN endpoint.
    void sent();
    /// Whether it takes no packet now: a command is being executed.
    [[nodiscard]] bool busy();
    void power_on() {
        s_ = State{};
        reset();
    }
    /// INTERFACE_RESET: halts and commands are gone.
    void reset();
    /// The answer to GET_COMMAND_STATUS, 16 bytes.
    [[nodiscard]] std::vector<std::uint8_t> status() const;
    /// Whether the drive is locked: EXCLUSIVE_ACCESS.
    [[nodiscard]] bool exclusive() const { return s_.exclusive != 0; }
    /// A reboot that was asked for: after how many milliseconds; 0: none.
    [[nodiscard]] std::uint32_t reboot_after() const { return s_.reboot_after; }
    [[nodiscard]] std::uint32_t reboot_entry() const { return s_.reboot_entry; }
    [[nodiscard]] std::uint32_t reboot_stack() const { return s_.reboot_stack; }
    UsbBootEndpoints ends;
    void save(StateWriter& out) const;
    void restore(StateReader& in);

  private:
    enum class Phase : std::uint8_t { command, data_out, data_in, acknowledge_out, calling };
    struct State {
        Phase phase = Phase::command;
        Status status = Status::ok;
        std::uint32_t token = 0;
        std::uint8_t command = 0, exclusive = 0;
        std::uint32_t address = 0, left = 0;  ///< Of a transfer in progress.
        std::uint32_t page_address = 0;       ///< Of the page that gathers.
        std::uint32_t next_call = 0;          ///< After the one in progress; 0: none.
        std::uint32_t reboot_after = 0, reboot_entry = 0, reboot_stack = 0;
    };
    void command(std::span<const std::uint8_t> data);
    void write(std::span<const std::uint8_t> data);
    void read_more();
    void fail(Status status);
    [[nodiscard]] Status check(std::uint8_t command, std::uint32_t argument_bytes, std::uint32_t transfer,
                               std::uint32_t address, std::uint32_t size);
    UsbBootChip& chip_;
    UsbBootFlash& flash_;
    State s_{};
    std::vector<std::uint8_t> page_;
};

}  // namespace rp2040
