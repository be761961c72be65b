// The address map: one table for every width and every master (datasheet 2.2).
#pragma once

#include <array>
#include <cstdint>

#include "regs/chip.hpp"

namespace rp2040 {

inline constexpr std::uint32_t kXipBase = kFlashBase, kXipEnd = kFlashBase + 4 * kFlashSize;  // four aliases
inline constexpr std::uint32_t kXipLineBytes = 8;  ///< Of the cache (datasheet 2.6.3).
inline constexpr std::uint32_t kSramStripedSize = kSramBanksSize;
inline constexpr std::uint32_t kApbBase = kSysinfoBase, kApbEnd = kTbmanBase + 0x4000;

/// What answers at an address.
enum class Target : std::uint8_t {
    none,
    rom,
    xip,
    xip_ctrl,
    xip_sram,
    ssi,
    sram,
    sram_banks,
    apb,
    ahb,
    usb_dpram,
    xip_aux,
    sio,
    ppb
};

struct Region {
    std::uint32_t first, last;
    Target target;
};

inline constexpr std::array kMemoryMap = {
    Region{kRomBase, kRomBase + kRomSize - 1, Target::rom},
    Region{kXipBase, kXipEnd - 1, Target::xip},
    Region{kXipCtrlBase, kXipCtrlBase + 0x3fff, Target::xip_ctrl},
    Region{kXipSramBase, kXipSramBase + kXipSramSize - 1, Target::xip_sram},
    Region{kXipSsiBase, kXipSsiBase + 0x3fff, Target::ssi},
    Region{kSramBase, kSramBase + kSramSize - 1, Target::sram},
    Region{kSramBanksBase, kSramBanksBase + kSramBanksSize - 1, Target::sram_banks},
    Region{kApbBase, kApbEnd - 1, Target::apb},
    Region{kDmaBase, kDmaBase + 0x3fff, Target::ahb},
    Region{kUsbDpramBase, kUsbDpramBase + kUsbDpramSize - 1, Target::usb_dpram},
    Region{kUsbctrlBase, kUsbctrlBase + 0x3fff, Target::ahb},
    Region{kPio0Base, kPio0Base + 0x3fff, Target::ahb},
    Region{kPio1Base, kPio1Base + 0x3fff, Target::ahb},
    Region{kXipAuxBase, kXipAuxBase + kXipAuxSize - 1, Target::xip_aux},
    Region{kSioBase, kSioBase + 0x1ff, Target::sio},
    Region{kPpbBase, kPpbBase + 0xfffff, Target::ppb},
};

/// Index of the first region at or above each multiple of 256 MB: no region crosses one.
inline constexpr auto kFirstRegion = [] {
    std::array<std::uint8_t, 17> first{};
    for (std::uint32_t top = 0; top < 17; ++top)
        for (const Region& region : kMemoryMap) first[top] += (region.first >> 28) < top;
    return first;
}();

constexpr Target find_target(std::uint32_t address) {
    const std::uint32_t top = address >> 28;
    for (std::uint32_t i = kFirstRegion[top]; i < kFirstRegion[top + 1]; ++i)
        if (address >= kMemoryMap[i].first && address <= kMemoryMap[i].last) return kMemoryMap[i].target;
    return Target::none;
}

/// Offset within the striped SRAM of an address in the bank-by-bank alias: word w of bank b is striped word 4w + b.
constexpr std::uint32_t striped_offset(std::uint32_t banks_address) {
    const std::uint32_t offset = banks_address - kSramBanksBase;
    const std::uint32_t bank = offset >> 16, word = (offset & 0xffff) >> 2;
    return (word * 4 + bank) * 4 + (offset & 3);
}

/// The inverse: alias address of a striped SRAM offset below 256 kB.
constexpr std::uint32_t banks_address(std::uint32_t striped) {
    const std::uint32_t word = striped >> 2;
    return kSramBanksBase + ((word & 3) << 16) + (word >> 2) * 4 + (striped & 3);
}
static_assert(striped_offset(banks_address(0x12346)) == 0x12346);

}  // namespace rp2040
