// An instruction in flash that has to fetch a word which the XIP cache has. For execute_cached.cpp, where a core runs
// alone, and pair_execute.cpp, where two do and nobody sees from a hit when it comes.
#pragma once

#include "bus/xip.hpp"
#include "cpu/execute.hpp"

namespace rp2040 {

template <Handler execute>
void count_hit(OP_PARAMS) {
    c.xip.repeat_hits(1);
    TAIL_RETURN execute(OP_ARGS);
}

}  // namespace rp2040
