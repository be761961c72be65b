// Where an instruction of two cores goes on that cannot at once (pair_waits.cpp). Apart, so that the handlers have no
// frame on the host's stack.
#pragma once

#include <cstdint>

#include "cpu/op.hpp"

namespace rp2040::pair {

/// The fetch of the next word, of a branch's target, and of a target's second word, whose port is not free: of an
/// instruction that takes `c.cost` cycles.
[[gnu::noinline]] void wait_for_fetch(OP_PARAMS);
[[gnu::noinline]] void wait_for_target(OP_PARAMS);
[[gnu::noinline]] void wait_for_second(OP_PARAMS);
/// A branch to the instruction after it fetches as others do.
[[gnu::noinline]] void branch_to_next(OP_PARAMS);
/// Any instruction, the long way.
[[gnu::noinline]] void op_alone(OP_PARAMS);
/// The same where its fetch from flash has been counted.
[[gnu::noinline]] void op_alone_again(OP_PARAMS);
/// The instruction begins when the other core has caught up.
[[gnu::noinline]] void hold_back(OP_PARAMS);
/// Loads what lies in a peripheral, at the spilled state, if it does not matter when: into c.value and c.cost.
[[nodiscard, gnu::noinline]] bool load_steady(Cpu& c, std::uint32_t address, unsigned bytes);

}  // namespace rp2040::pair
