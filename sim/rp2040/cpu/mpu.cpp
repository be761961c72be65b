#include "cpu/mpu.hpp"

#include <algorithm>

#include "bus/memory_map.hpp"

namespace rp2040 {

namespace {

constexpr std::uint32_t kRegionEnable = 1, kRbarValid = 1u << 4, kExecuteNever = 1u << 28;
constexpr std::uint32_t kSmallestSubregion = 32;

/// log2 of a region's size; below 256 bytes is UNPREDICTABLE, taken as 256.
constexpr unsigned size_bits(std::uint32_t rasr) { return std::max(rasr >> 1 & 31, 7u) + 1; }

constexpr bool matches(std::uint32_t rbar, std::uint32_t rasr, std::uint32_t address) {
    if ((rasr & kRegionEnable) == 0) return false;
    const unsigned bits = size_bits(rasr);
    if (bits < 32 && (address ^ rbar) >> bits != 0) return false;
    const std::uint32_t subregion = address >> (bits - 3) & 7;
    return (rasr >> (8 + subregion) & 1) == 0;
}

/// Table B3-15: what RASR.AP allows.
constexpr bool allows(std::uint32_t ap, bool write, bool privileged) {
    switch (ap) {
        case 1: return privileged;
        case 2: return privileged || !write;
        case 3: return true;
        case 5: return privileged && !write;
        case 6:
        case 7: return !write;
        default: return false;  // 0: no access; 4: reserved
    }
}

}  // namespace

void Mpu::write_rbar(std::uint32_t value) {
    if ((value & kRbarValid) != 0) rnr_ = value % kRegions;
    rbar_[rnr_] = value & 0xffffff00u;
}

bool Mpu::permits_at(std::uint32_t address, AccessType type, bool privileged) const {
    if (address >> 20 == kPpbBase >> 20) return true;
    // The region with the highest number wins.
    for (std::uint32_t n = kRegions; n-- > 0;) {
        const std::uint32_t rasr = rasr_[n];
        if (!matches(rbar_[n], rasr, address)) continue;
        if (type == AccessType::fetch && (rasr & kExecuteNever) != 0) return false;
        return allows(rasr >> 24 & 7, type == AccessType::write, privileged);
    }
    return privileged && (ctrl_ & kPrivDefEna) != 0;
}

bool Mpu::permits(std::uint32_t address, std::uint32_t bytes, AccessType type, bool privileged) const {
    const std::uint32_t last = address + bytes - 1;
    for (std::uint32_t at = address;; at = (at | (kSmallestSubregion - 1)) + 1) {
        if (!permits_at(at, type, privileged)) return false;
        if ((at | (kSmallestSubregion - 1)) >= (last | (kSmallestSubregion - 1))) return true;
    }
}

}  // namespace rp2040
