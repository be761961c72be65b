// UF2 files as USB boot takes them: block by block, wherever on the drive they are written.
#pragma once

#include <vector>

#include "base/state_vectors.hpp"
#include "usb/boot_flash.hpp"

namespace rp2040 {

class UsbBootUf2 {
  public:
    UsbBootUf2(UsbBootChip& chip, UsbBootFlash& flash) : chip_(chip), flash_(flash) {}
    /// A sector of the drive was written: takes it if it is a block for this chip.
    void sector(std::span<const std::uint8_t> data);
    /// All blocks of a file have come.
    [[nodiscard]] bool complete() const { return count_ != 0 && taken_ == count_; }
    /// Where a program in RAM begins; 0: it is one in flash.
    [[nodiscard]] std::uint32_t entry() const { return entry_; }
    void power_on();
    void save(StateWriter& out) const;
    void restore(StateReader& in);

  private:
    UsbBootChip& chip_;
    UsbBootFlash& flash_;
    std::uint32_t count_ = 0, taken_ = 0, entry_ = 0;
    std::vector<std::uint8_t> seen_;             ///< By block.
    std::vector<std::uint32_t> erased_sectors_;  ///< In the order in which they came.
};

}  // namespace rp2040
