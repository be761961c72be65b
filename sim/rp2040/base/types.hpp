// Units and identifiers shared by every part of librp2040.
#pragma once

#include <cstdint>

#include "regs/chip.hpp"

namespace rp2040 {

/// A point in emulated time or a duration: whole clk_sys cycles since power-on.
using Cycles = std::uint64_t;

/// "No event": later than any reachable time.
inline constexpr Cycles kNever = ~Cycles{0};

/// Bus masters, in the order of the BUSCTRL_BUS_PRIORITY register (datasheet 2.1.1).
enum class Master : std::uint8_t { core0, core1, dma };

/// Clock generators (datasheet 2.15), in register order.
enum class ClockId : std::uint8_t { gpout0, gpout1, gpout2, gpout3, ref, sys, peri, usb, adc, rtc, count };

}  // namespace rp2040
