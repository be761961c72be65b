// The frequent part of instruction execution, inlined into the two loops of run.cpp.
#pragma once

#include "pio/effects.hpp"

namespace rp2040 {

/// SHIFTCTRL's thresholds encode 32 as 0.
constexpr unsigned pio_threshold(std::uint32_t field) { return (field & 31) == 0 ? 32 : field & 31; }

constexpr std::uint32_t reverse_word(std::uint32_t v) {
    v = ((v >> 1) & 0x55555555u) | ((v & 0x55555555u) << 1);
    v = ((v >> 2) & 0x33333333u) | ((v & 0x33333333u) << 2);
    v = ((v >> 4) & 0x0f0f0f0fu) | ((v & 0x0f0f0f0fu) << 4);
    return __builtin_bswap32(v);
}

/// Input pins with IN_BASE rotated to bit 0.
inline std::uint32_t Pio::read_pins(const PioMachine& m, Cycles cycle) const {
    const std::uint32_t pins = pins_.synchronised(cycle, s_.input_sync_bypass);
    const unsigned base = (m.pinctrl >> 15) & 31;
    return rotate_left(pins, 32 - base);
}

inline void Pio::write_pins(PioMachine& m, std::uint32_t data, Effects& fx, bool inline_enable) {
    const unsigned base = m.pinctrl & 31;
    const unsigned count = (m.pinctrl >> 20) & 63;
    std::uint32_t mask = rotate_left(count >= 32 ? ~0u : (1u << count) - 1, base) & kPinMask;
    if (inline_enable && ((data >> ((m.execctrl >> 19) & 31)) & 1) == 0) mask = 0;
    const std::uint32_t value = rotate_left(data, base);
    m.sticky_out_mask = mask;
    m.sticky_out = value;
    fx.write_out(mask, value);
}

inline void Pio::write_dirs(PioMachine& m, std::uint32_t data, Effects& fx) {
    const unsigned base = m.pinctrl & 31;
    const unsigned count = (m.pinctrl >> 20) & 63;
    const std::uint32_t mask = rotate_left(count >= 32 ? ~0u : (1u << count) - 1, base) & kPinMask;
    const std::uint32_t value = rotate_left(data, base);
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
        case PioOp::jmp_pin: jump((pins_.synchronised(cycle, s_.input_sync_bypass) & in.mask) != 0); break;
        case PioOp::jmp_not_osre: jump(m.osr_count < pio_threshold(m.shiftctrl >> 25)); break;
        case PioOp::wait_gpio: {
            const bool high = (pins_.synchronised(cycle, s_.input_sync_bypass) & in.mask) != 0;
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
