// Flash as USB boot writes it: pages and sectors, with the time that they take.
#pragma once

#include "usb/boot_chip.hpp"

namespace rp2040 {

class UsbBootFlash {
  public:
    explicit UsbBootFlash(UsbBootChip& chip) : chip_(chip) {}
    /// Whole sectors, and whole pages, both within the 16 MB of flash; true if they are. A smaller chip repeats in it,
    /// which picotool tells its size by.
    bool erase(std::uint32_t address, std::uint32_t bytes);
    bool program(std::uint32_t address, std::span<const std::uint8_t> data);
    [[nodiscard]] static bool holds(std::uint32_t address, std::uint32_t bytes);
    [[nodiscard]] static bool is_flash(std::uint32_t address) { return address - kBootFlashBase < kBootFlashSpan; }
    /// Whether it is still erasing or programming.
    [[nodiscard]] bool busy() const { return busy_us_ != 0; }
    /// A slot of the USB frame has passed.
    void pass(std::uint32_t microseconds) { busy_us_ -= busy_us_ < microseconds ? busy_us_ : microseconds; }
    [[nodiscard]] std::uint32_t busy_us() const { return busy_us_; }
    void set_busy_us(std::uint32_t us) { busy_us_ = us; }

  private:
    UsbBootChip& chip_;
    std::uint32_t busy_us_ = 0;
};

}  // namespace rp2040
