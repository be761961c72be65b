// Loading, booting and the chip's ways to be reset (datasheet 2.12 to 2.14).
#include <algorithm>
#include <cstring>
#include <utility>

#include "base/random.hpp"
#include "bus/bootrom.hpp"
#include "chip.hpp"

namespace rp2040 {

namespace {
constexpr std::uint32_t kFlashSelect = 2;  // SS among the QSPI pins
}  // namespace

bool Chip::load(std::uint32_t address, std::span<const std::uint8_t> bytes) {
    if (!bus_.debug_write(address, bytes)) return false;
    if (find_target(address) == Target::xip) flash_.adopt_content(checksum(bytes, flash_.image() + address));
    return true;
}

void Chip::power_on_memory(std::uint64_t seed) {
    const auto fill = [&seed](std::uint8_t* memory, std::size_t bytes) {
        for (std::size_t at = 0; at < bytes; at += 8) {
            const std::uint64_t word = next_random(seed);
            std::memcpy(memory + at, &word, sizeof word);
        }
    };
    fill(bus_.sram(), kSramSize);
    fill(xip_.ram(), kXipSramSize);
    fill(usb_.dpram().data(), usb_.dpram().size());
    code_.invalidate_all();
}

void Chip::load_rom(std::span<const std::uint8_t> image) {
    if (image.size() > kRomSize)
        throw std::invalid_argument("boot ROM image has " + std::to_string(image.size()) +
                                    " bytes; the ROM holds 16384");
    set_rom(image);
    rom_given_ = true;
}

void Chip::set_rom(std::span<const std::uint8_t> image) {
    std::fill(bus_.rom().begin(), bus_.rom().end(), 0);
    std::copy(image.begin(), image.end(), bus_.rom().begin());
    code_.invalidate(kRomBase, kRomSize);
}

void Chip::start_in_rom(Cpu& cpu) {
    std::uint32_t stack = 0, entry = 0;
    bus_.read_vector(kRomBase, stack);
    bus_.read_vector(kRomBase + 4, entry);
    cpu.reset(stack, entry, events_.now());
    cpu.release(events_.now());
}

void Chip::reset(std::optional<std::uint32_t> ram_entry) {
    forget_events(0);
    time_.reset(kDefaultRoscHz);
    start_all(ram_entry);
}

void Chip::power_cycle(std::uint64_t off, std::optional<std::uint64_t> seed, std::optional<std::uint32_t> ram_entry) {
    const Cycles now = events_.now();
    pins_.catch_up(now + 1);
    if (seed) {
        flash_.cut_power(now, *seed);
        power_on_memory(*seed);
    }
    forget_events(now);
    time_.stand_still(now, off);
    start_all(ram_entry);
}

void Chip::forget_events(Cycles now) {
    Scheduler::State queue{};
    queue.due.fill(kNever);
    queue.now = now;
    queue.next = kNever;
    events_.set_state(queue);
}

void Chip::start_all(std::optional<std::uint32_t> ram_entry) {
    pins_.reset();
    bus_.crossbar.reset();
    // Sources first: the clock generators must find a running oscillator.
    rosc_.reset();
    clocks_.reset();
    for (const Block& b : blocks_) b.block->reset();
    update_held();
    clocks_.sources_changed();
    clocks_moved();
    boot_error_.clear();
    requests_ = 0;
    static_cast<void>(devices_.take_failure());
    devices_.power_on();
    boot(1);
    boot(0, ram_entry);
}

/// A core's way out of reset: core 1 waits in the ROM for core 0 to launch it.
void Chip::boot(unsigned index, std::optional<std::uint32_t> ram_entry) {
    Cpu& cpu = core(index);
    if (index == 1 || (rom_given_ && !ram_entry)) {
        start_in_rom(cpu);
        return;
    }
    const bool bootsel = (io_qspi_.levels() & kFlashSelect) == 0;
    const BootResult start = ram_entry ? boot_into_ram(bus_, *ram_entry) : boot_from_reset(bus_, bootsel);
    boot_error_ = start.error;
    if (!boot_error_.empty()) return;
    if (start.usb_boot) begin_usb_boot(start.disabled_interfaces);
    cpu.reset(start.stack, start.entry, events_.now());
    cpu.r[14] = 0;  // tells the second stage that the ROM called it: it continues at the vector table
    cpu.release(events_.now());
}

void Chip::reset_blocks(std::uint32_t resets_mask) {
    for (const Block& b : blocks_)
        if (b.reset_bit && (resets_mask >> static_cast<unsigned>(*b.reset_bit) & 1) != 0) b.block->reset();
    update_held();
}

void Chip::update_held() {
    for (const Block& b : blocks_)
        if (b.reset_bit) b.block->hold_in_reset(resets_.held(*b.reset_bit));
}

void Chip::request_chip_reset() {
    requests_ |= kWatchdogReset;
    core0_.yield();
    core1_.yield();
}

void Chip::request_core_reset(unsigned index) {
    requests_ |= static_cast<std::uint8_t>(1u << index);
    core(index).yield();
}

void Chip::perform_resets() {
    const std::uint8_t requested = std::exchange(requests_, std::uint8_t{0});
    if ((requested & kWatchdogReset) != 0) watchdog_reset();
    for (unsigned index = 0; index < 2; ++index)
        if ((requested >> index & 1) != 0) boot(index);
}

/// What WDSEL in the power-on state machine and in RESETS selects.
void Chip::watchdog_reset() {
    const std::uint32_t wdsel = psm_.wdsel();
    const auto selected = [wdsel](std::uint32_t stage) { return (wdsel & stage) != 0; };
    // Clocks first: resetting a PLL must not stop clk_sys.
    if (selected(regs::kPsm.mask("WDSEL.ROSC"))) rosc_.reset();
    if (selected(regs::kPsm.mask("WDSEL.CLOCKS"))) clocks_.reset();
    resets_.watchdog_fired();
    if (selected(regs::kPsm.mask("WDSEL.RESETS"))) {
        resets_.reset();
        reset_blocks(ResetsState::kAll);
    }
    if (selected(regs::kPsm.mask("WDSEL.XIP"))) {
        ssi_.reset();
        xip_.reset();
        flash_.reset();
    }
    if (selected(regs::kPsm.mask("WDSEL.SIO"))) sio_.reset();
    if (selected(regs::kPsm.mask("WDSEL.VREG_AND_CHIP_RESET"))) vreg_.reset();
    if (selected(regs::kPsm.mask("WDSEL.XOSC"))) xosc_.reset();
    psm_.reset();
    watchdog_.restart_after_reset();
    clocks_.sources_changed();
    clocks_moved();
    for (unsigned index = 0; index < 2; ++index)
        if (selected(1u << (Psm::kProc0 + index))) boot(index);
}

}  // namespace rp2040
