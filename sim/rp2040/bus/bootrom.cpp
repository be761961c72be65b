#include "bus/bootrom.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

#include "bus/bus.hpp"
#include "regs/resets.hpp"
#include "regs/ssi.hpp"
#include "regs/watchdog.hpp"

namespace rp2040 {

namespace {

constexpr std::uint8_t kOwnImage[] = {
#include "bus/bootrom_image.inc"
};

constexpr std::uint32_t kResetsSet = kResetsBase + 0x2000, kResetsClear = kResetsBase + 0x3000,
                        kWatchdogScratch0 = kWatchdogBase + regs::kWatchdog.at("SCRATCH0"),
                        kWatchdogScratch4 = kWatchdogBase + regs::kWatchdog.at("SCRATCH4");
constexpr std::uint32_t kResetIoQspi = regs::kResets.mask("RESET.IO_QSPI"),
                        kResetPadsQspi = regs::kResets.mask("RESET.PADS_QSPI"),
                        kResetTimer = regs::kResets.mask("RESET.TIMER");
constexpr std::uint32_t kScratchMagic = 0xb007c0d3;
constexpr std::uint16_t kUsbBoot = 0xbe43;  // BKPT 0x43
constexpr std::uint32_t kSramEnd = kSramBase + kSramSize;

std::uint32_t read_word(Bus& bus, std::uint32_t address) {
    std::uint32_t value = 0;
    bus.master_read(address, 4, value);
    return value;
}

void write_word(Bus& bus, std::uint32_t address, std::uint32_t value) { bus.master_write(address, 4, value); }

/// The blocks that the ROM resets, and takes out of reset, for its own use.
void reset_own_blocks(Bus& bus) {
    constexpr std::uint32_t blocks = kResetIoQspi | kResetPadsQspi | kResetTimer;
    write_word(bus, kResetsSet, blocks);
    write_word(bus, kResetsClear, blocks);
}

/// The SSI as the ROM leaves it after reading the second stage: serial, 8-bit frames, divider 6, slave 0 selected.
void prepare_ssi(Bus& bus) {
    write_word(bus, kXipSsiBase + regs::kXipSsi.at("SSIENR"), 0);
    write_word(bus, kXipSsiBase + regs::kXipSsi.at("BAUDR"), 6);
    write_word(bus, kXipSsiBase + regs::kXipSsi.at("CTRLR0"), 7u << 16);
    write_word(bus, kXipSsiBase + regs::kXipSsi.at("SER"), 1);
    write_word(bus, kXipSsiBase + regs::kXipSsi.at("SSIENR"), 1);
}

}  // namespace

std::span<const std::uint8_t> own_bootrom() { return kOwnImage; }

const char* rom_message(const Bus& bus, std::uint32_t pc) {
    constexpr std::uint16_t kNoBootSource = 0xbe42;
    std::uint16_t instruction = 0;
    if (pc >= kRomSize || !bus.fetch(pc, instruction)) return nullptr;
    if (instruction == kNoBootSource) return "the boot ROM found no valid second-stage boot loader in flash";
    if (instruction == kUsbBoot)
        return "the program asked for USB boot, which this boot ROM does not have when it is given as an image; leave "
               "--bootrom out";
    return nullptr;
}

std::uint32_t boot_crc32(std::span<const std::uint8_t> bytes) {
    std::uint32_t crc = 0xffffffff;
    for (const std::uint8_t byte : bytes) {
        crc ^= static_cast<std::uint32_t>(byte) << 24;
        for (int i = 0; i < 8; ++i) crc = (crc & 0x80000000u) != 0 ? crc << 1 ^ 0x04c11db7 : crc << 1;
    }
    return crc;
}

std::uint32_t usb_boot_idle() {
    constexpr std::uint8_t kBkptWfi[] = {kUsbBoot & 0xff, kUsbBoot >> 8, 0x30, 0xbf};
    const auto found =
        std::search(std::begin(kOwnImage), std::end(kOwnImage), std::begin(kBkptWfi), std::end(kBkptWfi));
    return static_cast<std::uint32_t>(found - std::begin(kOwnImage)) + 2;
}

void set_watchdog_vector(Bus& bus, std::uint32_t entry, std::uint32_t stack) {
    write_word(bus, kWatchdogScratch4, entry != 0 ? kScratchMagic : 0);
    write_word(bus, kWatchdogScratch4 + 4, entry ^ (0u - kScratchMagic));
    write_word(bus, kWatchdogScratch4 + 8, stack != 0 ? stack : kSramEnd);
    write_word(bus, kWatchdogScratch4 + 12, entry);
}

BootResult boot_from_reset(Bus& bus, bool bootsel) {
    reset_own_blocks(bus);

    // Watchdog vector: scratch 4 magic, 5 entry ^ -magic, 6 stack, 7 entry.
    const std::uint32_t entry = read_word(bus, kWatchdogScratch4 + 12);
    if (read_word(bus, kWatchdogScratch4) == kScratchMagic &&
        read_word(bus, kWatchdogScratch4 + 4) == (entry ^ (0u - kScratchMagic))) {
        write_word(bus, kWatchdogScratch4, 0);
        if ((entry & ~1u) + 2 == usb_boot_idle())
            return {kSramEnd, usb_boot_idle(), {}, true, read_word(bus, kWatchdogScratch0 + 4)};
        return {read_word(bus, kWatchdogScratch4 + 8), entry, {}, false, 0};
    }
    if (bootsel) return {kSramEnd, usb_boot_idle(), {}, true, 0};

    prepare_ssi(bus);
    std::array<std::uint8_t, kBoot2Bytes> boot2{};
    bus.debug_read(kXipBase, boot2);
    const std::uint32_t computed = boot_crc32(std::span(boot2).first(kBoot2Bytes - 4));
    std::uint32_t stored;
    std::memcpy(&stored, boot2.data() + kBoot2Bytes - 4, 4);
    if (computed != stored) {
        char text[160];
        std::snprintf(
            text, sizeof text,
            "no valid second-stage boot loader: CRC32 of the first 252 bytes of flash is 0x%08x, 0x%08x is stored "
            "after them",
            static_cast<unsigned>(computed), static_cast<unsigned>(stored));
        return {0, 0, text, false, 0};
    }
    bus.debug_write(kBoot2Address, boot2);
    return {kBoot2Address, kBoot2Address, {}, false, 0};
}

BootResult boot_into_ram(Bus& bus, std::uint32_t entry) {
    reset_own_blocks(bus);
    return {kSramEnd, entry, {}, false, 0};
}

}  // namespace rp2040
