// What USB boot needs of the chip.
#pragma once

#include <cstdint>
#include <span>

namespace rp2040 {

class UsbBootChip {
  public:
    virtual ~UsbBootChip() = default;
    /// Memory of any kind; false where some of it does not exist.
    virtual bool boot_read(std::uint32_t address, std::span<std::uint8_t> out) = 0;
    virtual bool boot_write_ram(std::uint32_t address, std::span<const std::uint8_t> data) = 0;
    /// Flash, of 16 MB; a smaller chip repeats in it.
    virtual void boot_erase(std::uint32_t offset, std::uint32_t bytes) = 0;
    virtual void boot_program(std::uint32_t offset, std::span<const std::uint8_t> data) = 0;
    /// A reset by the watchdog; with `entry` not 0 the program there is entered then, with that stack pointer.
    virtual void boot_reboot(std::uint32_t entry, std::uint32_t stack) = 0;
    /// Address of a function of the ROM, by its code (datasheet 2.8.3); 0 if it has none.
    virtual std::uint32_t boot_rom_function(char first, char second) = 0;
    /// Has core 0 call a function; boot_calling() until it has returned.
    virtual void boot_call(std::uint32_t address) = 0;
    [[nodiscard]] virtual bool boot_calling() = 0;
};

inline constexpr std::uint32_t kBootFlashBase = 0x10000000, kBootFlashSpan = 0x1000000, kBootSector = 4096,
                               kBootPage = 256;

}  // namespace rp2040
