// What the boot ROM does from reset to the second stage, done by the model itself when no ROM image is loaded
// (datasheet 2.8.1). Programs that call ROM functions, or start core 1, need an image.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace rp2040 {

class Bus;
class Fabric;

inline constexpr std::uint32_t kBoot2Bytes = 256;
inline constexpr std::uint32_t kBoot2Address = 0x20041f00;

/// Where core 0 goes, or why it cannot.
struct BootResult {
    std::uint32_t stack = 0, entry = 0;
    std::string error;
};

/// CRC-32 as the boot ROM computes it: polynomial 0x04c11db7, initial value all ones, neither reflected nor inverted.
std::uint32_t boot_crc32(std::span<const std::uint8_t> bytes);

/// From reset: watchdog scratch vector, else the second stage from flash, its checksum verified.
BootResult boot_from_reset(Fabric& fabric, Bus& bus);
/// As a download over USB ends: `entry` with the stack at the end of SRAM.
BootResult boot_into_ram(std::uint32_t entry);

}  // namespace rp2040
