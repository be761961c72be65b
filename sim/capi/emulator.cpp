// The whole chip behind the C ABI: arguments checked, exceptions turned into status and text.
#include "capi/emulator.h"

#include <memory>
#include <optional>
#include <utility>

#include "capi/serial_ports.hpp"
#include "capi/status.hpp"
#include "chip.hpp"
#include "mic/microphone.hpp"

using namespace rp2040;

struct rp2040_emulator {
    rp2040_emulator(std::uint32_t flash_bytes, std::uint32_t xosc_hz) : chip(flash_bytes, xosc_hz) {}
    std::unique_ptr<mic::PdmMicrophone> microphone;  // outlives the chip that it hangs on
    Chip chip;
    SerialPorts serial{chip};
    std::string error;
};

namespace {

constexpr std::uint64_t kLongestRun = 3'600'000'000'000'000;  // an hour in one call is a mistake

static_assert(RP2040_RAN == static_cast<int>(StopReason::time) &&
              RP2040_LOCKUP == static_cast<int>(StopReason::lockup) &&
              RP2040_UNKNOWN_BIT == static_cast<int>(StopReason::unmodelled) &&
              RP2040_BOOT_ERROR == static_cast<int>(StopReason::boot_error));

template <class Function>
rp2040_status guarded(rp2040_emulator* emulator, Function&& function) {
    return emulator == nullptr ? RP2040_INVALID : status_of(emulator->error, function);
}

rp2040_status invalid(rp2040_emulator* emulator, const char* text) {
    emulator->error = text;
    return RP2040_INVALID;
}

std::string line_about(const Stop& stop) {
    char where[40];
    std::snprintf(where, sizeof where, " (core %u at 0x%08x)", stop.core, static_cast<unsigned>(stop.pc));
    return (stop.detail.empty() ? std::string("the core locked up") : stop.detail) + where;
}

}  // namespace

extern "C" {

rp2040_emulator* rp2040_emulator_create(uint32_t flash_bytes, uint32_t xosc_hz, uint64_t seed) {
    if (xosc_hz == 0) return nullptr;
    try {
        auto made = std::make_unique<rp2040_emulator>(flash_bytes, xosc_hz);
        made->chip.power_on_memory(seed);
        return made.release();
    } catch (...) {
        return nullptr;
    }
}
void rp2040_emulator_destroy(rp2040_emulator* emulator) { delete emulator; }
const char* rp2040_emulator_error(const rp2040_emulator* emulator) {
    return emulator == nullptr ? "the emulator is NULL" : emulator->error.c_str();
}

rp2040_status rp2040_emulator_terminal(rp2040_emulator* emulator, uint32_t uart, uint32_t tx, uint32_t rx,
                                       uint32_t baud) {
    return guarded(emulator, [&] {
        if (uart > 1 || tx >= kPins || rx >= kPins || baud == 0)
            return invalid(emulator, "a terminal needs UART 0 or 1, pins 0 to 29 and a baud rate");
        emulator->chip.uart(uart).set_terminal({tx, rx, baud});
        return RP2040_OK;
    });
}
rp2040_status rp2040_emulator_load(rp2040_emulator* emulator, uint32_t address, const uint8_t* data, size_t size) {
    return guarded(emulator, [&] {
        if ((data == nullptr && size != 0) || size > kMostSamples) return invalid(emulator, kBadArray);
        if (!emulator->chip.load(address, {data, size}))
            return invalid(emulator, "the board has no memory at some of the program's addresses");
        return RP2040_OK;
    });
}
rp2040_status rp2040_emulator_start(rp2040_emulator* emulator, uint32_t ram_entry) {
    return guarded(emulator, [&] {
        emulator->chip.reset(ram_entry == 0 ? std::nullopt : std::optional(ram_entry));
        emulator->serial.clear();
        return RP2040_OK;
    });
}
rp2040_stop rp2040_emulator_run(rp2040_emulator* emulator, uint64_t picoseconds) {
    rp2040_stop stopped = RP2040_NOT_RUN;
    guarded(emulator, [&] {
        Chip& chip = emulator->chip;
        const std::uint64_t now = chip.picoseconds(chip.cycles());
        if (picoseconds > now && picoseconds - now > kLongestRun)
            return invalid(emulator, "a run is at most an hour of emulated time");
        stopped = RP2040_RAN;
        // clk_sys may change on the way; the end is then at another cycle.
        while (stopped == RP2040_RAN && chip.picoseconds(chip.cycles()) < picoseconds) {
            const Stop stop = chip.run_until(chip.cycle_at(picoseconds));
            if (stop.reason == StopReason::time) continue;
            emulator->error = line_about(stop);
            stopped = static_cast<rp2040_stop>(stop.reason);
        }
        return RP2040_OK;
    });
    return stopped;
}

uint64_t rp2040_emulator_cycles(const rp2040_emulator* emulator) {
    return emulator == nullptr ? 0 : emulator->chip.cycles();
}
uint64_t rp2040_emulator_picoseconds(const rp2040_emulator* emulator) {
    return emulator == nullptr ? 0 : emulator->chip.picoseconds(emulator->chip.cycles());
}
uint64_t rp2040_emulator_sleep_cycles(rp2040_emulator* emulator) {
    return emulator == nullptr ? 0 : emulator->chip.sleep_cycles(0);
}

uint32_t rp2040_emulator_take(rp2040_emulator* emulator, uint32_t port, uint8_t* bytes, uint64_t* cycles,
                              uint32_t room) {
    uint32_t taken = 0;
    guarded(emulator, [&] {
        if (port >= SerialPorts::kCount || bytes == nullptr || cycles == nullptr)
            return invalid(emulator, "serial ports are 0 and 1 (UART) and 2 (USB), and there must be room for bytes");
        taken = emulator->serial.take(port, bytes, cycles, room);
        return RP2040_OK;
    });
    return taken;
}
rp2040_status rp2040_emulator_send(rp2040_emulator* emulator, uint32_t port, const uint8_t* bytes, size_t size) {
    return guarded(emulator, [&] {
        if (port >= SerialPorts::kCount) return invalid(emulator, "serial ports are 0 and 1 (UART) and 2 (USB)");
        if ((bytes == nullptr && size != 0) || size > kMostSamples) return invalid(emulator, kBadArray);
        emulator->serial.send(port, {bytes, size});
        return RP2040_OK;
    });
}
uint32_t rp2040_emulator_pin_share(rp2040_emulator* emulator, uint32_t pin) {
    uint32_t share = 0;
    guarded(emulator, [&] {
        if (pin < kPins) share = emulator->chip.pin_share(pin);
        return RP2040_OK;
    });
    return share;
}
rp2040_status rp2040_emulator_drive_pin(rp2040_emulator* emulator, uint32_t pin, uint32_t drive) {
    return guarded(emulator, [&] {
        if (!drive_pin(emulator->chip, pin, drive)) return invalid(emulator, kBadDrive);
        return RP2040_OK;
    });
}

rp2040_status rp2040_emulator_mic_attach(rp2040_emulator* emulator, uint32_t clock_pin, uint32_t data_pin,
                                         uint32_t right, uint32_t seed) {
    return guarded(emulator, [&] {
        if (emulator->microphone) return invalid(emulator, "the microphone is on its pins already");
        auto microphone =
            std::make_unique<mic::PdmMicrophone>(right != 0 ? mic::Channel::right : mic::Channel::left, seed);
        emulator->chip.attach(*microphone, {{"clock", clock_pin}, {"data", data_pin}});
        emulator->microphone = std::move(microphone);
        return RP2040_OK;
    });
}
rp2040_status rp2040_emulator_mic_push(rp2040_emulator* emulator, const int32_t* samples, size_t count) {
    return guarded(emulator, [&] {
        if (!emulator->microphone) return invalid(emulator, "there is no microphone; attach it first");
        if ((samples == nullptr && count != 0) || count > kMostSamples) return invalid(emulator, kBadArray);
        emulator->microphone->push(samples, count);
        return RP2040_OK;
    });
}
uint64_t rp2040_emulator_mic_supplied(const rp2040_emulator* emulator) {
    return emulator == nullptr || !emulator->microphone ? 0 : emulator->microphone->supplied();
}
}
