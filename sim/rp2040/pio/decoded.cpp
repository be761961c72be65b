#include "pio/decoded.hpp"

#include <algorithm>
#include <bit>

#include "io/gpio.hpp"
#include "pio/fields.hpp"

namespace rp2040 {

using namespace pio;

namespace {
constexpr std::uint32_t kPins32 = (1u << kPins) - 1;

/// Relative IRQ numbers (datasheet 3.4.9.2): the state machine's number is added modulo 4 to the two low bits.
constexpr std::uint8_t irq_flag(unsigned field, unsigned sm) {
    const unsigned flag = field & 7;
    return static_cast<std::uint8_t>((field & 0x10) != 0 ? (flag & 4) | ((flag + sm) & 3) : flag);
}

constexpr std::array kJmp{PioOp::jmp,       PioOp::jmp_not_x,  PioOp::jmp_x_dec, PioOp::jmp_not_y,
                          PioOp::jmp_y_dec, PioOp::jmp_x_ne_y, PioOp::jmp_pin,   PioOp::jmp_not_osre};
constexpr std::array kIn{PioOp::in_pins,  PioOp::in_x,     PioOp::in_y,   PioOp::in_null,
                         PioOp::reserved, PioOp::reserved, PioOp::in_isr, PioOp::in_osr};
constexpr std::array kOut{PioOp::out_pins,    PioOp::out_x,  PioOp::out_y,   PioOp::out_null,
                          PioOp::out_pindirs, PioOp::out_pc, PioOp::out_isr, PioOp::out_exec};
constexpr std::array kSet{PioOp::set_pins,    PioOp::set_x,    PioOp::set_y,    PioOp::reserved,
                          PioOp::set_pindirs, PioOp::reserved, PioOp::reserved, PioOp::reserved};

void decode_side_set(PioInstruction& in, unsigned field, const PioMachine& m) {
    const unsigned count = side_count(m.pinctrl);
    const unsigned delay_bits = 5 - count;
    in.delay = static_cast<std::uint8_t>(field & low_bits(delay_bits));
    if (count == 0) return;
    unsigned data = field >> delay_bits;
    unsigned pins = count;
    if ((m.execctrl & kSideEn) != 0) {  // the top bit says whether there is a side-set
        --pins;
        if ((data >> pins) == 0) return;
        data &= low_bits(pins);
    }
    in.side_mask = rotate_left(low_bits(pins), side_base(m.pinctrl)) & kPins32;
    in.side_value = rotate_left(data, side_base(m.pinctrl)) & in.side_mask;
    in.side_dirs = (m.execctrl & kSidePindir) != 0;
}
}  // namespace

PioInstruction pio_decode(std::uint16_t code, unsigned address, unsigned index, const PioMachine& m) {
    PioInstruction in;
    const unsigned field = (code >> 5) & 7;
    const unsigned low = code & 0x1f;
    const unsigned next = address == wrap_top(m.execctrl) ? wrap_bottom(m.execctrl) : (address + 1) & 31;
    in.next_pc = static_cast<std::uint8_t>(next);
    in.operand = static_cast<std::uint8_t>(low);
    decode_side_set(in, (code >> 8) & 31, m);
    switch (code >> 13) {
        case 0:  // JMP
            in.op = kJmp[field];
            if (in.op == PioOp::jmp_pin) in.mask = 1u << jmp_pin(m.execctrl);
            break;
        case 1: {  // WAIT
            const unsigned source = field & 3;
            in.flags = (field & 4) != 0 ? PioFlag::polarity : 0;
            if (source == 2) {
                in.op = PioOp::wait_irq;
                in.operand = irq_flag(low, index);
            } else if (source == 3) {
                in.op = PioOp::reserved;
            } else {
                in.op = PioOp::wait_gpio;
                const unsigned base = source == 1 ? in_base(m.pinctrl) : 0;
                in.mask = 1u << ((low + base) & 31);
            }
            break;
        }
        case 2:  // IN
            in.op = kIn[field];
            in.operand = static_cast<std::uint8_t>(low == 0 ? 32 : low);
            if (in.op == PioOp::in_pins) in.mask = rotate_left(low_bits(in.operand), in_base(m.pinctrl)) & kPins32;
            break;
        case 3:  // OUT
            in.op = kOut[field];
            in.operand = static_cast<std::uint8_t>(low == 0 ? 32 : low);
            break;
        case 4:  // PUSH, PULL
            in.op = (code & 0x80) != 0 ? PioOp::pull : PioOp::push;
            in.flags = static_cast<std::uint8_t>(((code & 0x40) != 0 ? PioFlag::if_threshold : 0) |
                                                 ((code & 0x20) != 0 ? PioFlag::block : 0));
            break;
        case 5:  // MOV
            in.op = PioOp::mov;
            in.operand = static_cast<std::uint8_t>(field);
            in.mask = code & 7;
            in.value = (code >> 3) & 3;
            // MOV to itself without an operation is the assembler's NOP.
            if (in.value == 0 && in.mask == field && (field == 1 || field == 2)) in.op = PioOp::nop;
            if (field == 3 || in.mask == 4) in.op = PioOp::reserved;
            break;
        case 6:  // IRQ
            in.op = PioOp::irq;
            in.flags = static_cast<std::uint8_t>(((code & 0x40) != 0 ? PioFlag::clear : 0) |
                                                 ((code & 0x20) != 0 ? PioFlag::wait : 0));
            in.operand = irq_flag(low, index);
            break;
        default: {  // SET
            in.op = kSet[field];
            in.mask = set_pins(m.pinctrl) & kPins32;
            in.value = rotate_left(low, set_base(m.pinctrl)) & in.mask;
            break;
        }
    }
    return in;
}

PioLoop pio_loop(const std::array<PioInstruction, 32>& program, const PioMachine& m) {
    PioLoop loop;
    if ((m.shiftctrl & kAutopull) != 0) return loop;
    const auto start = static_cast<std::uint8_t>(wrap_bottom(m.execctrl));
    loop.start = start;
    loop.least_gap = PioHorizon::kFar;
    unsigned pc = start;
    for (unsigned n = 0; n < PioLoop::kLongest; ++n) {
        const PioInstruction& in = program[pc];
        PioLoop::Step& step = loop.step[n];
        step = {loop.ticks, in.side_mask, in.side_value};
        switch (in.op) {
            case PioOp::nop:
            case PioOp::jmp: break;
            case PioOp::set_pins:
                step.value |= in.value & ~step.mask;
                step.mask |= in.mask;
                break;
            case PioOp::in_pins:
                if (loop.in_step >= 0 || in.operand != 1) return {};
                loop.in_step = static_cast<int>(n);
                break;
            default: return {};
        }
        if (in.side_dirs && in.side_mask != 0) return {};
        loop.pins |= step.mask;
        loop.last_ticks = 1u + in.delay;
        loop.ticks += loop.last_ticks;
        loop.least_gap = std::min(loop.least_gap, loop.last_ticks);
        pc = in.op == PioOp::jmp ? in.operand & 31u : in.next_pc;
        if (pc == start) {
            loop.length = static_cast<std::uint8_t>(n + 1);
            return loop;
        }
    }
    return {};
}

PioDependence pio_dependence(const std::array<PioInstruction, 32>& program, std::uint32_t from) {
    enum : std::uint32_t { kPinsField = 0, kX = 1, kY = 2, kNull = 3, kOsr = 7 };
    PioDependence found;
    std::uint32_t reached = 0;
    for (std::uint32_t left = from; left != 0;) {
        const auto pc = static_cast<unsigned>(std::countr_zero(left));
        reached |= 1u << pc;
        const PioInstruction& in = program[pc];
        if (in.op != PioOp::jmp) left |= 1u << in.next_pc;
        if (pio_is_jmp(in.op)) left |= 1u << (in.operand & 31u);
        left &= ~reached;
        found.turns_pins |= in.side_dirs && in.side_mask != 0;
        switch (in.op) {
            case PioOp::jmp_pin:
            case PioOp::wait_gpio:
            case PioOp::in_pins:
                found.on_pins = true;
                found.pins |= in.mask;
                break;
            case PioOp::in_osr:
            case PioOp::out_x:
            case PioOp::out_y:
            case PioOp::out_isr: found.on_data = true; break;
            case PioOp::out_pc:
            case PioOp::out_exec:
                found.on_data = found.on_code = true;
                found.makes_code |= in.op == PioOp::out_exec;
                break;
            case PioOp::out_pins: found.shows_data = true; break;
            case PioOp::out_pindirs: found.shows_data = found.turns_pins = true; break;
            case PioOp::set_pindirs: found.turns_pins = true; break;
            case PioOp::mov:
                if (in.operand == kPinsField) {
                    found.shows_data |= in.mask == kOsr;
                    found.on_pins |= in.mask == kPinsField;
                } else {
                    found.on_code |= in.operand == PioMov::kToExec || pio_jumps_anywhere(in);
                    found.makes_code |= in.operand == PioMov::kToExec;
                    found.on_data |= found.on_code || (in.operand != kOsr && in.mask == kOsr);
                    found.on_pins |= in.mask == kPinsField;
                }
                if (in.mask == kPinsField) found.pins = kPins32;
                // STATUS is of FIFO levels, which recur.
                break;
            default: break;
        }
    }
    return found;
}

bool pio_asks_levels(const std::array<PioInstruction, 32>& program) {
    return std::any_of(program.begin(), program.end(), [](const PioInstruction& in) {
        return in.op == PioOp::out_exec ||
               (in.op == PioOp::mov && (in.operand == PioMov::kToExec || in.mask == PioMov::kFromStatus));
    });
}

}  // namespace rp2040
