// The only machine that ticks, while nobody learns of its pins until he looks: the same steps as in run.cpp, without
// what only others would need.
//
// What every tick needs stays in the host's registers, and of the pins' levels the last few changes are kept. What is
// not so simple - a word from or to a FIFO, levels of pins, interrupt flags, directions, instructions that are computed
// - is left to the ordinary steps, as is what begins a delay loop (counting.cpp).
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
    if (pins_.last_change() > m.next >> 8) return;  // of another driver, or in the same cycle

    const Code& code = code_[index];
    const std::uint32_t shiftctrl = m.shiftctrl, lasts = countings_[index].lasts;
    const bool autopull = (shiftctrl & kAutopull) != 0, autopush = (shiftctrl & kAutopush) != 0;
    const bool out_right = (shiftctrl & kOutRight) != 0, in_right = (shiftctrl & kInRight) != 0;
    const unsigned pull_at = pull_threshold(shiftctrl), push_at = push_threshold(shiftctrl);
    const std::uint32_t out_mask = out_pins(m.pinctrl) & kPinMask;
    const unsigned base = out_base(m.pinctrl);
    // An OSR that is empty fills itself in every tick, if there is a word.
    const unsigned fills_at = autopull && !m.tx.empty() ? pull_at : 33, runs_dry_at = autopull ? pull_at : 33;

    PinMatrix::Unseen pads = pins_.begin_unseen(function_);
    std::uint64_t next = m.next;
    std::uint32_t out = s_.pad_out, osr = m.osr, ticks = 0;
    unsigned osr_count = m.osr_count, pc = m.pc;

    while (next < end && (lasts >> pc & 1) == 0) {
        const PioInstruction& in = code[pc];
        std::uint32_t pins = out;
        unsigned to = in.next_pc;
        const auto jump = [&](bool taken) { to = taken ? in.operand : to; };
        const auto write_pins = [&](std::uint32_t mask, std::uint32_t value) {
            m.sticky_out_mask = mask;
            m.sticky_out = value;
            pins = (pins & ~mask) | (value & mask);
        };
        const auto shift_in = [&](std::uint32_t data) {
            const unsigned bits = in.operand, count = std::min(32u, m.isr_count + bits);
            if (autopush && count >= push_at) return false;
            m.isr = shifted_in(m.isr, data, bits, in_right);
            m.isr_count = static_cast<std::uint8_t>(count);
            return true;
        };
        // Whether the OSR has the bits and need not be filled in the same tick.
        std::uint32_t data = 0;
        const auto shifts = [&] {
            const unsigned bits = in.operand, count = std::min(32u, osr_count + bits);
            if (osr_count >= runs_dry_at || count >= fills_at) return false;
            data = shift_out(osr, bits, out_right);
            osr_count = count;
            return true;
        };
        if (in.op < PioOp::out_pins || in.op > PioOp::out_null)
            if (osr_count >= fills_at) break;
        switch (in.op) {
            case PioOp::out_pins:
                if (!shifts()) goto done;
                write_pins(out_mask, rotate_left(data, base));
                break;
            case PioOp::out_x:
                if (!shifts()) goto done;
                m.x = data;
                break;
            case PioOp::out_y:
                if (!shifts()) goto done;
                m.y = data;
                break;
            case PioOp::out_null:
                if (!shifts()) goto done;
                break;
            case PioOp::nop: break;
            case PioOp::jmp: jump(true); break;
            case PioOp::jmp_not_x: jump(m.x == 0); break;
            case PioOp::jmp_x_dec: jump(m.x-- != 0); break;
            case PioOp::jmp_not_y: jump(m.y == 0); break;
            case PioOp::jmp_y_dec: jump(m.y-- != 0); break;
            case PioOp::jmp_x_ne_y: jump(m.x != m.y); break;
            case PioOp::jmp_not_osre: jump(osr_count < pull_at); break;
            case PioOp::in_x:
                if (!shift_in(m.x)) goto done;
                break;
            case PioOp::in_y:
                if (!shift_in(m.y)) goto done;
                break;
            case PioOp::in_null:
                if (!shift_in(0)) goto done;
                break;
            case PioOp::in_isr:
                if (!shift_in(m.isr)) goto done;
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
                    case 1: v = m.x; break;
                    case 2: v = m.y; break;
                    case 3: break;
                    case 6: v = m.isr; break;
                    case 7: v = osr; break;
                    default: goto done;  // pins, STATUS
                }
                v = moved(v, in.value);
                switch (in.operand) {
                    case 0: write_pins(out_mask, rotate_left(v, base)); break;
                    case 1: m.x = v; break;
                    case 2: m.y = v; break;
                    case 6:
                        m.isr = v;
                        m.isr_count = 0;
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
            case PioOp::set_x: m.x = in.operand; break;
            case PioOp::set_y: m.y = in.operand; break;
            default: goto done;
        }
        pins = (pins & ~in.side_mask) | in.side_value;
        if (const std::uint32_t changed = pins ^ out; changed != 0) {
            out = pins;
            pads.put(pins, changed, next);
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
    m.osr = osr;
    m.osr_count = static_cast<std::uint8_t>(osr_count);
    m.pc = static_cast<std::uint8_t>(pc);
    s_.pad_out = out;
    looping_[index] = kNotLooping;
    pins_.end_unseen(function_, pads, out);
    resting_ &= static_cast<std::uint8_t>(~(1u << index));
}

}  // namespace rp2040
