// Declarations of the handlers of all operations.
#pragma once

#include "cpu/op.hpp"

namespace rp2040 {

#define X(name) void op_##name(OP_PARAMS);
RP2040_OPERATIONS(X)
#undef X

}  // namespace rp2040
