// The product's own chip, wiring and address map included, with its cores at rest: the test is the bus master, moves
// time, and sees what would go to the cores and the DMA.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "chip.hpp"

namespace rp2040 {

class BareChip : public Chip {
  public:
    BareChip() : Chip(2u << 20, 12'000'000) {
        rom_given_ = true;    // nothing boots
        sio_.core_time = {};  // the cores stand still: time is the chip's
        psm_.on_core_held = [this](unsigned index, bool held) {
            held_core = static_cast<int>(index) * 2 + (held ? 1 : 0);
        };
        reset();
        rest();
        irqs = {};
        std::uint32_t all_released = 0;
        bus_.master_write(0x4000c000, 4, all_released);  // RESETS, as a program's start-up does
        reset_mask = 0;
    }

    void set_irq(Irq line, bool level) override {
        set_core_irq(0, line, level);
        set_core_irq(1, line, level);
    }
    void set_core_irq(unsigned index, Irq line, bool level) override {
        const std::uint32_t bit = 1u << static_cast<unsigned>(line);
        if (level && (irqs[index] & bit) == 0) rose[static_cast<unsigned>(line)] = events_.now();
        irqs[index] = level ? irqs[index] | bit : irqs[index] & ~bit;
    }
    void set_dreq(Dreq dreq, std::uint32_t transfers) override {
        dreqs[static_cast<unsigned>(dreq)] = transfers;
        if (transfers != 0) ++dreq_calls[static_cast<unsigned>(dreq)];
        Chip::set_dreq(dreq, transfers);
    }
    void reset_blocks(std::uint32_t mask) override {
        reset_mask |= mask;
        Chip::reset_blocks(mask);
    }
    void request_chip_reset() override {
        ++chip_resets;
        reset_at = events_.now();
        Chip::request_chip_reset();
    }

    /// Runs everything due up to and including `until`.
    void run(Cycles until) {
        while (events_.next() <= until) {
            events_.advance_to(std::max(events_.next(), events_.now()));
            if (requests_ == 0) continue;
            perform_resets();
            rest();
        }
        events_.advance_to(until);
    }
    /// An access of core `core` in the present cycle; false is a bus error.
    bool core_read(unsigned core, std::uint32_t address, unsigned bytes, std::uint32_t& value) {
        if (address >> 28 != 0xd) return bus_.master_read(address, bytes, value);
        value = sio_.read(core, address & 0xfff);
        return true;
    }
    bool core_write(unsigned core, std::uint32_t address, unsigned bytes, std::uint32_t value) {
        if (address >> 28 != 0xd) return bus_.master_write(address, bytes, value);
        sio_.write(core, address & 0xfff, value);
        return true;
    }
    PinMatrix& pins() { return pins_; }
    Busctrl& busctrl() { return busctrl_; }

    std::array<std::uint32_t, 2> irqs{};
    std::array<std::uint64_t, 32> rose{};
    std::array<std::uint32_t, 40> dreqs{}, dreq_calls{};
    std::uint32_t reset_mask = 0, chip_resets = 0;
    std::uint64_t reset_at = 0;
    int held_core = -1;

  private:
    void rest() {
        for (Cpu* cpu : {&core0_, &core1_}) cpu->hold();
    }
};

}  // namespace rp2040
