// Who meets whom on the bus: the masters and the ports of the crossbar (datasheet 2.1.1).
#pragma once

#include <cstdint>

namespace rp2040 {

/// Upstream ports, in the order of round-robin arbitration (assumed).
enum class BusMaster : std::uint8_t { core0, core1, dma_read, dma_write };
inline constexpr unsigned kBusMasters = 4;
constexpr bool is_core(BusMaster master) { return master <= BusMaster::core1; }

/// Downstream ports; BusEvent (PERFSEL) has them in the opposite order.
enum class Port : std::uint8_t { rom, xip_main, sram0, sram1, sram2, sram3, sram4, sram5, fastperi, apb, none };
inline constexpr unsigned kPorts = 10;

constexpr Port port_of_bank(std::uint32_t n) { return static_cast<Port>(static_cast<unsigned>(Port::sram0) + n); }

/// Of SRAM at its striped address, by the offset in it.
[[gnu::always_inline]] constexpr Port port_in_sram(std::uint32_t offset) {
    if (offset < 0x40000) [[likely]]
        return port_of_bank(offset >> 2 & 3);
    return port_of_bank(offset < 0x41000 ? 4 : 5);
}

/// Where the bits of a port are in an array of words (PortTurns), in bytes, which is what the host adds to an address.
constexpr std::uint32_t word_of(Port port) { return 8 * static_cast<std::uint32_t>(port); }
[[gnu::always_inline]] inline std::uint32_t word_of_sram(std::uint32_t offset) {
    asm("" : "+r"(offset));  // so that nothing of it is kept from before in a register that handlers do not have
    if (offset < 0x40000) [[likely]]
        return word_of(Port::sram0) + (offset & 0xc) * 2;
    return word_of(port_in_sram(offset));
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
