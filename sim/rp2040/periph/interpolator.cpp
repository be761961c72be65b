#include "periph/interpolator.hpp"

#include <algorithm>

#include "regs/sio.hpp"

namespace rp2040 {

namespace {
constexpr const regs::Block& kRegs = regs::kSio;
/// Offset of an interpolator's register from the first one.
consteval std::uint32_t at(std::string_view name) { return kRegs.at(name) - kRegs.at("INTERP0_ACCUM0"); }
constexpr std::uint32_t kSigned = kRegs.mask("INTERP0_CTRL_LANE1.SIGNED"),
                        kCrossInput = kRegs.mask("INTERP0_CTRL_LANE1.CROSS_INPUT"),
                        kCrossResult = kRegs.mask("INTERP0_CTRL_LANE1.CROSS_RESULT"),
                        kAddRaw = kRegs.mask("INTERP0_CTRL_LANE1.ADD_RAW"),
                        kBlend = kRegs.mask("INTERP0_CTRL_LANE0.BLEND"),
                        kClamp = kRegs.mask("INTERP1_CTRL_LANE0.CLAMP");
constexpr regs::Bits kShift = kRegs.bits("INTERP0_CTRL_LANE1.SHIFT"),
                     kMaskLsb = kRegs.bits("INTERP0_CTRL_LANE1.MASK_LSB"),
                     kMaskMsb = kRegs.bits("INTERP0_CTRL_LANE1.MASK_MSB"),
                     kForceMsb = kRegs.bits("INTERP0_CTRL_LANE1.FORCE_MSB");
constexpr std::uint32_t kLaneMask = kRegs.writable("INTERP0_CTRL_LANE1");

std::uint32_t sign_extend16(std::uint32_t half) {
    return static_cast<std::uint32_t>(static_cast<std::int32_t>(static_cast<std::int16_t>(half)));
}
}  // namespace

Interpolator::Results Interpolator::evaluate(bool has_blend) const {
    Results r{};
    for (unsigned lane = 0; lane < 2; ++lane) {
        const std::uint32_t ctrl = ctrl_[lane];
        const std::uint32_t input = accum_[(ctrl & kCrossInput) != 0 ? 1 - lane : lane];
        const unsigned lsb = kMaskLsb.of(ctrl), msb = kMaskMsb.of(ctrl);
        const std::uint32_t up_to_msb = 0xffffffffu >> (31 - msb);
        const std::uint32_t aligned = input >> kShift.of(ctrl);
        std::uint32_t value = aligned & up_to_msb & (0xffffffffu << lsb);
        if ((ctrl & kSigned) != 0 && ((value >> msb) & 1u) != 0) value |= ~up_to_msb;
        r.overflow[lane] = (aligned & ~up_to_msb) != 0;
        r.shifted[lane] = value;
        r.result[lane] = ((ctrl & kAddRaw) != 0 ? input : value) + base_[lane];
    }
    const bool blend = blends(has_blend);
    r.result[2] = base_[2] + r.shifted[0] + (blend ? 0 : r.shifted[1]);
    if (blend) {
        const std::uint32_t alpha = r.shifted[1] & 0xff;
        const bool is_signed = (ctrl_[1] & kSigned) != 0;
        const auto widen = [is_signed](std::uint32_t v) {
            return is_signed ? static_cast<std::int64_t>(static_cast<std::int32_t>(v)) : static_cast<std::int64_t>(v);
        };
        const std::int64_t step = (widen(base_[1]) - widen(base_[0])) * alpha >> 8;
        r.result[0] = alpha;
        r.result[1] = base_[0] + static_cast<std::uint32_t>(step);
    } else if (!has_blend && (ctrl_[0] & kClamp) != 0) {
        if ((ctrl_[0] & kSigned) != 0) {
            const auto value = static_cast<std::int32_t>(r.shifted[0]);
            const auto low = static_cast<std::int32_t>(base_[0]), high = static_cast<std::int32_t>(base_[1]);
            r.result[0] = static_cast<std::uint32_t>(value < low ? low : std::min(value, high));
        } else {
            r.result[0] = r.shifted[0] < base_[0] ? base_[0] : std::min(r.shifted[0], base_[1]);
        }
    }
    return r;
}

std::uint32_t Interpolator::on_bus(unsigned lane, std::uint32_t result) const {
    return lane < 2 ? result | kForceMsb.of(ctrl_[lane]) << 28 : result;
}

std::uint32_t Interpolator::peek(std::uint32_t offset, bool has_blend) const {
    if (offset == at("INTERP0_ACCUM0") || offset == at("INTERP0_ACCUM1")) return accum_[offset / 4];
    if (offset >= at("INTERP0_BASE0") && offset <= at("INTERP0_BASE2"))
        return base_[(offset - at("INTERP0_BASE0")) / 4];
    const Results r = evaluate(has_blend);
    if (offset >= at("INTERP0_POP_LANE0") && offset <= at("INTERP0_POP_FULL"))
        return on_bus((offset - at("INTERP0_POP_LANE0")) / 4, r.result[(offset - at("INTERP0_POP_LANE0")) / 4]);
    if (offset >= at("INTERP0_PEEK_LANE0") && offset <= at("INTERP0_PEEK_FULL"))
        return on_bus((offset - at("INTERP0_PEEK_LANE0")) / 4, r.result[(offset - at("INTERP0_PEEK_LANE0")) / 4]);
    switch (offset) {
        case at("INTERP0_CTRL_LANE0"):
            return ctrl_[0] | (r.overflow[0] ? kRegs.mask("INTERP0_CTRL_LANE0.OVERF0") : 0) |
                   (r.overflow[1] ? kRegs.mask("INTERP0_CTRL_LANE0.OVERF1") : 0) |
                   (r.overflow[0] || r.overflow[1] ? kRegs.mask("INTERP0_CTRL_LANE0.OVERF") : 0);
        case at("INTERP0_CTRL_LANE1"): return ctrl_[1];
        case at("INTERP0_ACCUM0_ADD"): return r.shifted[0];
        case at("INTERP0_ACCUM1_ADD"): return r.shifted[1];
        default: return 0;  // BASE_1AND0 is write-only.
    }
}

std::uint32_t Interpolator::read(std::uint32_t offset, bool has_blend) {
    const std::uint32_t value = peek(offset, has_blend);
    if (offset >= at("INTERP0_POP_LANE0") && offset <= at("INTERP0_POP_FULL")) {
        const Results r = evaluate(has_blend);
        accum_[0] = r.result[(ctrl_[0] & kCrossResult) != 0 ? 1 : 0];
        accum_[1] = r.result[(ctrl_[1] & kCrossResult) != 0 ? 0 : 1];
    }
    return value;
}

void Interpolator::write(std::uint32_t offset, std::uint32_t value, bool has_blend) {
    if (offset >= at("INTERP0_BASE0") && offset <= at("INTERP0_BASE2")) {
        base_[(offset - at("INTERP0_BASE0")) / 4] = value;
        return;
    }
    switch (offset) {
        case at("INTERP0_ACCUM0"):
        case at("INTERP0_ACCUM1"): accum_[offset / 4] = value; break;
        case at("INTERP0_CTRL_LANE0"): ctrl_[0] = value & (kLaneMask | (has_blend ? kBlend : kClamp)); break;
        case at("INTERP0_CTRL_LANE1"): ctrl_[1] = value & kLaneMask; break;
        case at("INTERP0_ACCUM0_ADD"): accum_[0] += value & kRegs.mask("INTERP0_ACCUM0_ADD"); break;
        case at("INTERP0_ACCUM1_ADD"): accum_[1] += value & kRegs.mask("INTERP0_ACCUM1_ADD"); break;
        case at("INTERP0_BASE_1AND0"): {
            // Each half is sign-extended if its lane is SIGNED; in blend mode lane 1's flag counts for both.
            const bool signed1 = (ctrl_[1] & kSigned) != 0;
            const bool signed0 = blends(has_blend) ? signed1 : (ctrl_[0] & kSigned) != 0;
            base_[0] = signed0 ? sign_extend16(value & 0xffff) : value & 0xffff;
            base_[1] = signed1 ? sign_extend16(value >> 16) : value >> 16;
            break;
        }
        default: break;  // POP and PEEK are read-only.
    }
}

}  // namespace rp2040
