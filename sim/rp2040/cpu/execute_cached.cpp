// Instructions in flash whose word the XIP cache has, of a core that runs alone. The frequent operations are compiled
// again, so that they count the hit as they end; the others, and accesses that may end in a fault, count it first.
#include <bit>
#include <cstring>
#include <type_traits>

#include "bus/memory_map.hpp"
#include "bus/xip.hpp"
#include "cpu/count_hit.hpp"
#include "cpu/execute.hpp"
#include "cpu/operation_groups.hpp"

#undef NEXT
#undef NEXT_WIDE
#undef BRANCH
#undef RP2040_CACHED
#define RP2040_CACHED 1

#define COUNT_AND_GO_ON(n, halfwords) \
    do {                              \
        cycles += (n);                \
        c.xip.repeat_hits(1);         \
        op += (halfwords);            \
        DISPATCH();                   \
    } while (false)
#define NEXT(n) COUNT_AND_GO_ON(n, 1)
#define NEXT_WIDE(n) COUNT_AND_GO_ON(n, 2)
#define BRANCH(n) COUNT_AND_GO_ON(n, static_cast<std::int32_t>(op->imm))

namespace rp2040 {

namespace cached {

using timing::kAlu;
using timing::kBranchNotTaken;
using timing::kBranchTaken;
using timing::kLoadStore;

#include "cpu/execute_data.inc"
#include "cpu/execute_near.inc"
#include "cpu/execute_single.inc"

}  // namespace cached

}  // namespace rp2040

#include "cpu/execute_ops.hpp"  // not before: names of the ones above would be ambiguous

namespace rp2040 {

constinit const std::array<Handler, static_cast<std::size_t>(Operation::count)> kCached = [] {
    std::array<Handler, static_cast<std::size_t>(Operation::count)> handlers{};
#define X(name) handlers[static_cast<std::size_t>(Operation::name)] = &count_hit<&op_##name>;
    RP2040_OPERATIONS(X)
#undef X
#define X(name) handlers[static_cast<std::size_t>(Operation::name)] = &cached::op_##name;
    RP2040_COMPUTES(X)
    RP2040_NEAR(X)
    RP2040_SINGLE(X)
#undef X
    return handlers;
}();

}  // namespace rp2040
