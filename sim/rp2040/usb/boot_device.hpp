// USB boot (datasheet 2.8.4 and 2.8.5) as a device on the wire: the drive RPI-RP2 and the PICOBOOT interface. The
// chip's own ROM does it with the USB controller; here the model does, as it does the start from flash.
#pragma once

#include "usb/boot_drive.hpp"
#include "usb/picoboot.hpp"
#include "usb/wire.hpp"

namespace rp2040 {

class UsbBootDevice final : public UsbDevicePort {
  public:
    explicit UsbBootDevice(UsbBootChip& chip)
        : chip_(chip), flash_(chip), drive_(chip, flash_), picoboot_(chip, flash_) {}

    /// Begins. `disabled`: bit 0 leaves out the drive, bit 1 PICOBOOT, as the ROM function's second argument.
    void begin(std::uint32_t disabled);
    void end() { active_ = false; }
    [[nodiscard]] bool active() const { return active_; }
    /// A slot of the frame passes: flash goes on, a reboot comes due.
    void pass(std::uint32_t microseconds);

    UsbHandshake setup(unsigned address, const std::array<std::uint8_t, 8>& packet) override;
    UsbHandshake out(unsigned address, unsigned endpoint, std::span<const std::uint8_t> data) override;
    UsbHandshake in(unsigned address, unsigned endpoint, std::vector<std::uint8_t>& data) override;
    void bus_reset() override;
    void save(StateWriter& out) const;
    void restore(StateReader& in);

  private:
    struct Control {
        std::uint8_t address = 0, new_address = 0, configuration = 0, disabled = 0;
        bool stalled = false;
        std::uint32_t reboot_us = 0;  ///< Until a reboot; 0: none.
    };
    [[nodiscard]] bool drive_enabled() const { return (c_.disabled & 1) == 0; }
    [[nodiscard]] bool picoboot_enabled() const { return (c_.disabled & 2) == 0; }
    [[nodiscard]] std::uint8_t picoboot_interface() const { return drive_enabled() ? 1 : 0; }
    [[nodiscard]] std::vector<std::uint8_t> configuration() const;
    [[nodiscard]] std::vector<std::uint8_t> descriptor(std::uint8_t type, std::uint8_t index) const;
    bool request(const std::array<std::uint8_t, 8>& packet);
    bool clear_halt(std::uint8_t endpoint);
    [[nodiscard]] std::uint8_t halted(std::uint8_t endpoint);
    [[nodiscard]] UsbBootEndpoints* ends(unsigned endpoint);

    UsbBootChip& chip_;
    UsbBootFlash flash_;
    UsbBootDrive drive_;
    Picoboot picoboot_;
    bool active_ = false;
    Control c_{};
    UsbBootEndpoints control_;  ///< The data stage of a request to the host.
};

}  // namespace rp2040
