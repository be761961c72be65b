// Functions with the signature of a host's processor library that know their chip, and what they tell the host.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "capi/rp2040.h"

namespace rp2040 {

/// What a chip keeps of its host's bus.
struct HostBus {
    struct Core {
        rp2040_bus_host host{};
        std::atomic<bool> stale = true;  ///< Something other than blocks may have moved the host's clock.
    };
    std::array<Core, 2> cores;
    bool registers = false;       ///< Registers are answered here.
    std::uint32_t flash_end = 0;  ///< Offset up to which loads from flash are heard of.
    // Consequences that the host knows of: the next event in picoseconds, and the watched pins that are high.
    std::uint64_t told_due = UINT64_MAX;
    std::uint32_t told_pins = 0;
};

/// The chip goes: its functions read zeros from now on, and may be given to another.
void release_bus(const rp2040_chip* chip);

}  // namespace rp2040
