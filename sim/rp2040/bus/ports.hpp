// Who meets whom on the bus: the masters and the ports of the crossbar (datasheet 2.1.1).
#pragma once

#include <cstdint>

namespace rp2040 {

/// Upstream ports, in the order of round-robin arbitration (assumed).
enum class BusMaster : std::uint8_t { core0, core1, dma_read, dma_write };
inline constexpr unsigned kBusMasters = 4;
constexpr bool is_core(BusMaster master) { return master <= BusMaster::core1; }

/// Downstream ports, in the order of BusEvent (PERFSEL).
enum class Port : std::uint8_t { apb, fastperi, sram5, sram4, sram3, sram2, sram1, sram0, xip_main, rom, none };
inline constexpr unsigned kPorts = 10;

constexpr Port port_of_bank(std::uint32_t n) { return static_cast<Port>(static_cast<unsigned>(Port::sram0) - n); }

/// Of SRAM at its striped address, by the offset in it.
[[gnu::always_inline]] constexpr Port port_in_sram(std::uint32_t offset) {
    // 3 - n is ~n in two bits
    if (offset < 0x40000) [[likely]]
        return static_cast<Port>(static_cast<unsigned>(Port::sram3) + (~offset >> 2 & 3));
    return port_of_bank(offset < 0x41000 ? 4 : 5);
}

[[gnu::always_inline]] constexpr Port port_of(std::uint32_t address) {
    switch (address >> 28) {
        case 0: return Port::rom;
        case 1: return Port::xip_main;
        case 2:
            if (address < 0x20042000) return port_in_sram(address - 0x20000000);
            return address >> 18 == 0x21000000 >> 18 ? port_of_bank(address >> 16 & 3) : Port::none;
        case 4: return Port::apb;
        case 5: return Port::fastperi;
        default: return Port::none;  // SIO and PPB are private to each core
    }
}

}  // namespace rp2040
