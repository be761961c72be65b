// The only machine that ticks, while nobody learns of its pins until he looks: the same steps as in run.cpp, without
// what only others would need.
//
// Registers, outputs and the levels of the pads stay in the host's registers, and changes go to the pins' history
// directly. What is not so simple - a word from or to a FIFO, levels of pins, interrupt flags, directions, instructions
// that are computed - is left to the ordinary steps, as is what begins a delay loop (counting.cpp).
#include "pio/execute.hpp"

namespace rp2040 {

using namespace pio;

namespace {
/// Fewer ticks than this are no worth the way here and back.
constexpr unsigned kFewest = 3;
}  // namespace

bool Pio::runs_unseen(unsigned index) const {
    const PioMachine& m = s_.sm[index];
    return recorder_ == nullptr && (m.execctrl & (kInlineOutEn | kSidePindir)) == 0 &&
           pins_.toggles_unseen(function_, reach_[index]);
}

void Pio::run_unseen(PioMachine& m, unsigned index) {
    const std::uint32_t divider = divider_[index];
    const std::uint64_t end = horizon() << 8;
    if (m.next + kFewest * std::uint64_t{divider} > end || m.delay_left != 0 || m.exec_pending) return;

    const Code& code = code_[index];
    const std::uint32_t shiftctrl = m.shiftctrl, lasts = countings_[index].lasts;
    const bool autopull = (shiftctrl & kAutopull) != 0, autopush = (shiftctrl & kAutopush) != 0;
    const bool out_right = (shiftctrl & kOutRight) != 0, in_right = (shiftctrl & kInRight) != 0;
    const unsigned pull_at = pull_threshold(shiftctrl), push_at = push_threshold(shiftctrl);
    const std::uint32_t out_mask = out_pins(m.pinctrl) & kPinMask;
    const unsigned base = out_base(m.pinctrl);
    // An OSR that is empty fills itself in every tick, if there is a word.
    const unsigned fills_at = autopull && !m.tx.empty() ? pull_at : 33;

    PinMatrix::Unseen pads = pins_.begin_unseen(function_);
    std::uint64_t next = m.next;
    std::uint32_t out = s_.pad_out, x = m.x, y = m.y, isr = m.isr, osr = m.osr, ticks = 0;
    unsigned isr_count = m.isr_count, osr_count = m.osr_count, pc = m.pc;

    while (next < end && (lasts >> pc & 1) == 0) {
        const PioInstruction& in = code[pc];
        std::uint32_t pins = out;
        unsigned to = in.next_pc;
        const auto jump = [&](bool taken) { to = taken ? in.operand : in.next_pc; };
        const auto write_pins = [&](std::uint32_t mask, std::uint32_t value) {
            m.sticky_out_mask = mask;
            m.sticky_out = value;
            pins = (pins & ~mask) | (value & mask);
        };
        const auto shift_in = [&](std::uint32_t data) {
            const unsigned bits = in.operand, count = std::min(32u, isr_count + bits);
            if (autopush && count >= push_at) return false;
            isr = shifted_in(isr, data, bits, in_right);
            isr_count = count;
            return true;
        };
        if (in.op >= PioOp::out_pins && in.op <= PioOp::out_null) {
            const unsigned bits = in.operand, count = std::min(32u, osr_count + bits);
            if (autopull && (osr_count >= pull_at || count >= fills_at)) break;
            const std::uint32_t data = shift_out(osr, bits, out_right);
            osr_count = count;
            if (in.op == PioOp::out_pins) {
                write_pins(out_mask, rotate_left(data, base));
            } else if (in.op == PioOp::out_x) {
                x = data;
            } else if (in.op == PioOp::out_y) {
                y = data;
            }
        } else {
            if (osr_count >= fills_at) break;
            switch (in.op) {
                case PioOp::jmp: jump(true); break;
                case PioOp::jmp_not_x: jump(x == 0); break;
                case PioOp::jmp_x_dec: jump(x-- != 0); break;
                case PioOp::jmp_not_y: jump(y == 0); break;
                case PioOp::jmp_y_dec: jump(y-- != 0); break;
                case PioOp::jmp_x_ne_y: jump(x != y); break;
                case PioOp::jmp_not_osre: jump(osr_count < pull_at); break;
                case PioOp::in_x:
                    if (!shift_in(x)) goto done;
                    break;
                case PioOp::in_y:
                    if (!shift_in(y)) goto done;
                    break;
                case PioOp::in_null:
                    if (!shift_in(0)) goto done;
                    break;
                case PioOp::in_isr:
                    if (!shift_in(isr)) goto done;
                    break;
                case PioOp::in_osr:
                    if (!shift_in(osr)) goto done;
                    break;
                case PioOp::pull:
                    // Of an OSR that is not empty: a fence, or not asked for.
                    if (osr_count >= pull_at || !(autopull || (in.flags & PioFlag::if_threshold) != 0)) goto done;
                    break;
                case PioOp::mov: {
                    std::uint32_t v = 0;
                    switch (in.mask) {
                        case 1: v = x; break;
                        case 2: v = y; break;
                        case 3: break;
                        case 6: v = isr; break;
                        case 7: v = osr; break;
                        default: goto done;  // pins, STATUS
                    }
                    v = moved(v, in.value);
                    switch (in.operand) {
                        case 0: write_pins(out_mask, rotate_left(v, base)); break;
                        case 1: x = v; break;
                        case 2: y = v; break;
                        case 6:
                            isr = v;
                            isr_count = 0;
                            break;
                        case 7:
                            osr = v;
                            osr_count = 0;
                            break;
                        default: goto done;  // EXEC, PC
                    }
                    break;
                }
                case PioOp::set_pins: write_pins(in.mask, in.value); break;
                case PioOp::set_x: x = in.operand; break;
                case PioOp::set_y: y = in.operand; break;
                case PioOp::nop: break;
                default: goto done;
            }
        }
        pins = (pins & ~in.side_mask) | in.side_value;
        if (pins != out) {
            out = pins;
            pads.put(out, (next >> 8) + 1);
        }
        pc = to;
        ticks = 1u + in.delay;
        next += std::uint64_t{ticks} * divider;
    }
done:
    if (ticks == 0) return;
    m.next = next;
    m.ticks = ticks;
    m.stall = PioStall::none;
    m.x = x;
    m.y = y;
    m.isr = isr;
    m.osr = osr;
    m.isr_count = static_cast<std::uint8_t>(isr_count);
    m.osr_count = static_cast<std::uint8_t>(osr_count);
    m.pc = static_cast<std::uint8_t>(pc);
    s_.pad_out = out;
    pins_.end_unseen(function_, pads);
    resting_ &= static_cast<std::uint8_t>(~(1u << index));
}

}  // namespace rp2040
