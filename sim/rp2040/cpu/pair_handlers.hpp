// What executes the operations of two cores (pair_execute.cpp), by the kind of page that an instruction is in.
#pragma once

#include <array>
#include <cstddef>

#include "cpu/op.hpp"

namespace rp2040::pair {

using Handlers = std::array<Handler, static_cast<std::size_t>(Operation::count)>;

extern const Handlers kPaired;   ///< Memory without wait states.
extern const Handlers kInFlash;  ///< Behind the XIP cache.
extern const Handlers kAlone;    ///< Where somebody looks on: one instruction after the other.

}  // namespace rp2040::pair
