// Where a program that jumps to what it computes can come: of every register the bits that are the same whenever it
// comes to an instruction, and the most bits that the ISR can have then.
//
// A table of jumps is entered by MOV PC, with some bits of pins below others that are always set; MOV PC from STATUS
// leads to address 0 or 31. Whoever asks when a program can next do something visible need not fear the rest of it.
#include <algorithm>
#include <bit>

#include "io/gpio.hpp"
#include "pio/decoded.hpp"
#include "pio/fields.hpp"

namespace rp2040 {

using namespace pio;

namespace {

/// Bits that are known to be 0, and to be 1.
struct Known {
    std::uint32_t zeros = 0, ones = 0;

    static constexpr Known constant(std::uint32_t v) { return {~v, v}; }
    /// A number of `bits` bits.
    static constexpr Known below(unsigned bits) { return {~low_bits(bits), 0}; }
    [[nodiscard]] Known either(const Known& other) const { return {zeros & other.zeros, ones & other.ones}; }
    [[nodiscard]] Known low(unsigned bits) const { return {zeros | ~low_bits(bits), ones & low_bits(bits)}; }
    [[nodiscard]] Known shifted_left(unsigned n) const {
        return n >= 32 ? constant(0) : Known{zeros << n | low_bits(n), ones << n};
    }
    [[nodiscard]] Known shifted_right(unsigned n) const {
        return n >= 32 ? constant(0) : Known{~(~zeros >> n), ones >> n};
    }
    [[nodiscard]] Known with(const Known& other) const { return {zeros & other.zeros, ones | other.ones}; }
    bool operator==(const Known&) const = default;
};
constexpr Known kNothing{};

struct Registers {
    Known x, y, isr, osr;
    unsigned isr_count = 32;  ///< At most.

    [[nodiscard]] Registers either(const Registers& r) const {
        return {x.either(r.x), y.either(r.y), isr.either(r.isr), osr.either(r.osr), std::max(isr_count, r.isr_count)};
    }
    bool operator==(const Registers&) const = default;
};

class Analysis {
  public:
    Analysis(const std::array<PioInstruction, 32>& program, const PioMachine& m, bool status)
        : program_(program), m_(m), status_(status) {}

    PioPaths run() {
        arrive(m_.entered, {});
        while (left_ != 0) {
            const auto pc = static_cast<unsigned>(std::countr_zero(left_));
            left_ &= left_ - 1;
            if (!leave(pc)) return kPioEverywhere;
        }
        return paths_;
    }

  private:
    void arrive(unsigned pc, const Registers& r) {
        Registers& at = at_[pc];
        const Registers joined = (reached_ >> pc & 1) == 0 ? r : at.either(r);
        if ((reached_ >> pc & 1) != 0 && joined == at) return;
        at = joined;
        reached_ |= 1u << pc;
        left_ |= 1u << pc;
    }
    /// Goes on from an instruction; false: it may execute anything.
    bool leave(unsigned pc) {
        const PioInstruction& in = program_[pc];
        Registers r = at_[pc];
        if (pio_is_jmp(in.op)) {
            if (in.op == PioOp::jmp_x_dec) r.x = kNothing;
            if (in.op == PioOp::jmp_y_dec) r.y = kNothing;
            arrive(in.operand & 31u, r);
            if (in.op != PioOp::jmp) arrive(in.next_pc, r);
            return true;
        }
        switch (in.op) {
            case PioOp::in_pins: shift_in(pc, r, Known::below(in.operand)); break;
            case PioOp::in_x: shift_in(pc, r, r.x.low(in.operand)); break;
            case PioOp::in_y: shift_in(pc, r, r.y.low(in.operand)); break;
            case PioOp::in_null: shift_in(pc, r, Known::constant(0)); break;
            case PioOp::in_isr: shift_in(pc, r, r.isr.low(in.operand)); break;
            case PioOp::in_osr: shift_in(pc, r, r.osr.low(in.operand)); break;
            case PioOp::push:
                if ((in.flags & PioFlag::if_threshold) != 0) {
                    r.isr = r.isr.either(Known::constant(0));
                } else {
                    r.isr = Known::constant(0);
                    r.isr_count = 0;
                }
                break;
            case PioOp::pull: r.osr = kNothing; break;
            case PioOp::out_x: r.x = Known::below(in.operand); break;
            case PioOp::out_y: r.y = Known::below(in.operand); break;
            case PioOp::out_isr:
                r.isr = Known::below(in.operand);
                r.isr_count = in.operand;
                break;
            case PioOp::out_pc:
                r.osr = kNothing;
                jump(pc, Known::below(in.operand), r);
                return true;
            case PioOp::out_exec: return false;
            case PioOp::mov:
                if (!move(pc, in, r)) return false;
                if (pio_jumps_anywhere(in)) return true;
                break;
            case PioOp::set_x: r.x = Known::constant(in.operand); break;
            case PioOp::set_y: r.y = Known::constant(in.operand); break;
            default: break;
        }
        const bool shifts_out = in.op >= PioOp::out_pins && in.op <= PioOp::out_exec;
        // With autopull the OSR may be filled beside any instruction.
        if (shifts_out || (m_.shiftctrl & kAutopull) != 0) r.osr = kNothing;
        arrive(in.next_pc, r);
        return true;
    }
    void jump(unsigned pc, const Known& to, const Registers& r) {
        for (unsigned target = 0; target < 32; ++target) {
            if ((target & to.zeros & 31u) != 0 || (~target & to.ones & 31u) != 0) continue;
            paths_.jumps[pc] |= 1u << target;
            arrive(target, r);
        }
    }
    bool move(unsigned pc, const PioInstruction& in, Registers& r) {
        Known v = source(in.mask, r);
        if (in.value == 1)
            v = {v.ones, v.zeros};
        else if (in.value == 2)
            v = {reverse_word(v.zeros), reverse_word(v.ones)};
        switch (in.operand) {
            case 0: return true;
            case 1: r.x = v; return true;
            case 2: r.y = v; return true;
            case PioMov::kToExec: return false;
            case PioMov::kToPc:
                if ((m_.shiftctrl & kAutopull) != 0) r.osr = kNothing;
                jump(pc, v, r);
                return true;
            case 6:
                r.isr = v;
                r.isr_count = 0;
                return true;
            default: r.osr = v; return true;
        }
    }
    [[nodiscard]] Known source(std::uint32_t number, const Registers& r) const {
        switch (number) {
            case 1: return r.x;
            case 2: return r.y;
            case 3: return Known::constant(0);
            case PioMov::kFromStatus: return Known::constant(status_ ? ~0u : 0);
            case 6: return r.isr;
            case 7: return r.osr;
            default: return kNothing;
        }
    }
    void shift_in(unsigned pc, Registers& r, const Known& v) {
        const unsigned bits = program_[pc].operand;
        const bool right = (m_.shiftctrl & kInRight) != 0;
        r.isr = right ? r.isr.shifted_right(bits).with(v.shifted_left(32 - bits)) : r.isr.shifted_left(bits).with(v);
        r.isr_count = std::min(32u, r.isr_count + bits);
        if ((m_.shiftctrl & kAutopush) == 0 || r.isr_count < push_threshold(m_.shiftctrl)) return;
        paths_.pushes |= 1u << pc;
        r.isr = r.isr.either(Known::constant(0));
    }

    const std::array<PioInstruction, 32>& program_;
    const PioMachine& m_;
    bool status_;
    std::array<Registers, 32> at_{};
    PioPaths paths_{};
    std::uint32_t reached_ = 0, left_ = 0;
};

}  // namespace

PioPaths pio_paths(const std::array<PioInstruction, 32>& program, const PioMachine& m, bool status) {
    return std::any_of(program.begin(), program.end(), pio_jumps_anywhere) ? Analysis(program, m, status).run()
                                                                           : kPioEverywhere;
}

}  // namespace rp2040
