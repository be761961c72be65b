// How soon a program can next do something that others see.
#include <algorithm>
#include <bit>

#include "pio/decoded.hpp"
#include "pio/fields.hpp"

namespace rp2040 {

using namespace pio;

namespace {
/// Addresses of instructions that others see, by how.
struct Seen {
    std::uint32_t visible = 0, pull = 0, push = 0, in = 0, out = 0, out_isr = 0;
};

Seen seen_by_others(const std::array<PioInstruction, 32>& program, bool autopush, bool autopull) {
    Seen seen;
    for (unsigned pc = 0; pc < 32; ++pc) {
        const PioInstruction& in = program[pc];
        const std::uint32_t bit = 1u << pc;
        switch (in.op) {
            case PioOp::push: seen.push |= bit; break;
            case PioOp::pull: seen.pull |= bit; break;
            case PioOp::irq:
            case PioOp::wait_irq:
            // What is executed is not known.
            case PioOp::out_exec: seen.visible |= bit; break;
            case PioOp::mov: seen.visible |= in.operand == PioMov::kToExec ? bit : 0; break;
            case PioOp::in_pins:
            case PioOp::in_x:
            case PioOp::in_y:
            case PioOp::in_null:
            case PioOp::in_isr:
            case PioOp::in_osr: seen.in |= autopush ? bit : 0; break;
            case PioOp::out_isr: seen.out_isr |= autopush ? bit : 0; [[fallthrough]];
            case PioOp::out_pins:
            case PioOp::out_x:
            case PioOp::out_y:
            case PioOp::out_null:
            case PioOp::out_pindirs:
            case PioOp::out_pc: seen.out |= autopull ? bit : 0; break;
            default: break;
        }
    }
    return seen;
}

using Distances = std::array<std::uint16_t, 32>;

std::uint16_t nearest(std::uint32_t targets, const Distances& to) {
    std::uint16_t least = PioHorizon::kFar;
    for (; targets != 0; targets &= targets - 1)
        least = std::min(least, to[static_cast<unsigned>(std::countr_zero(targets))]);
    return least;
}

/// Relaxes the distances of all instructions but those in `fixed` until they are the shortest.
void relax(const std::array<PioInstruction, 32>& program, const PioPaths& paths, std::uint32_t fixed, Distances& to) {
    for (bool changed = fixed != 0; changed;) {
        changed = false;
        for (unsigned n = 32; n-- > 0;) {
            if ((fixed >> n & 1) != 0) continue;
            const PioInstruction& in = program[n];
            std::uint16_t after = in.op == PioOp::jmp ? PioHorizon::kFar : to[in.next_pc];
            if (pio_jumps_anywhere(in)) after = nearest(paths.jumps[n], to);
            if (pio_is_jmp(in.op)) after = std::min(after, to[in.operand & 31]);
            const auto distance =
                static_cast<std::uint16_t>(std::min<unsigned>(PioHorizon::kFar, after + 1u + in.delay));
            if (distance < to[n]) {
                to[n] = distance;
                changed = true;
            }
        }
    }
}

/// Shortest distance in ticks from the start of each instruction to the start of one of `ends`.
void distances(const std::array<PioInstruction, 32>& program, const PioPaths& paths, std::uint32_t ends,
               Distances& to) {
    for (unsigned pc = 0; pc < 32; ++pc) to[pc] = (ends >> pc & 1) != 0 ? 0 : PioHorizon::kFar;
    relax(program, paths, ends, to);
}

/// The same to the start of the OUT with which `bits` bits have been shifted, for all numbers of them.
void shifted_distances(const std::array<PioInstruction, 32>& program, const PioPaths& paths, std::uint32_t outs,
                       PioHorizon& h) {
    for (unsigned bits = 0; bits < h.to_shifted.size(); ++bits) {
        Distances& to = h.to_shifted[bits];
        to.fill(PioHorizon::kFar);
        for (std::uint32_t left = outs; left != 0; left &= left - 1) {
            const auto pc = static_cast<unsigned>(std::countr_zero(left));
            const PioInstruction& in = program[pc];
            if (in.operand >= bits) {
                to[pc] = 0;
                continue;
            }
            const Distances& rest = h.to_shifted[bits - in.operand];
            const unsigned next = pio_jumps_anywhere(in) ? nearest(paths.jumps[pc], rest) : rest[in.next_pc];
            to[pc] = static_cast<std::uint16_t>(std::min<unsigned>(PioHorizon::kFar, next + 1u + in.delay));
        }
        relax(program, paths, outs, to);
    }
}
}  // namespace

PioHorizon pio_horizon(const std::array<PioInstruction, 32>& program, const PioMachine& m, bool status) {
    PioHorizon h;
    const PioPaths paths = pio_paths(program, m, status);
    const Seen seen = seen_by_others(program, (m.shiftctrl & kAutopush) != 0, (m.shiftctrl & kAutopull) != 0);
    distances(program, paths, seen.visible, h.to_visible);
    distances(program, paths, seen.pull, h.to_pull);
    distances(program, paths, seen.push, h.to_push);
    distances(program, paths, seen.in, h.to_in);
    distances(program, paths, seen.in & paths.pushes, h.to_full);
    distances(program, paths, seen.out_isr, h.to_out_isr);
    if ((m.shiftctrl & kAutopull) != 0) shifted_distances(program, paths, seen.out, h);
    h.in_bits = 1;
    for (unsigned pc = 0; pc < 32; ++pc) {
        const PioInstruction& in = program[pc];
        if ((seen.in >> pc & 1) == 0) continue;
        h.in_gap = static_cast<std::uint16_t>(std::min<unsigned>(h.in_gap, 1u + in.delay + h.to_in[in.next_pc]));
        h.in_bits = std::max(h.in_bits, in.operand);
    }
    return h;
}

}  // namespace rp2040
