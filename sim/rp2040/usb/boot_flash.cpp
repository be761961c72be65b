#include "usb/boot_flash.hpp"

namespace rp2040 {

namespace {
// Typical times of the W25Q16JV's data sheet, 9.6, in microseconds; flash_instructions.cpp has them for programs.
constexpr std::uint32_t kPageTime = 400, kSectorTime = 45'000;
}  // namespace

bool UsbBootFlash::holds(std::uint32_t address, std::uint32_t bytes) {
    return is_flash(address) && bytes <= kBootFlashSpan && address - kBootFlashBase <= kBootFlashSpan - bytes;
}

bool UsbBootFlash::erase(std::uint32_t address, std::uint32_t bytes) {
    if (!holds(address, bytes)) return false;
    chip_.boot_erase(address - kBootFlashBase, bytes);
    busy_us_ += bytes / kBootSector * kSectorTime;
    return true;
}

bool UsbBootFlash::program(std::uint32_t address, std::span<const std::uint8_t> data) {
    if (!holds(address, static_cast<std::uint32_t>(data.size()))) return false;
    chip_.boot_program(address - kBootFlashBase, data);
    busy_us_ += static_cast<std::uint32_t>(data.size()) / kBootPage * kPageTime;
    return true;
}

}  // namespace rp2040
