// Chance that is the same for the same seed.
#pragma once

#include <cstdint>

namespace rp2040 {

/// The next number of a splitmix64 sequence.
constexpr std::uint64_t next_random(std::uint64_t& seed) {
    std::uint64_t word = seed += 0x9e3779b97f4a7c15;
    word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9;
    word = (word ^ word >> 27) * 0x94d049bb133111eb;
    return word ^ word >> 31;
}

}  // namespace rp2040
