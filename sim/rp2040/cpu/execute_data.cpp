// Data processing instructions of a core that runs alone.
#include <bit>

#include "cpu/execute.hpp"
#include "cpu/execute_ops.hpp"

namespace rp2040 {

#include "cpu/execute_data.inc"

}  // namespace rp2040
