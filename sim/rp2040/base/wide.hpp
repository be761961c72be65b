// Unsigned integers of 128 bits: products of cycles and rates do not fit 64.
#pragma once

#include <bit>
#include <compare>
#include <cstdint>
#include <type_traits>

namespace rp2040 {

/// The few operations that the chip needs, for compilers without such a type, and for Windows, where Clang has the type
/// but nothing to link its division with. Results wrap at 128 bits; shifts are by less than 128, divisors not zero.
class PortableWide {
  public:
    constexpr PortableWide() = default;
    template <class T>
    requires(std::is_unsigned_v<T> && sizeof(T) <= 8) constexpr PortableWide(T value) : low_(value) {}
    constexpr PortableWide(int value) : low_(static_cast<std::uint64_t>(value)) {}  ///< Not negative.

    template <class T>
    requires(std::is_unsigned_v<T> && sizeof(T) <= 8) constexpr explicit operator T() const {
        return static_cast<T>(low_);
    }

    friend constexpr bool operator==(const PortableWide&, const PortableWide&) = default;
    friend constexpr auto operator<=>(const PortableWide& a, const PortableWide& b) {
        return a.high_ != b.high_ ? a.high_ <=> b.high_ : a.low_ <=> b.low_;
    }
    friend constexpr PortableWide operator+(PortableWide a, PortableWide b) {
        const std::uint64_t low = a.low_ + b.low_;
        return {a.high_ + b.high_ + (low < a.low_ ? 1 : 0), low};
    }
    friend constexpr PortableWide operator-(PortableWide a, PortableWide b) {
        return {a.high_ - b.high_ - (a.low_ < b.low_ ? 1 : 0), a.low_ - b.low_};
    }
    friend constexpr PortableWide operator*(PortableWide a, PortableWide b) {
        constexpr std::uint64_t kHalf = 0xffffffff;
        const std::uint64_t al = a.low_ & kHalf, ah = a.low_ >> 32, bl = b.low_ & kHalf, bh = b.low_ >> 32;
        const std::uint64_t low = al * bl, middle = ah * bl + (low >> 32), other = al * bh + (middle & kHalf);
        const std::uint64_t high = ah * bh + (middle >> 32) + (other >> 32);
        return {high + a.high_ * b.low_ + a.low_ * b.high_, other << 32 | (low & kHalf)};
    }
    friend constexpr PortableWide operator<<(PortableWide a, unsigned n) {
        if (n == 0) return a;
        if (n >= 64) return {a.low_ << (n - 64), 0};
        return {a.high_ << n | a.low_ >> (64 - n), a.low_ << n};
    }
    friend constexpr PortableWide operator>>(PortableWide a, unsigned n) {
        if (n == 0) return a;
        if (n >= 64) return {0, a.high_ >> (n - 64)};
        return {a.high_ >> n, a.low_ >> n | a.high_ << (64 - n)};
    }
    friend constexpr PortableWide operator/(PortableWide a, PortableWide b) {
        if (a.high_ == 0 && b.high_ == 0) return a.low_ / b.low_;
        if (a < b) return 0u;
        PortableWide quotient, remainder;
        for (int bit = 127 - a.leading_zeros(); bit >= 0; --bit) {
            const bool carried = remainder.high_ >> 63 != 0;  // beyond 128 bits, hence more than any divisor
            remainder = (remainder << 1) + ((a >> static_cast<unsigned>(bit)).low_ & 1);
            if (!carried && remainder < b) continue;
            remainder = remainder - b;
            quotient = quotient + (PortableWide(1) << static_cast<unsigned>(bit));
        }
        return quotient;
    }
    friend constexpr PortableWide operator%(PortableWide a, PortableWide b) { return a - a / b * b; }
    constexpr PortableWide& operator+=(PortableWide other) { return *this = *this + other; }

  private:
    constexpr PortableWide(std::uint64_t high, std::uint64_t low) : high_(high), low_(low) {}
    [[nodiscard]] constexpr int leading_zeros() const {
        return high_ != 0 ? std::countl_zero(high_) : 64 + std::countl_zero(low_);
    }
    std::uint64_t high_ = 0, low_ = 0;
};

#if defined(__SIZEOF_INT128__) && !defined(_WIN32)
__extension__ using Wide = unsigned __int128;
#else
using Wide = PortableWide;
#endif

}  // namespace rp2040
