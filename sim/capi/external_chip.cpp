#include "capi/external_chip.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "bus/bootrom.hpp"
#include "capi/host_memory.hpp"
#include "cpu/timing.hpp"

namespace rp2040 {

namespace {

std::uint32_t lanes(std::uint32_t word, std::uint32_t address, unsigned bytes) {
    word >>= (address & 3) * 8;
    return bytes == 4 ? word : bytes == 2 ? word & 0xffff : word & 0xff;
}

std::uint32_t replicate(std::uint32_t data, unsigned bytes) {
    return bytes == 4 ? data : bytes == 2 ? (data & 0xffff) * 0x00010001u : (data & 0xff) * 0x01010101u;
}

/// Offset within the system control space of a register of SysTick's, or of nothing of the library's.
bool is_systick(std::uint32_t address, unsigned bytes) {
    return bytes == 4 && SysTick::has(address - kSystemControlSpace);
}

/// A refused access of a core's port carries the address, as the bus does for its own blocks.
template <class Access>
auto at_address(std::uint32_t address, Access&& access) {
    try {
        return access();
    } catch (Unmodelled& unmodelled) {
        unmodelled.address = address;
        throw;
    }
}

}  // namespace

ExternalChip::ExternalChip(std::uint32_t flash_bytes, std::uint32_t xosc_hz, const rp2040_host& host)
    : Chip(flash_bytes, xosc_hz), host_(host) {
    rom_given_ = true;  // booting is the host's business: boot()
    for (Cpu* cpu : {&core0_, &core1_}) cpu->hold();
    const auto wired = clocks_.on_change;
    clocks_.on_change = [this, wired] {
        wired();
        report_clock();
    };
    const auto changed = flash_.on_change;
    flash_.on_change = [this, changed](std::uint32_t offset, std::uint32_t bytes) {
        changed(offset, bytes);
        for (std::uint32_t at = offset & ~3u; at < offset + bytes; at += 4) {
            std::uint32_t word = 0;
            std::memcpy(&word, flash_.data() + at, 4);
            host_.write(host_.context, kXipBase + at, 4, word);
        }
        forget_code();
    };
    clocks_.on_halt = nullptr;  // the host's time goes on
    psm_.on_core_held = [this](unsigned core, bool held) {
        if (held) systicks_[core].reset();
        host_.hold(host_.context, core, held ? 1 : 0);
    };
    events_.bind(EventId::systick0, this,
                 [](void* self, Cycles when) { static_cast<ExternalChip*>(self)->systick_due(0, when); });
    events_.bind(EventId::systick1, this,
                 [](void* self, Cycles when) { static_cast<ExternalChip*>(self)->systick_due(1, when); });
    // A core that is executed after the other one looks at its divider at times that have passed for the chip.
    for (unsigned core = 0; core < 2; ++core) sio_.core_time[core] = &cores[core].last_access;
    report_clock();
}

void ExternalChip::report_clock() {
    const std::uint32_t hz = clocks_.hz(ClockId::sys);
    if (hz == 0 || hz == reported_hz_) return;
    reported_hz_ = hz;
    for (const unsigned core : {0u, 1u}) charge_executed(core);  // at the speed that there was
    for (HostCore& core : cores) core.time.set_clock(hz);
    host_.clock(host_.context, hz);
}

// ---------------------------------------------------------------------------------------------- signals to the cores

void ExternalChip::set_irq(Irq line, bool level) {
    set_core_irq(0, line, level);
    set_core_irq(1, line, level);
}

void ExternalChip::set_core_irq(unsigned core, Irq line, bool level) {
    const auto number = static_cast<std::uint32_t>(line);
    const std::uint32_t bit = 1u << number;
    if (((lines_[core] & bit) != 0) == level) return;
    lines_[core] ^= bit;
    raised_ |= level;
    if (ahead_) {
        kept_.push_back({static_cast<std::uint8_t>(core), static_cast<std::uint8_t>(number), level, false});
        return;
    }
    tell_core(core, number, level);
}

void ExternalChip::systick_due(unsigned core, Cycles when) {
    if (!systicks_[core].due(when)) return;
    raised_ = true;
    if (ahead_)
        kept_.push_back({static_cast<std::uint8_t>(core), RP2040_IRQ_SYSTICK, true, false});
    else
        tell_core(core, RP2040_IRQ_SYSTICK, true);
}

void ExternalChip::tell_core(unsigned core, std::uint32_t number, bool level) {
    const bool masked = number < 32 && (syscfg_.nmi_mask(core) >> number & 1) != 0;
    if (masked) host_.irq(host_.context, core, RP2040_IRQ_NMI, level ? 1 : 0);
    host_.irq(host_.context, core, number, level ? 1 : 0);
}

void ExternalChip::request_chip_reset() {
    if (ahead_)
        kept_.push_back({0, 0, false, true});
    else
        host_.reset(host_.context, RP2040_RESET_WATCHDOG);
}

void ExternalChip::deliver() {
    for (const Kept& kept : std::exchange(kept_, {})) {
        if (kept.reset) {
            host_.reset(host_.context, RP2040_RESET_WATCHDOG);
        } else {
            raised_ |= kept.level;
            tell_core(kept.core, kept.line, kept.level);
        }
    }
}

bool ExternalChip::run_ahead(Cycles horizon) {
    const std::uint32_t waiting = serial.waiting(), high = high_pins(watched_pins);
    ahead_ = true;
    try {
        while (kept_.empty() && events_.next() <= horizon) {
            events_.advance_to(events_.next());
            if (serial.waiting() != waiting || high_pins(watched_pins) != high) {
                ahead_ = false;
                return true;
            }
        }
    } catch (...) {
        ahead_ = false;
        throw;
    }
    ahead_ = false;
    return !kept_.empty();
}

// ---------------------------------------------------------------------------------------------- bus

std::uint8_t* ExternalChip::direct(Target target, std::uint32_t address, unsigned bytes) {
    const bool flash = target == Target::xip;
    if (!flash && target != Target::sram && target != Target::sram_banks) return nullptr;
    const Memory& memory = flash ? flash_memory : sram_memory;
    const std::uint32_t offset = flash ? (address - kXipBase) % kFlashSize : host_address(target, address) - kSramBase;
    return offset < memory.size && memory.size - offset >= bytes ? memory.bytes + offset : nullptr;
}

bool ExternalChip::bus_read(Master master, std::uint32_t address, unsigned bytes, std::uint32_t& value) {
    const Target target = find_target(address);
    if (!host_owns(target)) return Chip::bus_read(master, address, bytes, value);
    if (const std::uint8_t* const place = direct(target, address, bytes)) {
        value = 0;
        std::memcpy(&value, place, bytes);
        return true;
    }
    return host_.read(host_.context, host_address(target, address), bytes, &value) == RP2040_OK;
}

bool ExternalChip::bus_write(Master master, std::uint32_t address, unsigned bytes, std::uint32_t value) {
    const Target target = find_target(address);
    if (target == Target::rom) return true;  // ignored, as by the chip
    if (!host_owns(target) || target == Target::xip) return Chip::bus_write(master, address, bytes, value);
    std::uint8_t* const place = direct(target, address, bytes);
    if (place != nullptr && !executed_[(host_address(target, address) - kSramBase) / kCodePage]) {
        std::memcpy(place, &value, bytes);
        return true;
    }
    return host_.write(host_.context, host_address(target, address), bytes, value) == RP2040_OK;
}

bool ExternalChip::core_read(unsigned core, std::uint32_t address, unsigned bytes, std::uint32_t& value) {
    if (is_systick(address, bytes)) {
        value = systicks_[core].read(address - kSystemControlSpace, cores[core].last_access);
        return true;
    }
    if (find_target(address) == Target::ppb) return false;
    begin_access_of(core);
    cores[core].access_extra +=
        static_cast<std::int64_t>(access_cost(address, false)) - static_cast<int>(timing::kLoadStore);
    if (find_target(address) != Target::sio)
        return bus_read(core == 0 ? Master::core0 : Master::core1, address, bytes, value);
    const std::uint32_t word = at_address(address, [&] { return sio_.read(core, (address - kSioBase) & ~3u); });
    value = lanes(word, address, bytes);
    return true;
}

bool ExternalChip::core_write(unsigned core, std::uint32_t address, unsigned bytes, std::uint32_t value) {
    if (is_systick(address, bytes)) {
        systicks_[core].write(address - kSystemControlSpace, value, cores[core].last_access);
        return true;
    }
    if (find_target(address) == Target::ppb) return false;
    begin_access_of(core);
    cores[core].access_extra +=
        static_cast<std::int64_t>(access_cost(address, true)) - static_cast<int>(timing::kLoadStore);
    if (find_target(address) != Target::sio)
        return bus_write(core == 0 ? Master::core0 : Master::core1, address, bytes, value);
    at_address(address, [&] {
        sio_.write(core, (address - kSioBase) & ~3u, replicate(value, bytes));
        return true;
    });
    return true;
}

// ---------------------------------------------------------------------------------------------- reset and boot

void ExternalChip::power_on(Cycles when) {
    // What hangs on the pins has a clock of its own: it goes on where the chip's begins anew.
    const std::uint64_t passed = picoseconds(std::max(when, events_.now()));
    reset();
    if (microphone) microphone->chip_restarted(passed);
    kept_.clear();
    host_bus.told_due = kNever;
    for (unsigned core = 0; core < 2; ++core) {
        const std::uint32_t high = std::exchange(lines_[core], 0);
        for (std::uint32_t line = 0; line < 32; ++line)
            if ((high >> line & 1) != 0) host_.irq(host_.context, core, line, 0);
    }
    for (Cpu* cpu : {&core0_, &core1_}) cpu->hold();
    for (SysTick& systick : systicks_) systick.reset();
    serial.clear();
    taps.forget_calls();
    for (HostCore& core : cores) {
        core.time.restart();
        core.charged = core.in_exceptions = core.last_access = core.origin = 0;
        core.access_extra = 0;
    }
    for (const unsigned core : {0u, 1u}) forget_execution(core);
    forget_code();
    reported_hz_ = 0;
    report_clock();
}

void ExternalChip::finish_reset() {
    kept_.clear();
    host_bus.told_due = kNever;
    Chip::request_chip_reset();
    perform_resets();
    for (Cpu* cpu : {&core0_, &core1_}) cpu->hold();
    for (SysTick& systick : systicks_) systick.reset();
    for (const unsigned core : {0u, 1u}) forget_execution(core);
    report_clock();
}

std::string ExternalChip::boot(std::uint32_t& pc, std::uint32_t& sp) {
    const BootResult start = boot_from_reset(bus_, false);
    if (!start.error.empty()) return start.error;
    if (start.usb_boot) return "the program asked for USB boot, which needs the library's own processors";
    pc = start.entry;
    sp = start.stack;
    if (start.entry == kBoot2Address) {
        for (std::uint32_t at = 0; at < kBoot2Bytes; at += 4) {
            std::uint32_t word = 0;
            std::memcpy(&word, flash_.data() + at, 4);
            if (host_.write(host_.context, kBoot2Address + at, 4, word) != RP2040_OK)
                return "the host has no SRAM at 0x20041f00 for the second stage";
        }
    }
    forget_code();
    cores[0].running = {};
    return {};
}

// ---------------------------------------------------------------------------------------------- pins and bytes

std::uint32_t ExternalChip::high_pins(std::uint32_t pins) {
    std::uint32_t high = 0;
    for (std::uint32_t left = pins; left != 0; left &= left - 1) {
        const auto pin = static_cast<unsigned>(std::countr_zero(left));
        if (pin_share(pin) >= 32768) high |= 1u << pin;
    }
    return high;
}

void ExternalChip::connect(unsigned instance, const rp2040_i2c_target& target) {
    i2c_targets_[instance] = std::make_unique<HostI2c>(instance, target);
    follow_pins();
}

/// Puts the host's I2C targets on the pins that their blocks have now.
void ExternalChip::follow_pins() {
    for (unsigned n = 0; n < 2; ++n) {
        HostI2c* const target = i2c_targets_[n].get();
        if (target == nullptr) continue;
        const I2c& block = n == 0 ? i2c0_ : i2c1_;
        const std::uint32_t sda = block.pins(I2c::kSda), scl = block.pins(I2c::kScl);
        if (sda != target->sda || scl != target->scl) put_on(*target, sda, scl);
    }
}

void ExternalChip::put_on(HostI2c& target, std::uint32_t sda, std::uint32_t scl) {
    if (target.sda != 0 && target.scl != 0) detach(target);
    target.sda = sda;
    target.scl = scl;
    if (sda != 0 && scl != 0)
        attach(target, {{"sda", static_cast<unsigned>(std::countr_zero(sda))},
                        {"scl", static_cast<unsigned>(std::countr_zero(scl))}});
}

void ExternalChip::connect(unsigned instance, const rp2040_spi_target& target) {
    Spi& block = instance == 0 ? spi0_ : spi1_;
    spi_targets_[instance] = std::make_unique<HostSpi>(block, target);
    block.connect(spi_targets_[instance].get());
}

// ---------------------------------------------------------------------------------------------- the processor's time

Cycles ExternalChip::cycle_of_host(unsigned core, std::uint64_t picoseconds) {
    charge_executed(core);
    const HostTime& time = cores[core].time;
    return cycle_at(picoseconds == RP2040_AS_BEFORE ? time.chip_picoseconds() : time.chip_picoseconds(picoseconds));
}

std::uint64_t ExternalChip::expect(unsigned core, std::uint64_t picoseconds) {
    cores[1 - core].time.expect(picoseconds);
    return cores[core].time.expect(picoseconds);
}

void ExternalChip::settle() {
    follow_pins();
    constexpr Cycles kAtOnce = 8;  // a DMA transfer follows its request by a few cycles; the shortest SPI frame takes 8
    const Cycles until = events_.now() + kAtOnce;
    while (events_.next() <= until) events_.advance_to(events_.next());
}

}  // namespace rp2040
