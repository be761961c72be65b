// The drive RPI-RP2 as the host sees it: a FAT16 volume with two files, made up sector by sector.
#pragma once

#include <array>
#include <cstdint>

namespace rp2040 {

using UsbBootSector = std::array<std::uint8_t, 512>;

/// Sectors of the volume, which has no partition table: 128 MB, so that a UF2 file of 16 MB of flash fits on it.
inline constexpr std::uint32_t kBootSectors = 262'144;
UsbBootSector boot_volume_sector(std::uint32_t sector);

}  // namespace rp2040
