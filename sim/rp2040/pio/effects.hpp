// What the state machines of one PIO block do to shared state in one cycle; all of it lands at the cycle's end.
#pragma once

#include <cstdint>

#include "pio/pio.hpp"

namespace rp2040 {

struct Pio::Effects {
    std::uint32_t out, oe;  // Output levels and enables after the machines handled so far: the last one wins.
    std::uint32_t irq_set = 0, irq_clear = 0;

    void write_out(std::uint32_t mask, std::uint32_t value) { out = (out & ~mask) | (value & mask); }
    void write_oe(std::uint32_t mask, std::uint32_t value) { oe = (oe & ~mask) | (value & mask); }
};

}  // namespace rp2040
