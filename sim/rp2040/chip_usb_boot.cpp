// What USB boot does to the chip.
#include <algorithm>
#include <vector>

#include "bus/bootrom.hpp"
#include "chip.hpp"
#include "regs/psm.hpp"
#include "regs/watchdog.hpp"

namespace rp2040 {

bool Chip::boot_read(std::uint32_t address, std::span<std::uint8_t> out) { return bus_.debug_read(address, out); }

bool Chip::boot_write_ram(std::uint32_t address, std::span<const std::uint8_t> data) {
    const Target target = find_target(address);
    const bool ram = target == Target::sram || target == Target::sram_banks || target == Target::xip_sram;
    return ram && bus_.debug_write(address, data);
}

void Chip::boot_erase(std::uint32_t offset, std::uint32_t bytes) {
    const std::vector<std::uint8_t> erased(bytes, 0xff);
    bus_.debug_write(kXipBase + offset, erased);
}

void Chip::boot_program(std::uint32_t offset, std::span<const std::uint8_t> data) {
    std::vector<std::uint8_t> programmed(data.begin(), data.end());
    for (std::size_t n = 0; n < programmed.size(); ++n)  // programming clears bits
        programmed[n] &= flash_.read(offset + static_cast<std::uint32_t>(n));
    bus_.debug_write(kXipBase + offset, programmed);
}

void Chip::boot_reboot(std::uint32_t entry, std::uint32_t stack) {
    set_watchdog_vector(bus_, entry, stack);
    constexpr std::uint32_t kAllButOscillators =
        regs::kPsm.writable("WDSEL") & ~(regs::kPsm.mask("WDSEL.ROSC") | regs::kPsm.mask("WDSEL.XOSC"));
    bus_.master_write(kPsmBase + regs::kPsm.at("WDSEL"), 4, kAllButOscillators);
    bus_.master_write(kWatchdogBase + regs::kWatchdog.at("CTRL"), 4, regs::kWatchdog.mask("CTRL.TRIGGER"));
}

void Chip::boot_call(std::uint32_t address) {
    core0_.reset(kSramBase + kSramSize, address & ~1u, events_.now());
    core0_.r[14] = usb_boot_idle() | 1;
    core0_.release(events_.now());
}

bool Chip::boot_calling() { return core0_.pc() - usb_boot_idle() >= 4; }

}  // namespace rp2040
