#include "periph/divider.hpp"

#include "regs/sio.hpp"

namespace rp2040 {

namespace {
constexpr const regs::Block& kRegs = regs::kSio;
consteval std::uint32_t at(std::string_view name) { return kRegs.at(name); }
constexpr std::uint32_t kReady = kRegs.mask("DIV_CSR.READY"), kDirty = kRegs.mask("DIV_CSR.DIRTY");
}  // namespace

std::uint32_t HardwareDivider::peek(std::uint32_t offset, Cycles now) const {
    switch (offset) {
        case at("DIV_UDIVIDEND"):
        case at("DIV_SDIVIDEND"): return dividend_;
        case at("DIV_UDIVISOR"):
        case at("DIV_SDIVISOR"): return divisor_;
        case at("DIV_QUOTIENT"): return ready(now) ? next_quotient_ : quotient_;
        case at("DIV_REMAINDER"): return ready(now) ? next_remainder_ : remainder_;
        case at("DIV_CSR"): return (ready(now) ? kReady : 0) | (dirty_ ? kDirty : 0);
        default: return 0;
    }
}

std::uint32_t HardwareDivider::read(std::uint32_t offset, Cycles now) {
    const std::uint32_t value = peek(offset, now);
    if (offset == at("DIV_QUOTIENT")) dirty_ = false;
    return value;
}

void HardwareDivider::write(std::uint32_t offset, std::uint32_t value, Cycles now) {
    if (ready(now)) {
        quotient_ = next_quotient_;
        remainder_ = next_remainder_;
    }
    dirty_ = true;
    switch (offset) {
        case at("DIV_UDIVIDEND"):
        case at("DIV_SDIVIDEND"): dividend_ = value; break;
        case at("DIV_UDIVISOR"):
        case at("DIV_SDIVISOR"): divisor_ = value; break;
        case at("DIV_QUOTIENT"): next_quotient_ = value; break;
        case at("DIV_REMAINDER"): next_remainder_ = value; break;
        default: return;
    }
    if (offset == at("DIV_QUOTIENT") || offset == at("DIV_REMAINDER"))
        done_ = now;
    else
        start(offset == at("DIV_SDIVIDEND") || offset == at("DIV_SDIVISOR"), now);
}

void HardwareDivider::start(bool is_signed, Cycles now) {
    // The operand is stored at the end of cycle `now`; the result is readable from the ninth cycle after it.
    done_ = now + kCycles + 1;
    if (divisor_ == 0) {
        const bool negative = is_signed && (dividend_ >> 31) != 0;
        next_quotient_ = negative ? 1u : 0xffffffffu;
        next_remainder_ = dividend_;
    } else if (is_signed) {
        // 64-bit operands: INT32_MIN / -1 must wrap to INT32_MIN.
        const auto dividend = static_cast<std::int64_t>(static_cast<std::int32_t>(dividend_));
        const auto divisor = static_cast<std::int64_t>(static_cast<std::int32_t>(divisor_));
        next_quotient_ = static_cast<std::uint32_t>(dividend / divisor);
        next_remainder_ = static_cast<std::uint32_t>(dividend % divisor);
    } else {
        next_quotient_ = dividend_ / divisor_;
        next_remainder_ = dividend_ % divisor_;
    }
}

}  // namespace rp2040
