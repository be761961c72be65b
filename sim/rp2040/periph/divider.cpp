#include "periph/divider.hpp"

namespace rp2040 {

namespace {
constexpr std::uint32_t kUdividend = 0x60, kUdivisor = 0x64, kSdividend = 0x68, kSdivisor = 0x6c, kQuotient = 0x70,
                        kRemainder = 0x74, kCsr = 0x78;
constexpr std::uint32_t kReady = 1, kDirty = 2;
}  // namespace

std::uint32_t HardwareDivider::peek(std::uint32_t offset, Cycles now) const {
    switch (offset) {
        case kUdividend:
        case kSdividend: return dividend_;
        case kUdivisor:
        case kSdivisor: return divisor_;
        case kQuotient: return ready(now) ? next_quotient_ : quotient_;
        case kRemainder: return ready(now) ? next_remainder_ : remainder_;
        case kCsr: return (ready(now) ? kReady : 0) | (dirty_ ? kDirty : 0);
        default: return 0;
    }
}

std::uint32_t HardwareDivider::read(std::uint32_t offset, Cycles now) {
    const std::uint32_t value = peek(offset, now);
    if (offset == kQuotient) dirty_ = false;
    return value;
}

void HardwareDivider::write(std::uint32_t offset, std::uint32_t value, Cycles now) {
    if (ready(now)) {
        quotient_ = next_quotient_;
        remainder_ = next_remainder_;
    }
    dirty_ = true;
    switch (offset) {
        case kUdividend:
        case kSdividend: dividend_ = value; break;
        case kUdivisor:
        case kSdivisor: divisor_ = value; break;
        case kQuotient: next_quotient_ = value; break;
        case kRemainder: next_remainder_ = value; break;
        default: return;
    }
    if (offset == kQuotient || offset == kRemainder)
        done_ = now;
    else
        start(offset == kSdividend || offset == kSdivisor, now);
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
