// PIO instructions, decoded for one state machine: side-set, delay and pin mappings are resolved once per program.
#pragma once

#include <array>
#include <cstdint>

#include "pio/state.hpp"

namespace rp2040 {

/// Instruction and operand in one number, so that execution is one switch.
enum class PioOp : std::uint8_t {
    jmp,
    jmp_not_x,
    jmp_x_dec,
    jmp_not_y,
    jmp_y_dec,
    jmp_x_ne_y,
    jmp_pin,
    jmp_not_osre,
    wait_gpio,
    wait_irq,
    in_pins,
    in_x,
    in_y,
    in_null,
    in_isr,
    in_osr,
    out_pins,
    out_x,
    out_y,
    out_null,
    out_pindirs,
    out_pc,
    out_isr,
    out_exec,
    push,
    pull,
    mov,
    nop,
    irq,
    set_pins,
    set_x,
    set_y,
    set_pindirs,
    reserved,
};

struct PioInstruction {
    PioOp op = PioOp::jmp;
    std::uint8_t delay = 0;
    std::uint8_t operand = 0;  // Address, pin, flag or bit count, by op.
    std::uint8_t flags = 0;    // Polarity, IfFull/IfEmpty, Block, Clear, Wait: see decode().
    std::uint8_t next_pc = 0;  // Following address, wrap applied.
    bool side_dirs = false;
    std::uint32_t side_mask = 0, side_value = 0;
    std::uint32_t mask = 0, value = 0;  // SET's pins; MOV: operands.
};

/// Bits of PioInstruction::flags.
struct PioFlag {
    static constexpr std::uint8_t polarity = 1, if_threshold = 1, block = 2, clear = 1, wait = 2;
};

/// Of a MOV: destinations, PioInstruction::operand, and the source STATUS, PioInstruction::mask.
struct PioMov {
    static constexpr unsigned kToExec = 4, kToPc = 5;
    static constexpr std::uint32_t kFromStatus = 5;
};

[[nodiscard]] constexpr bool pio_is_jmp(PioOp op) { return op <= PioOp::jmp_not_osre; }
/// Whether it jumps to what it computes.
[[nodiscard]] constexpr bool pio_jumps_anywhere(const PioInstruction& in) {
    return in.op == PioOp::out_pc || (in.op == PioOp::mov && in.operand == PioMov::kToPc);
}

/// `address` is where the instruction lies (for next_pc), `index` the state machine's number (for relative IRQs).
[[nodiscard]] PioInstruction pio_decode(std::uint16_t code, unsigned address, unsigned index, const PioMachine& m);

/// A program that goes round without asking anything: what it does in a round is known beforehand.
struct PioLoop {
    static constexpr unsigned kLongest = 8;
    struct Step {
        std::uint32_t at = 0;               ///< Ticks after the round's first instruction.
        std::uint32_t mask = 0, value = 0;  ///< Pins that it sets.
    };
    std::uint8_t start = 0, length = 0;  ///< First instruction; none in a round: there is no such loop.
    std::uint32_t ticks = 0;             ///< Of a round.
    std::uint32_t least_gap = 0;         ///< Ticks from one instruction to the next.
    std::uint32_t last_ticks = 0;        ///< Of the last instruction.
    std::uint32_t pins = 0;              ///< Pins that it writes.
    int in_step = -1;                    ///< The step that shifts in one bit of the pins, if one does.
    std::array<Step, kLongest> step{};
};

[[nodiscard]] PioLoop pio_loop(const std::array<PioInstruction, 32>& program, const PioMachine& m);

/// Ticks until a state machine can next do something visible outside, by address: lower bounds over all paths.
struct PioHorizon {
    static constexpr std::uint16_t kFar = 0x7fff;
    std::array<std::uint16_t, 32> to_visible{};  // IRQ, WAIT IRQ, EXEC ...
    std::array<std::uint16_t, 32> to_pull{};     // PULL: nobody sees one while there is nothing to pull
    std::array<std::uint16_t, 32> to_push{};     // PUSH: nobody sees one while there is no room
    std::array<std::uint16_t, 32> to_in{};       // IN, while autopush is on,
    std::array<std::uint16_t, 32> to_full{};     // one with which the ISR may be full,
    std::array<std::uint16_t, 32> to_out_isr{};  // and OUT ISR, after which it may be sooner than it seemed
    std::uint16_t in_gap = kFar;                 // Least ticks from one IN to the next
    std::uint8_t in_bits = 32;                   // Most bits one IN shifts
    /// While autopull is on, to the OUT with which so many bits, 0 to 32, have been shifted: by their number.
    std::array<std::array<std::uint16_t, 32>, 33> to_shifted{};
};

/// As long as STATUS is what `status` says.
[[nodiscard]] PioHorizon pio_horizon(const std::array<PioInstruction, 32>& program, const PioMachine& m, bool status);

/// Where a program may come, a bit for each address.
struct PioPaths {
    std::array<std::uint32_t, 32> jumps{};  ///< From an instruction that jumps to what it computes.
    std::uint32_t pushes = 0;               ///< IN instructions with which the ISR may be full, while autopush is on.
};
inline constexpr PioPaths kPioEverywhere = [] {
    PioPaths all{.pushes = ~0u};
    all.jumps.fill(~0u);
    return all;
}();
/// Of a machine that goes on from `m.entered` with anything in its registers, as long as STATUS is what `status` says.
/// Where nothing jumps to what it computes: everywhere.
[[nodiscard]] PioPaths pio_paths(const std::array<PioInstruction, 32>& program, const PioMachine& m, bool status);

/// How what a program does depends on what it gets, over all that can be reached from `from`.
struct PioDependence {
    bool on_data = false;     ///< Its way, or what it gives into the RX FIFO, depends on words of the TX FIFO.
    bool on_pins = false;     ///< The same of pins.
    bool shows_data = false;  ///< It puts words of the TX FIFO on pins.
    bool turns_pins = false;  ///< It changes the directions of pins.
    bool on_code = false;     ///< It executes, or jumps to, what it computes: anything may be reached.
    bool makes_code = false;  ///< It executes what it computes.
    std::uint32_t pins = 0;   ///< Those that it asks.
};
/// For who does not want to know how: all that it does is compared.
inline constexpr PioDependence kPioDependsOnAll{.on_data = true, .on_pins = true, .on_code = true};
[[nodiscard]] PioDependence pio_dependence(const std::array<PioInstruction, 32>& program, std::uint32_t from);

/// Whether any instruction asks for the level of a FIFO, or may be made to.
[[nodiscard]] bool pio_asks_levels(const std::array<PioInstruction, 32>& program);

/// A loop that does nothing but count X or Y down, a delay, until one is 0 or both are equal; by its last instruction.
struct PioCounting {
    std::uint8_t head = 0;                  ///< Where the last instruction jumps back to.
    std::uint8_t x_steps = 0, y_steps = 0;  ///< What a round takes from X and Y. Neither: there is no such loop.
    bool tests_x = false, tests_y = false;  ///< By JMP !X, !Y.
    bool compares = false;                  ///< By JMP X!=Y.
    std::uint32_t ticks = 0;                ///< Of a round.
    std::uint32_t pins = 0;                 ///< Side-set pins, which it writes over and over.

    /// So many rounds go the same way, with X and Y as they are before the first one: a lower bound.
    [[nodiscard]] std::uint64_t rounds(std::uint32_t x, std::uint32_t y) const;
};
struct PioCountings {
    std::uint32_t lasts = 0;  ///< Addresses of last instructions, a bit each.
    std::array<PioCounting, 32> by_last{};
};
[[nodiscard]] PioCountings pio_countings(const std::array<PioInstruction, 32>& program);

}  // namespace rp2040
