// The frequent part of instruction execution, inlined into the two loops of run.cpp.
#pragma once

#include "pio/effects.hpp"
#include "pio/fields.hpp"

namespace rp2040 {

namespace pio {
/// The ISR with `bits` bits of `data` shifted in.
constexpr std::uint32_t shifted_in(std::uint32_t isr, std::uint32_t data, unsigned bits, bool right) {
    const std::uint32_t value = data & low_bits(bits);
    if (bits == 32) return value;
    return right ? isr >> bits | value << (32 - bits) : isr << bits | value;
}
/// Shifts `bits` bits out of the OSR.
constexpr std::uint32_t shift_out(std::uint32_t& osr, unsigned bits, bool right) {
    std::uint32_t data = osr;
    if (bits == 32) {
        osr = 0;
    } else if (right) {
        data &= low_bits(bits);
        osr >>= bits;
    } else {
        data >>= 32 - bits;
        osr <<= bits;
    }
    return data;
}
/// What MOV makes of its source: PioInstruction::value.
constexpr std::uint32_t moved(std::uint32_t v, std::uint32_t operation) {
    if (operation == 1) return ~v;
    return operation == 2 ? reverse_word(v) : v;
}
}  // namespace pio

/// Input pins as a state machine sees them: behind the synchronisers and one more register.
inline std::uint32_t Pio::seen_pins(Cycles cycle) const {
    return pins_.synchronised(cycle - kInputStage, s_.input_sync_bypass);
}

/// The same with IN_BASE rotated to bit 0.
inline std::uint32_t Pio::read_pins(const PioMachine& m, Cycles cycle) const {
    return pio::rotate_left(seen_pins(cycle), 32 - pio::in_base(m.pinctrl));
}

inline void Pio::write_pins(PioMachine& m, std::uint32_t data, Effects& fx, bool inline_enable) {
    std::uint32_t mask = pio::out_pins(m.pinctrl) & kPinMask;
    if (inline_enable && ((data >> pio::out_en_sel(m.execctrl)) & 1) == 0) mask = 0;
    const std::uint32_t value = pio::rotate_left(data, pio::out_base(m.pinctrl));
    m.sticky_out_mask = mask;
    m.sticky_out = value;
    fx.write_out(mask, value);
}

inline void Pio::write_dirs(PioMachine& m, std::uint32_t data, Effects& fx) {
    const std::uint32_t mask = pio::out_pins(m.pinctrl) & kPinMask;
    const std::uint32_t value = pio::rotate_left(data, pio::out_base(m.pinctrl));
    m.sticky_dir_mask = mask;
    m.sticky_dir = value;
    fx.write_oe(mask, value);
}

/// Executes one instruction in `cycle`. Returns false when it stalls (m.stall says why, or none when it must simply be
/// tried again); `advance` says whether the PC moves on to the next instruction, which a forced one does not do.
[[gnu::always_inline]] inline bool Pio::execute(PioMachine& m, unsigned index, const PioInstruction& in, Cycles cycle,
                                                Effects& fx, bool advance) {
    const auto jump = [&](bool taken) {
        if (!taken) return;
        m.pc = in.operand;
        advance = false;
    };
    switch (in.op) {
        case PioOp::jmp: jump(true); break;
        case PioOp::jmp_not_x: jump(m.x == 0); break;
        case PioOp::jmp_x_dec: jump(m.x-- != 0); break;
        case PioOp::jmp_not_y: jump(m.y == 0); break;
        case PioOp::jmp_y_dec: jump(m.y-- != 0); break;
        case PioOp::jmp_x_ne_y: jump(m.x != m.y); break;
        case PioOp::jmp_pin: jump((seen_pins(cycle) & in.mask) != 0); break;
        case PioOp::jmp_not_osre: jump(m.osr_count < pio::pull_threshold(m.shiftctrl)); break;
        case PioOp::wait_gpio: {
            const bool high = (seen_pins(cycle) & in.mask) != 0;
            if (high != ((in.flags & PioFlag::polarity) != 0)) {
                m.stall = PioStall::pin;
                return false;
            }
            break;
        }
        case PioOp::wait_irq: {
            const bool set = ((s_.irq >> in.operand) & 1) != 0;
            if (set != ((in.flags & PioFlag::polarity) != 0)) {
                m.stall = PioStall::irq;
                return false;
            }
            if (set) fx.irq_clear |= 1u << in.operand;
            break;
        }
        case PioOp::in_pins:
            if (!shift_in(m, index, read_pins(m, cycle), in.operand)) return false;
            break;
        case PioOp::in_x:
            if (!shift_in(m, index, m.x, in.operand)) return false;
            break;
        case PioOp::in_y:
            if (!shift_in(m, index, m.y, in.operand)) return false;
            break;
        case PioOp::in_null:
            if (!shift_in(m, index, 0, in.operand)) return false;
            break;
        case PioOp::in_isr:
            if (!shift_in(m, index, m.isr, in.operand)) return false;
            break;
        case PioOp::in_osr:
            if (!shift_in(m, index, m.osr, in.operand)) return false;
            break;
        case PioOp::out_pins:
        case PioOp::out_x:
        case PioOp::out_y:
        case PioOp::out_null:
        case PioOp::out_pindirs:
        case PioOp::out_pc:
        case PioOp::out_isr:
        case PioOp::out_exec:
            if (!out(m, index, in, fx, advance)) return false;
            if (advance) m.pc = in.next_pc;
            return true;  // An OUT has refilled the OSR itself.
        case PioOp::push:
            if (!push(m, index, in)) return false;
            break;
        case PioOp::pull:
            if (!pull(m, index, in)) return false;
            break;
        case PioOp::mov: mov(m, in, cycle, fx, advance); break;
        case PioOp::irq:
            if ((in.flags & PioFlag::clear) != 0) {
                fx.irq_clear |= 1u << in.operand;
            } else if (!m.irq_raised) {
                fx.irq_set |= 1u << in.operand;
                if ((in.flags & PioFlag::wait) != 0) {
                    m.irq_raised = true;
                    return false;
                }
            } else if (((s_.irq >> in.operand) & 1) != 0) {
                m.stall = PioStall::irq;
                return false;
            }
            m.irq_raised = false;
            break;
        case PioOp::set_pins:
            m.sticky_out_mask = in.mask;
            m.sticky_out = in.value;
            fx.write_out(in.mask, in.value);
            break;
        case PioOp::set_pindirs:
            m.sticky_dir_mask = in.mask;
            m.sticky_dir = in.value;
            fx.write_oe(in.mask, in.value);
            break;
        case PioOp::set_x: m.x = in.operand; break;
        case PioOp::set_y: m.y = in.operand; break;
        case PioOp::nop:
        case PioOp::reserved: break;
    }
    if (advance) m.pc = in.next_pc;
    return true;
}

}  // namespace rp2040
