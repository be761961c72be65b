// Delay loops: rounds in which a program does nothing but count its scratch registers down are counted together.
#include <algorithm>

#include "pio/pio.hpp"

namespace rp2040 {

namespace {

/// The loop whose last instruction lies at `last`, if nothing in it can be seen and nothing but X and Y decides its
/// way.
PioCounting counting_to(const std::array<PioInstruction, 32>& program, unsigned last) {
    const PioInstruction& end = program[last];
    const bool jumps_back =
        end.op == PioOp::jmp || end.op == PioOp::jmp_x_dec || end.op == PioOp::jmp_y_dec || end.op == PioOp::jmp_x_ne_y;
    if (!jumps_back || end.operand > last) return {};
    PioCounting loop{.head = end.operand, .pins = end.side_mask};
    unsigned pc = loop.head;
    for (unsigned n = 0; n < program.size(); ++n) {
        const PioInstruction& in = program[pc];
        // The side-set of the last instruction is there already, and stays.
        const bool moves_pins = in.side_mask != 0 && (in.side_mask != end.side_mask ||
                                                      in.side_value != end.side_value || in.side_dirs != end.side_dirs);
        if (moves_pins) return {};
        loop.ticks += 1u + in.delay;
        unsigned next = in.operand & 31u;
        switch (in.op) {
            case PioOp::jmp: break;
            case PioOp::jmp_x_dec: ++loop.x_steps; break;
            case PioOp::jmp_y_dec: ++loop.y_steps; break;
            case PioOp::jmp_x_ne_y: loop.compares = true; break;
            case PioOp::jmp_not_x:
                loop.tests_x = true;
                next = in.next_pc;
                break;
            case PioOp::jmp_not_y:
                loop.tests_y = true;
                next = in.next_pc;
                break;
            case PioOp::nop: next = in.next_pc; break;
            default: return {};
        }
        if (pc == last) return loop;
        pc = next;
    }
    return {};
}

}  // namespace

PioCountings pio_countings(const std::array<PioInstruction, 32>& program) {
    PioCountings found;
    for (unsigned last = 0; last < program.size(); ++last) {
        found.by_last[last] = counting_to(program, last);
        if (found.by_last[last].x_steps + found.by_last[last].y_steps != 0) found.lasts |= 1u << last;
    }
    return found;
}

std::uint64_t PioCounting::rounds(std::uint32_t x, std::uint32_t y) const {
    const auto until_zero = [](std::uint32_t counter, bool tested, unsigned steps) -> std::uint64_t {
        if (tested && counter == 0) return 0;
        if (steps == 0) return ~std::uint64_t{0};
        return (counter - (tested ? 1 : 0)) / steps;
    };
    std::uint64_t least = std::min(until_zero(x, tests_x, x_steps), until_zero(y, tests_y, y_steps));
    if (compares) {
        // Within a round the two may be compared when only one of them has counted.
        const std::uint32_t x_above = x - y, y_above = y - x, within = x_steps + y_steps;
        if (std::min(x_above, y_above) <= within) return 0;
        if (x_steps != y_steps) {
            const std::uint32_t apart = x_steps > y_steps ? x_above : y_above;
            const unsigned nearer = x_steps > y_steps ? x_steps - y_steps : y_steps - x_steps;
            least = std::min<std::uint64_t>(least, (apart - within) / nearer);
        }
    }
    return least;
}

/// The last instruction of a loop may have been executed and taken, that at `pc`: the next rounds, but for the last, do
/// nothing else than count. The machine rests up to their end, while others may go on; nobody acts on it before the
/// horizon.
void Pio::rest(PioMachine& m, unsigned index, unsigned pc) {
    const PioCounting& loop = countings_[index].by_last[pc];
    if (m.pc != loop.head || m.exec_pending || m.delay_left != 0 || recorder_ != nullptr || any_sticky_) return;
    for (unsigned i = 0; i < 4; ++i)
        if (i != index && (s_.sm[i].enabled || s_.sm[i].forced_pending) && (reach_[i] & loop.pins) != 0) return;
    looping_[index] = static_cast<std::uint8_t>(pc);
    const Cycles until = solo_ ? pins_.horizon() : limit();
    const std::uint64_t end = std::min<Cycles>(until, (m.next >> 8) + (Cycles{1} << 40)) << 8;
    if (end <= m.next) return;
    const std::uint64_t step = std::uint64_t{loop.ticks} * divider_[index],
                        rounds = std::min(loop.rounds(m.x, m.y), (end - m.next) / step);
    if (rounds == 0) return;
    m.x -= static_cast<std::uint32_t>(rounds) * loop.x_steps;
    m.y -= static_cast<std::uint32_t>(rounds) * loop.y_steps;
    m.next += rounds * step;
    resting_ |= static_cast<std::uint8_t>(1u << index);
}

/// Machines that rested up to the last horizon, and have not been touched since, go on with it up to this one.
void Pio::rest_on() {
    for (unsigned i = 0; i < 4; ++i) {
        PioMachine& m = s_.sm[i];
        if (looping_[i] != kNotLooping && m.enabled && !m.asleep && !m.forced_pending) rest(m, i, looping_[i]);
    }
    if (resting_ != 0) update_next();
}

}  // namespace rp2040
