// The C ABI: arguments checked, exceptions turned into status and text.
#include <algorithm>
#include <array>
#include <cstdio>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <utility>

#include "base/register_names.hpp"
#include "bus/bootrom.hpp"
#include "capi/block_hook.hpp"
#include "capi/external_chip.hpp"
#include "capi/resample.hpp"
#include "capi/rp2040.h"
#include "capi/shell.hpp"
#include "capi/status.hpp"
#include "cpu/timing.hpp"
#include "regs/table.hpp"

using rp2040::alive, rp2040::answered, rp2040::charged, rp2040::guarded, rp2040::invalid;
using rp2040::ExternalChip, rp2040::kBadArray, rp2040::kMostSamples, rp2040::SerialPorts;

namespace {

constexpr const char* kNoChip = "the chip is NULL or was destroyed";
/// Farther than this a host has no business to advance at once: two hours at 125 MHz.
constexpr rp2040::Cycles kFarthest = rp2040::Cycles{1} << 40;
constexpr std::uint32_t kMostTraced = 1u << 16;
constexpr std::uint32_t kMostInstructions = 1u << 20;

/// All shells ever made.
rp2040_chip* new_shell() {
    static std::mutex guard;
    static auto* const shells = new std::deque<rp2040_chip>;  // never destroyed: a host may call until its very end
    const std::lock_guard lock(guard);
    return &shells->emplace_back();
}

/// The description's tables in this ABI's type.
template <std::size_t N>
constexpr std::array<rp2040_window, N> in_abi(const rp2040::Window (&ranges)[N]) {
    std::array<rp2040_window, N> result{};
    for (std::size_t n = 0; n < N; ++n) result[n] = {ranges[n].base, ranges[n].size, ranges[n].name};
    return result;
}
constexpr auto kWindows = in_abi(rp2040::kWindows);
constexpr auto kMemories = in_abi(rp2040::kMemories);

rp2040_status bus_fault(rp2040_chip* chip, std::uint32_t address, const char* what) {
    char text[96];
    std::snprintf(text, sizeof text, "%s at 0x%08x: nothing answers there", what, static_cast<unsigned>(address));
    chip->chip->error = text;
    return RP2040_BUS_FAULT;
}

bool valid_access(std::uint32_t core, std::uint32_t address, std::uint32_t bytes) {
    return core < 2 && (bytes == 1 || bytes == 2 || bytes == 4) && address % bytes == 0;
}

constexpr const char* kBadAccess = "an access needs core 0 or 1, 1, 2 or 4 bytes and an aligned address";

std::string register_at(std::uint32_t address) {
    for (const rp2040::regs::Block* block : rp2040::regs::kBlocks)
        for (std::size_t n = 0; n < block->instances.size(); ++n) {
            const std::uint32_t base = block->bases[n];
            if (address < base || address - base >= block->size) continue;
            return rp2040::register_name(block->instances[n], (address - base) & 0xffc);
        }
    return {};
}

constexpr const char* kTooFar = "the cycle is more than 2^40 ahead of now";
constexpr std::uint32_t kFlash = 0x10000000, kFlashWindow = 0x01000000;

bool too_far(const rp2040_chip* chip, std::uint64_t cycle) {
    const auto now = chip->chip->cycles();
    return cycle > now && cycle - now > kFarthest;
}

}  // namespace

extern "C" {

uint32_t rp2040_abi_version(void) { return RP2040_ABI_VERSION; }

rp2040_chip* rp2040_create(uint32_t flash_bytes, uint32_t xosc_hz, const rp2040_host* host) {
    if (host == nullptr || host->irq == nullptr || host->read == nullptr || host->write == nullptr ||
        host->reset == nullptr || host->send_event == nullptr || host->clock == nullptr || host->hold == nullptr ||
        xosc_hz == 0)
        return nullptr;
    try {
        auto made = std::make_unique<ExternalChip>(flash_bytes, xosc_hz, *host);
        rp2040_chip* const chip = new_shell();
        chip->chip = std::move(made);
        return chip;
    } catch (...) {
        return nullptr;
    }
}
void rp2040_destroy(rp2040_chip* chip) {
    if (!alive(chip)) return;
    rp2040::release_block_hook(*chip->chip);
    rp2040::release_bus(chip);
    chip->chip.reset();
}
const char* rp2040_error(const rp2040_chip* chip) { return alive(chip) ? chip->chip->error.c_str() : kNoChip; }
void rp2040_reset(rp2040_chip* chip, uint64_t cycle) {
    guarded(chip, [&] {
        chip->chip->power_on(cycle);
        return RP2040_OK;
    });
}
rp2040_status rp2040_finish_reset(rp2040_chip* chip) {
    return guarded(chip, [&] {
        chip->chip->finish_reset();
        return RP2040_OK;
    });
}
rp2040_status rp2040_load(rp2040_chip* chip, uint32_t address, const uint8_t* data, size_t size) {
    return guarded(chip, [&] {
        if (data == nullptr && size != 0) return invalid(chip, "the data are NULL");
        if (address < kFlash || address - kFlash >= kFlashWindow || size > kFlashWindow ||
            !chip->chip->load(address, {data, size}))
            return invalid(chip, "the data does not fit the flash, which begins at 0x10000000");
        return RP2040_OK;
    });
}
const uint8_t* rp2040_boot_rom(void) {
    static const auto image = [] {
        std::array<std::uint8_t, rp2040::kRomSize> rom{};
        const auto own = rp2040::own_bootrom();
        std::copy(own.begin(), own.end(), rom.begin());
        return rom;
    }();
    return image.data();
}
rp2040_status rp2040_boot(rp2040_chip* chip, uint32_t* pc, uint32_t* sp) {
    return guarded(chip, [&] {
        if (pc == nullptr || sp == nullptr) return invalid(chip, "pc and sp must not be NULL");
        std::string error = chip->chip->boot(*pc, *sp);
        return error.empty() ? RP2040_OK : invalid(chip, std::move(error));
    });
}

uint64_t rp2040_now(const rp2040_chip* chip) {
    return answered(chip, std::uint64_t{0}, [&] { return chip->chip->cycles(); });
}
uint64_t rp2040_next_event(const rp2040_chip* chip) {
    return answered(chip, RP2040_NEVER, [&] { return chip->chip->events().next(); });
}
rp2040_status rp2040_advance(rp2040_chip* chip, uint64_t cycle) {
    return guarded(chip, [&] {
        if (std::exchange(chip->chip->fetch_refused, false)) return RP2040_UNMODELLED;
        if (cycle == RP2040_NEVER) return RP2040_OK;  // the next event of a quiet chip: there is nothing to do
        if (too_far(chip, cycle)) return invalid(chip, kTooFar);
        chip->chip->advance(cycle);
        return RP2040_OK;
    });
}
uint64_t rp2040_picoseconds(const rp2040_chip* chip, uint64_t cycle) {
    return answered(chip, std::uint64_t{0}, [&] { return chip->chip->picoseconds(cycle); });
}
uint64_t rp2040_cycle_at(const rp2040_chip* chip, uint64_t picoseconds) {
    return answered(chip, std::uint64_t{0}, [&] { return chip->chip->cycle_at(picoseconds); });
}
uint32_t rp2040_clock_hz(const rp2040_chip* chip, uint32_t clock) {
    if (clock >= static_cast<std::uint32_t>(rp2040::ClockId::count)) return 0;
    return answered(chip, 0u, [&] {
        return static_cast<std::uint32_t>(chip->chip->clock_hz(static_cast<rp2040::ClockId>(clock)));
    });
}

rp2040_status rp2040_read(rp2040_chip* chip, uint32_t core, uint64_t cycle, uint32_t address, uint32_t bytes,
                          uint32_t* value) {
    return guarded(chip, [&] {
        if (value == nullptr) return invalid(chip, "the value's place is NULL");
        *value = 0;
        if (!valid_access(core, address, bytes)) return invalid(chip, kBadAccess);
        if (too_far(chip, cycle)) return invalid(chip, kTooFar);
        chip->chip->begin_access(core, cycle, address, false);
        return chip->chip->core_read(core, address, bytes, *value) ? RP2040_OK : bus_fault(chip, address, "read");
    });
}
rp2040_status rp2040_write(rp2040_chip* chip, uint32_t core, uint64_t cycle, uint32_t address, uint32_t bytes,
                           uint32_t value) {
    return guarded(chip, [&] {
        if (!valid_access(core, address, bytes)) return invalid(chip, kBadAccess);
        if (too_far(chip, cycle)) return invalid(chip, kTooFar);
        chip->chip->begin_access(core, cycle, address, true);
        return chip->chip->core_write(core, address, bytes, value) ? RP2040_OK : bus_fault(chip, address, "write");
    });
}
rp2040_status rp2040_peek(rp2040_chip* chip, uint32_t address, uint32_t bytes, uint32_t* value) {
    return guarded(chip, [&] {
        if (value == nullptr) return invalid(chip, "the value's place is NULL");
        *value = 0;
        if (!valid_access(0, address, bytes)) return invalid(chip, kBadAccess);
        std::array<std::uint8_t, 4> data{};
        if (!chip->chip->bus().debug_read(address, std::span(data).first(bytes)))
            return bus_fault(chip, address, "debugger's read");
        for (std::uint32_t i = 0; i < bytes; ++i) *value |= std::uint32_t{data[i]} << 8 * i;
        return RP2040_OK;
    });
}

uint32_t rp2040_windows(const rp2040_window** windows) {
    if (windows != nullptr) *windows = kWindows.data();
    return kWindows.size();
}
uint32_t rp2040_memories(const rp2040_window** memories) {
    if (memories != nullptr) *memories = kMemories.data();
    return kMemories.size();
}

uint32_t rp2040_register_name(uint32_t address, char* name, uint32_t room) {
    try {
        const std::string found = register_at(address);
        if (room > 0 && name != nullptr) name[found.copy(name, room - 1)] = 0;
        return static_cast<std::uint32_t>(found.size());
    } catch (...) {
        return 0;
    }
}

uint32_t rp2040_pin(rp2040_chip* chip, uint32_t pin) {
    return answered(
        chip, 0u, [&] { return pin < rp2040::kPins && chip->chip->gpio().level(pin, chip->chip->cycles()) ? 1u : 0u; });
}
uint32_t rp2040_pin_share(rp2040_chip* chip, uint32_t pin) {
    return answered(chip, 0u, [&] { return pin < rp2040::kPins ? chip->chip->pin_share(pin) : 0u; });
}
rp2040_status rp2040_drive_pin(rp2040_chip* chip, uint32_t pin, uint32_t drive) {
    return guarded(chip, [&] {
        if (!rp2040::drive_pin(*chip->chip, pin, drive)) return invalid(chip, rp2040::kBadDrive);
        return RP2040_OK;
    });
}

uint32_t rp2040_serial_take(rp2040_chip* chip, uint32_t port, uint8_t* bytes, uint64_t* cycles, uint32_t room) {
    if (port >= SerialPorts::kCount || bytes == nullptr || cycles == nullptr) return 0;
    return answered(chip, 0u, [&] { return chip->chip->serial.take(port, bytes, cycles, room); });
}
rp2040_status rp2040_serial_send(rp2040_chip* chip, uint32_t port, const uint8_t* bytes, size_t size) {
    return guarded(chip, [&] {
        if (port >= SerialPorts::kCount) return invalid(chip, "serial ports are 0 and 1 (UART) and 2 (USB)");
        if ((bytes == nullptr && size != 0) || size > kMostSamples) return invalid(chip, kBadArray);
        chip->chip->serial.send(port, {bytes, size});
        return RP2040_OK;
    });
}

rp2040_status rp2040_i2c_connect(rp2040_chip* chip, uint32_t instance, const rp2040_i2c_target* target) {
    return guarded(chip, [&] {
        if (instance > 1) return invalid(chip, "the chip has I2C 0 and 1, not " + std::to_string(instance));
        if (target == nullptr || target->start == nullptr || target->write == nullptr || target->read == nullptr ||
            target->stop == nullptr)
            return invalid(chip, "an I2C target needs start, write, read and stop");
        chip->chip->connect(instance, *target);
        return RP2040_OK;
    });
}
rp2040_status rp2040_spi_connect(rp2040_chip* chip, uint32_t instance, const rp2040_spi_target* target) {
    return guarded(chip, [&] {
        if (instance > 1) return invalid(chip, "the chip has SPI 0 and 1, not " + std::to_string(instance));
        if (target == nullptr || target->transfer == nullptr || target->finish == nullptr)
            return invalid(chip, "an SPI target needs transfer and finish");
        chip->chip->connect(instance, *target);
        return RP2040_OK;
    });
}

uint32_t rp2040_block_cycles(uint32_t address, const uint16_t* halfwords, uint32_t count) {
    if (halfwords == nullptr || count > kMostInstructions) return 0;
    const auto fetch = [&](std::uint32_t at, std::uint16_t& halfword) {
        const std::uint32_t index = (at - address) / 2;
        if (index >= count) return false;
        halfword = halfwords[index];
        return true;
    };
    try {
        return rp2040::block_cost(address, count, fetch).cycles;
    } catch (...) {
        return 0;
    }
}
uint32_t rp2040_taken_branch_cycles(void) { return rp2040::timing::kBranchTaken - rp2040::timing::kBranchNotTaken; }
uint32_t rp2040_exception_entry_cycles(void) { return rp2040::timing::kExceptionEntry; }
uint32_t rp2040_exception_return_cycles(void) { return rp2040::timing::kExceptionReturn; }
uint32_t rp2040_access_cycles(uint32_t address, uint32_t is_write) {
    return rp2040::access_cost(address, is_write != 0);
}
uint32_t rp2040_xip_stall(rp2040_chip* chip, uint32_t address) {
    return charged(chip, [&] { return chip->chip->xip_stall(address); });
}

uint32_t rp2040_cpu_block(rp2040_chip* chip, uint32_t core, uint32_t pc, uint32_t instructions) {
    if (core > 1 || instructions > kMostInstructions) return 0;
    const uint32_t cycles = charged(chip, [&] { return chip->chip->charge_block(core, pc & ~1u, instructions); });
    if (alive(chip)) chip->chip->look_for_stop(core);
    return cycles;
}
uint32_t rp2040_cpu_exception(rp2040_chip* chip, uint32_t core, uint32_t begins) {
    if (core > 1) return 0;
    return answered(chip, 0u, [&] { return chip->chip->charge_exception(core, begins != 0); });
}
uint64_t rp2040_cpu_cycles(const rp2040_chip* chip, uint32_t core) {
    if (core > 1) return 0;
    return answered(chip, std::uint64_t{0}, [&] {
        chip->chip->charge_executed(core);
        return chip->chip->cores[core].charged;
    });
}
void rp2040_cpu_forget(rp2040_chip* chip) {
    guarded(chip, [&] {
        chip->chip->forget_code();
        return RP2040_OK;
    });
}
rp2040_status rp2040_trace(rp2040_chip* chip, const uint32_t* addresses, uint32_t count) {
    return guarded(chip, [&] {
        if ((addresses == nullptr && count != 0) || count > kMostTraced)
            return invalid(chip, "at most 65536 functions are traced, and their addresses must not be NULL");
        for (auto& core : chip->chip->cores) {
            core.calls.trace({addresses, count});
            core.end_rounds();
        }
        return RP2040_OK;
    });
}
rp2040_status rp2040_trace_counts(const rp2040_chip* chip, uint32_t index, uint64_t* calls, uint64_t* total,
                                  uint64_t* least, uint64_t* most) {
    if (!alive(chip) || calls == nullptr || total == nullptr || least == nullptr || most == nullptr)
        return RP2040_INVALID;
    for (const unsigned core : {0u, 1u}) chip->chip->charge_executed(core);
    const auto& [first, second] = chip->chip->cores;
    if (index >= first.calls.counts().size()) return RP2040_INVALID;
    const auto sum = first.calls.counts()[index] + second.calls.counts()[index];
    *calls = sum.calls;
    *total = sum.total;
    *least = sum.least;
    *most = sum.most;
    return RP2040_OK;
}
}
