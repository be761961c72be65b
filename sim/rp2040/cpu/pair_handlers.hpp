// What executes the operations of two cores (pair_execute.cpp), by the kind of page that an instruction is in.
#pragma once

#include <array>
#include <cstddef>

#include "cpu/op.hpp"

namespace rp2040::pair {

inline constexpr auto kOperations = static_cast<std::size_t>(Operation::count);
/// By Operation, for those that begin a word, and from kOperations on for those in mid-word.
using Handlers = std::array<Handler, 2 * kOperations>;

extern const Handlers kPaired;      ///< Memory without wait states.
extern const Handlers kInCache;     ///< Flash, of which the XIP cache has the word,
extern const Handlers kNotInCache;  ///< or has not.
extern const Handlers kAlone;       ///< Where somebody looks on: one instruction after the other.

}  // namespace rp2040::pair
