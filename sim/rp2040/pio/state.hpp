// State of a PIO block as it goes into a snapshot, and its register fields (datasheet 3.7).
#pragma once

#include <array>

#include "base/types.hpp"
#include "regs/pio.hpp"

namespace rp2040 {

/// TX or RX FIFO; a join lends it the other direction's four entries.
struct PioFifo {
    std::array<std::uint32_t, 8> word{};
    std::uint8_t head = 0, count = 0, depth = 4;
    [[nodiscard]] bool empty() const { return count == 0; }
    [[nodiscard]] bool full() const { return count == depth; }
    void push(std::uint32_t value) { word[(head + count++) & 7] = value; }
    std::uint32_t pop() {
        const std::uint32_t value = word[head];
        head = (head + 1) & 7;
        --count;
        return value;
    }
    void clear() { head = count = 0; }
};

/// Why a state machine does not advance.
enum class PioStall : std::uint8_t { none, tx_empty, rx_full, pin, irq };

struct PioMachine {
    std::uint32_t clkdiv = regs::kPio.reset("SM0_CLKDIV");
    std::uint32_t execctrl = regs::kPio.reset("SM0_EXECCTRL");
    std::uint32_t shiftctrl = regs::kPio.reset("SM0_SHIFTCTRL");
    std::uint32_t pinctrl = regs::kPio.reset("SM0_PINCTRL");
    std::uint32_t x = 0, y = 0, isr = 0, osr = 0;
    std::uint8_t isr_count = 0;   // Bits shifted in since the last push.
    std::uint8_t osr_count = 32;  // Bits shifted out since the last pull; 32 is empty.
    std::uint8_t pc = 0;
    std::uint8_t entered = 0;  // Where it was when something other than its program last touched its registers.
    bool enabled = false;

    /// Next clock tick to be processed, in 1/256 cycles: the divider's accumulator is its fraction.
    std::uint64_t next = 0;
    std::uint32_t ticks = 1;       // Ticks between the last processed one and `next`.
    std::uint32_t delay_left = 0;  // Of those after `next`, when a delay had to be split.
    bool asleep = false;           // Stalled until something other than the clock wakes it.
    PioStall stall = PioStall::none;
    bool irq_raised = false;  // An IRQ WAIT has set its flag and waits for it to be cleared.

    bool exec_pending = false;    // OUT EXEC or MOV EXEC: `exec` runs in place of the next instruction.
    bool forced_pending = false;  // SMx_INSTR was written: `forced` runs at `forced_at`.
    bool forced_new = false;      // `forced` was not tried yet.
    bool forced_raised = false;   // As irq_raised, for a forced IRQ WAIT.
    std::uint16_t exec = 0, forced = 0;
    Cycles forced_at = 0;

    // Most recent OUT, SET or MOV to pins and directions, for OUT_STICKY.
    std::uint32_t sticky_out_mask = 0, sticky_out = 0, sticky_dir_mask = 0, sticky_dir = 0;
    PioFifo tx, rx;

    /// Whether a forced WAIT for a pin waits until the pin changes.
    [[nodiscard]] bool forced_dozes() const { return forced_pending && forced_at == kNever && stall == PioStall::pin; }
};

struct PioState {
    std::array<PioMachine, 4> sm{};
    std::array<std::uint16_t, 32> memory{};
    std::uint32_t fdebug = 0;
    std::uint32_t irq = 0;
    std::uint32_t input_sync_bypass = 0;
    std::uint32_t pad_out = 0, pad_oe = 0;
    std::array<std::uint32_t, 2> inte{}, intf{};
    Cycles stopped_at = kNever;  // While the block has no clock.
    Cycles sticky_at = kNever;   // Cycle in which an overridden sticky output asserts itself again.
    bool settled = false;        // What it does comes again and shows nothing (quiet.cpp), ...
    std::uint32_t asked = 0;     // ... as long as these pins stay as they are.
};

}  // namespace rp2040
