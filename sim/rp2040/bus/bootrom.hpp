// The project's own boot ROM, and what a boot ROM does on core 0 from reset to the second stage, done by the model
// itself unless a ROM image was given (datasheet 2.8.1): that takes no time and can say what is wrong.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace rp2040 {

class Bus;

inline constexpr std::uint32_t kBoot2Bytes = 256;
inline constexpr std::uint32_t kBoot2Address = 0x20041f00;

/// Where core 0 goes, or why it cannot.
struct BootResult {
    std::uint32_t stack = 0, entry = 0;
    std::string error;
    bool usb_boot = false;                  ///< It waits at `entry`; the USB device is the model's to play.
    std::uint32_t disabled_interfaces = 0;  ///< Of USB boot: bit 0 the drive, bit 1 PICOBOOT.
};

/// Image of the ROM in sim/rp2040/bootrom: function and data tables, launch protocol of core 1.
std::span<const std::uint8_t> own_bootrom();

/// What a BKPT at this address of the ROM means, or null: the project's own ROM ends so where it cannot go on.
const char* rom_message(const Bus& bus, std::uint32_t pc);

/// CRC-32 as the boot ROM computes it: polynomial 0x04c11db7, initial value all ones, neither reflected nor inverted.
std::uint32_t boot_crc32(std::span<const std::uint8_t> bytes);

/// From reset: watchdog scratch vector, else USB boot with BOOTSEL pressed, else the second stage from flash, its
/// checksum verified.
BootResult boot_from_reset(Bus& bus, bool bootsel);
/// Where core 0 waits in USB boot, in the project's own ROM.
std::uint32_t usb_boot_idle();
/// Has the next reset by the watchdog go to `entry` with that stack pointer, or boot as usual for 0.
void set_watchdog_vector(Bus& bus, std::uint32_t entry, std::uint32_t stack);
/// As a download over USB ends: `entry` with the stack at the end of SRAM.
BootResult boot_into_ram(Bus& bus, std::uint32_t entry);

}  // namespace rp2040
