// The drive of USB boot: SCSI over Bulk-Only Transport 1.0. What is written to it is looked at as UF2 and forgotten.
#pragma once

#include "usb/boot_endpoints.hpp"
#include "usb/boot_uf2.hpp"
#include "usb/boot_volume.hpp"

namespace rp2040 {

class UsbBootDrive {
  public:
    UsbBootDrive(UsbBootChip& chip, UsbBootFlash& flash) : uf2(chip, flash) {}
    void received(std::span<const std::uint8_t> data);
    void sent();
    void power_on() {
        uf2.power_on();
        locked_ = false;
        reset();
    }
    /// Bulk-Only reset.
    void reset();
    /// The host has cleared a halt: the status that waits goes out.
    void unhalted();
    /// While PICOBOOT has the chip for itself there is no medium.
    void lock(bool locked) { locked_ = locked; }
    UsbBootUf2 uf2;
    UsbBootEndpoints ends;
    void save(StateWriter& out) const;
    void restore(StateReader& in);

  private:
    enum class Phase : std::uint8_t { command, to_host, from_host, refused };
    struct State {
        Phase phase = Phase::command;
        std::uint32_t tag = 0, residue = 0;
        std::uint32_t sector = 0, left = 0;  ///< Sectors of a transfer in progress.
        std::uint8_t result = 0, sense = 0, sense_code = 0;
        std::uint32_t filled = 0;
        UsbBootSector gathered{};
    };
    void command(std::span<const std::uint8_t> wrapper);
    void answer(std::span<const std::uint8_t> data, std::uint32_t length);
    void refuse(std::uint32_t length, bool to_host, std::uint8_t sense, std::uint8_t code);
    void send_status();
    State s_{};
    bool locked_ = false;
};

}  // namespace rp2040
