#include "periph/interpolator.hpp"

#include <algorithm>

namespace rp2040 {

namespace {
constexpr std::uint32_t kAccum0 = 0x00, kAccum1 = 0x04, kBase0 = 0x08, kBase2 = 0x10, kPopLane0 = 0x14, kPopFull = 0x1c,
                        kPeekLane0 = 0x20, kPeekFull = 0x28, kCtrlLane0 = 0x2c, kCtrlLane1 = 0x30, kAccum0Add = 0x34,
                        kAccum1Add = 0x38, kBase1And0 = 0x3c;
constexpr std::uint32_t kSigned = 1u << 15, kCrossInput = 1u << 16, kCrossResult = 1u << 17, kAddRaw = 1u << 18,
                        kBlend = 1u << 21, kClamp = 1u << 22;
constexpr std::uint32_t kLaneMask = 0x1fffff;

std::uint32_t sign_extend16(std::uint32_t half) {
    return static_cast<std::uint32_t>(static_cast<std::int32_t>(static_cast<std::int16_t>(half)));
}
}  // namespace

Interpolator::Results Interpolator::evaluate(bool has_blend) const {
    Results r{};
    for (unsigned lane = 0; lane < 2; ++lane) {
        const std::uint32_t ctrl = ctrl_[lane];
        const std::uint32_t input = accum_[(ctrl & kCrossInput) != 0 ? 1 - lane : lane];
        const unsigned lsb = (ctrl >> 5) & 31, msb = (ctrl >> 10) & 31;
        const std::uint32_t up_to_msb = 0xffffffffu >> (31 - msb);
        const std::uint32_t aligned = input >> (ctrl & 31);
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
    return lane < 2 ? result | ((ctrl_[lane] >> 19) & 3u) << 28 : result;
}

std::uint32_t Interpolator::peek(std::uint32_t offset, bool has_blend) const {
    if (offset == kAccum0 || offset == kAccum1) return accum_[offset / 4];
    if (offset >= kBase0 && offset <= kBase2) return base_[(offset - kBase0) / 4];
    const Results r = evaluate(has_blend);
    if (offset >= kPopLane0 && offset <= kPopFull)
        return on_bus((offset - kPopLane0) / 4, r.result[(offset - kPopLane0) / 4]);
    if (offset >= kPeekLane0 && offset <= kPeekFull)
        return on_bus((offset - kPeekLane0) / 4, r.result[(offset - kPeekLane0) / 4]);
    switch (offset) {
        case kCtrlLane0:
            return ctrl_[0] | (r.overflow[0] ? 1u << 23 : 0) | (r.overflow[1] ? 1u << 24 : 0) |
                   (r.overflow[0] || r.overflow[1] ? 1u << 25 : 0);
        case kCtrlLane1: return ctrl_[1];
        case kAccum0Add: return r.shifted[0];
        case kAccum1Add: return r.shifted[1];
        default: return 0;  // BASE_1AND0 is write-only.
    }
}

std::uint32_t Interpolator::read(std::uint32_t offset, bool has_blend) {
    const std::uint32_t value = peek(offset, has_blend);
    if (offset >= kPopLane0 && offset <= kPopFull) {
        const Results r = evaluate(has_blend);
        accum_[0] = r.result[(ctrl_[0] & kCrossResult) != 0 ? 1 : 0];
        accum_[1] = r.result[(ctrl_[1] & kCrossResult) != 0 ? 0 : 1];
    }
    return value;
}

void Interpolator::write(std::uint32_t offset, std::uint32_t value, bool has_blend) {
    if (offset >= kBase0 && offset <= kBase2) {
        base_[(offset - kBase0) / 4] = value;
        return;
    }
    switch (offset) {
        case kAccum0:
        case kAccum1: accum_[offset / 4] = value; break;
        case kCtrlLane0: ctrl_[0] = value & (kLaneMask | (has_blend ? kBlend : kClamp)); break;
        case kCtrlLane1: ctrl_[1] = value & kLaneMask; break;
        case kAccum0Add: accum_[0] += value & 0xffffff; break;
        case kAccum1Add: accum_[1] += value & 0xffffff; break;
        case kBase1And0: {
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
