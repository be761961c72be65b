// Loops that wait for a value to change: a core in one does the same again and again until something else acts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "cpu/op.hpp"

namespace rp2040 {

/// Longest loop that is looked at, in halfwords, without the branch that closes it.
inline constexpr std::ptrdiff_t kLongestPoll = 16;
/// Condition (Op::rd) of a `poll_near` or `poll_flash` that is always taken.
inline constexpr std::uint8_t kAlways = 14;
/// Op::rm of one that closes a loop with other branches in it.
inline constexpr std::uint8_t kBranching = 1;

/// Whether the instructions from `first` up to the branch that leads back to it make every round like the one before,
/// if their loads read what they read then: they store nothing, and no register or flag of a round depends on the last
/// one.
[[nodiscard]] bool polls(const Op* first, const Op* branch);
/// The same of what was executed in a round, forward branches among it, the one that leads back last.
[[nodiscard]] bool polls(std::span<const Op* const> round);
/// Whether a round may be one of that kind, by its instructions, some of which lie on no way to the branch.
[[nodiscard]] bool may_poll(const Op* first, const Op* branch);

}  // namespace rp2040
