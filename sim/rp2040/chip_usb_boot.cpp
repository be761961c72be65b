// What USB boot does to the chip.
#include <algorithm>
#include <vector>

#include "bus/bootrom.hpp"
#include "chip.hpp"
#include "regs/psm.hpp"
#include "regs/watchdog.hpp"
#include "regs/xip_ctrl.hpp"

namespace rp2040 {

void Chip::begin_usb_boot(std::uint32_t disabled_interfaces) {
    // The ROM works in the cache's memory, and so may what is downloaded: picotool puts code there.
    constexpr std::uint32_t kCacheOff = regs::kXipCtrl.reset("CTRL") & ~regs::kXipCtrl.mask("CTRL.EN");
    bus_.master_write(kXipCtrlBase + regs::kXipCtrl.at("CTRL"), 4, kCacheOff);
    usb_.begin_usb_boot(disabled_interfaces);
}

bool Chip::boot_read(std::uint32_t address, std::span<std::uint8_t> out) {
    if (find_target(address) != Target::xip) return bus_.debug_read(address, out);
    for (std::uint8_t& byte : out) byte = flash_.read(address++);
    return true;
}

bool Chip::boot_write_ram(std::uint32_t address, std::span<const std::uint8_t> data) {
    const Target target = find_target(address);
    const bool ram = target == Target::sram || target == Target::sram_banks || target == Target::xip_sram;
    return ram && bus_.debug_write(address, data);
}

void Chip::boot_erase(std::uint32_t offset, std::uint32_t bytes) {
    const std::vector<std::uint8_t> erased(std::min(bytes, flash_.size()), 0xff);
    for (std::uint32_t at = 0; at < bytes; at += kBootSector)
        bus_.debug_write(kXipBase + ((offset + at) & (flash_.size() - 1)), std::span(erased).first(kBootSector));
}

void Chip::boot_program(std::uint32_t offset, std::span<const std::uint8_t> data) {
    std::vector<std::uint8_t> programmed(data.begin(), data.end());
    for (std::size_t n = 0; n < programmed.size(); ++n)  // programming clears bits
        programmed[n] &= flash_.read(offset + static_cast<std::uint32_t>(n));
    for (std::size_t at = 0; at < programmed.size(); at += kBootPage)
        bus_.debug_write(kXipBase + ((offset + static_cast<std::uint32_t>(at)) & (flash_.size() - 1)),
                         std::span(programmed).subspan(at, kBootPage));
}

void Chip::boot_reboot(std::uint32_t entry, std::uint32_t stack) {
    set_watchdog_vector(bus_, entry, stack);
    constexpr std::uint32_t kAllButOscillators =
        regs::kPsm.writable("WDSEL") & ~(regs::kPsm.mask("WDSEL.ROSC") | regs::kPsm.mask("WDSEL.XOSC"));
    bus_.master_write(kPsmBase + regs::kPsm.at("WDSEL"), 4, kAllButOscillators);
    bus_.master_write(kWatchdogBase + regs::kWatchdog.at("CTRL"), 4, regs::kWatchdog.mask("CTRL.TRIGGER"));
}

std::uint32_t Chip::boot_rom_function(char first, char second) {
    constexpr std::uint32_t kTable = kRomBase + 0x14;
    const auto half = [this](std::uint32_t address) {
        std::uint32_t value = 0;
        bus_.master_read(address, 2, value);
        return value & 0xffff;
    };
    const std::uint32_t wanted = static_cast<std::uint8_t>(first) | static_cast<std::uint32_t>(second) << 8;
    for (std::uint32_t row = half(kTable); half(row) != 0; row += 4)
        if (half(row) == wanted) return half(row + 2);
    return 0;
}

void Chip::boot_call(std::uint32_t address) {
    core0_.reset(kSramBase + kSramSize, address & ~1u, events_.now());
    core0_.r[14] = usb_boot_idle() | 1;
    core0_.release(events_.now());
}

bool Chip::boot_calling() { return core0_.pc() - usb_boot_idle() >= 4; }

}  // namespace rp2040
