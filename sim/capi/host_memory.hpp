// What of the chip's memories a host has, and where.
#pragma once

#include <cstdint>

#include "bus/memory_map.hpp"

namespace rp2040 {

/// Memory of the host's.
inline bool host_owns(Target target) {
    return target == Target::rom || target == Target::xip || target == Target::xip_sram || target == Target::sram ||
           target == Target::sram_banks;
}

/// The host has SRAM at its striped address only.
inline std::uint32_t host_address(Target target, std::uint32_t address) {
    return target == Target::sram_banks ? kSramBase + striped_offset(address) : address;
}

}  // namespace rp2040
