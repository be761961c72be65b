#include "capi/host_bus.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <utility>

#include "bus/memory_map.hpp"
#include "capi/shell.hpp"

namespace rp2040 {

namespace {

constexpr std::uint32_t kFifoWrite = kSioBase + 0x54;
constexpr std::size_t kBuses = 64;  // two slots each, one for each core
std::array<std::atomic<rp2040_chip*>, kBuses> owners;
std::mutex taking;

/// Registers that an access of `bytes` may be answered for here.
bool is_register(std::uint32_t address, unsigned bytes) {
    switch (find_target(address)) {
        case Target::xip_ctrl:
        case Target::ssi:
        case Target::apb:
        case Target::ahb:
        case Target::usb_dpram:
        case Target::xip_aux:
        case Target::sio: return true;
        case Target::ppb: return bytes == 4 && SysTick::has(address - kSystemControlSpace);
        default: return false;
    }
}

/// What the chip ignores or refuses a store to, though the host's memory would take it.
bool is_read_only(std::uint32_t address) {
    const Target target = find_target(address);
    return target == Target::rom || target == Target::xip;
}

/// Tells the host what it does not know yet.
void report(rp2040_chip* shell, unsigned core, std::uint32_t status, std::uint32_t address, std::uint64_t told_due,
            std::uint32_t told_serial, std::uint32_t told_pins, const rp2040_turn& turn) {
    const HostBus& bus = shell->chip->host_bus;
    if (status != RP2040_OK || bus.told_due < told_due || (turn.serial & ~told_serial) != 0 || turn.pins != told_pins)
        bus.cores[core].host.turned(bus.cores[core].host.context, status, address, &turn);
}

template <class Access>
std::uint32_t with_turn(rp2040_chip* shell, unsigned core, std::uint32_t address, Access&& access) {
    HostBus& bus = shell->chip->host_bus;
    HostBus::Core& own = bus.cores[core];
    if (own.stale.exchange(false, std::memory_order_relaxed)) own.host.clock(own.host.context);
    const std::uint64_t due = bus.told_due;
    const std::uint32_t serial = shell->chip->serial.told, pins = bus.told_pins;
    rp2040_turn turn{};
    // Its code may come from flash that is not mapped; the host is written in C.
    std::uint32_t status = guarded(shell, [&] {
        shell->chip->charge_up_to_access(core);
        return RP2040_OK;
    });
    if (status == RP2040_OK) status = access(turn);
    const std::uint32_t value = turn.value;
    report(shell, core, status, address, due, serial, pins, turn);
    return value;
}

template <std::size_t Slot, unsigned Width>
std::uint64_t read(std::uint64_t address, std::uint64_t state) {
    constexpr std::uint32_t kBytes = 1u << Width;
    constexpr unsigned kCore = Slot % 2;
    rp2040_chip* const shell = owners[Slot / 2].load(std::memory_order_relaxed);
    if (shell == nullptr) return 0;
    ExternalChip& chip = *shell->chip;
    const auto at = static_cast<std::uint32_t>(address);
    if (at == address) {
        if (const std::uint32_t offset = at - kXipBase; offset < chip.host_bus.flash_end) {
            if (const ExternalChip::Memory& flash = chip.flash_memory; offset + kBytes <= flash.size) {
                std::uint32_t value = 0;
                std::memcpy(&value, flash.bytes + offset, kBytes);
                charged(shell, [&] {
                    chip.load_from_flash(kCore, at);
                    return 0u;
                });
                return value;
            }
        } else if (chip.host_bus.registers && at % kBytes == 0 && is_register(at, kBytes)) {
            return with_turn(shell, kCore, at, [&](rp2040_turn& turn) {
                return rp2040_turn_read(shell, kCore, RP2040_AS_BEFORE, at, kBytes, &turn);
            });
        }
    }
    return chip.host_bus.cores[kCore].host.others.read[Width](address, state);
}

template <std::size_t Slot, unsigned Width>
void write(std::uint64_t address, std::uint64_t value, std::uint64_t state) {
    constexpr std::uint32_t kBytes = 1u << Width;
    constexpr unsigned kCore = Slot % 2;
    rp2040_chip* const shell = owners[Slot / 2].load(std::memory_order_relaxed);
    if (shell == nullptr) return;
    const HostBus& bus = shell->chip->host_bus;
    const auto at = static_cast<std::uint32_t>(address);
    const bool wakes = (at & ~3u) == kFifoWrite && !shell->chip->both();  // the host's business
    const bool own = is_read_only(at) || (bus.registers && is_register(at, kBytes) && !wakes);
    if (at == address && at % kBytes == 0 && own)
        with_turn(shell, kCore, at, [&](rp2040_turn& turn) {
            return rp2040_turn_write(shell, kCore, RP2040_AS_BEFORE, at, kBytes, static_cast<std::uint32_t>(value),
                                     &turn);
        });
    else
        bus.cores[kCore].host.others.write[Width](address, value, state);
}

template <std::size_t... Slots>
constexpr std::array<rp2040_bus, 2 * kBuses> make_buses(std::index_sequence<Slots...>) {
    return {rp2040_bus{{read<Slots, 0>, read<Slots, 1>, read<Slots, 2>},
                       {write<Slots, 0>, write<Slots, 1>, write<Slots, 2>}}...};
}
constexpr auto buses = make_buses(std::make_index_sequence<2 * kBuses>());

bool complete(const rp2040_bus_host* host) {
    if (host == nullptr || host->clock == nullptr || host->turned == nullptr) return false;
    for (unsigned width = 0; width < 3; ++width)
        if (host->others.read[width] == nullptr || host->others.write[width] == nullptr) return false;
    return true;
}

}  // namespace

void release_bus(const rp2040_chip* chip) {
    const std::scoped_lock lock(taking);
    for (auto& owner : owners)
        if (owner == chip) owner = nullptr;
}

}  // namespace rp2040

using namespace rp2040;

extern "C" {

rp2040_status rp2040_memory(rp2040_chip* chip, uint32_t base, uint8_t* memory, size_t bytes) {
    return guarded(chip, [&] {
        const bool flash = base == kXipBase;
        if ((!flash && base != kSramBase) || bytes > (flash ? kFlashSize : kSramSize))
            return invalid(chip, "memory begins at 0x10000000 or 0x20000000 and is no larger than what is there");
        (flash ? chip->chip->flash_memory : chip->chip->sram_memory) = {
            memory, memory == nullptr ? 0 : static_cast<std::uint32_t>(bytes)};
        return RP2040_OK;
    });
}

rp2040_status rp2040_take_bus(rp2040_chip* chip, uint32_t core, const rp2040_bus_host* host, rp2040_bus* bus) {
    return guarded(chip, [&] {
        if (core > 1) return invalid(chip, "the chip has core 0 and 1, not " + std::to_string(core));
        if (!complete(host) || bus == nullptr) return invalid(chip, "a bus needs all of its host's functions");
        const std::scoped_lock lock(taking);
        for (rp2040_chip* const wanted : {chip, static_cast<rp2040_chip*>(nullptr)})
            for (std::size_t slot = 0; slot < kBuses; ++slot) {
                if (owners[slot] != wanted) continue;
                chip->chip->host_bus.cores[core].host = *host;
                owners[slot] = chip;
                *bus = buses[2 * slot + core];
                return RP2040_OK;
            }
        return invalid(chip, "64 chips have buses already");
    });
}

void rp2040_bus_direct(rp2040_chip* chip, uint32_t registers, uint32_t flash_end) {
    if (!alive(chip)) return;
    chip->chip->host_bus.registers = registers != 0;
    chip->chip->host_bus.flash_end = std::min(flash_end, kFlashSize);
}

void rp2040_clock_moved(rp2040_chip* chip, uint32_t core) {
    if (alive(chip) && core < 2) chip->chip->host_bus.cores[core].stale.store(true, std::memory_order_relaxed);
}
}
