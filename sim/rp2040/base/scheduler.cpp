#include "base/scheduler.hpp"

#include <algorithm>

namespace rp2040 {

void Scheduler::recompute_next() { next_ = *std::min_element(due_.begin(), due_.end()); }

void Scheduler::run_due(Cycles t) {
    while (next_ <= t) {
        const auto earliest = std::min_element(due_.begin(), due_.end());
        const auto slot = static_cast<std::size_t>(earliest - due_.begin());
        const Cycles when = *earliest;
        due_[slot] = kNever;
        recompute_next();
        if (when > now_) now_ = when;
        if (handlers_[slot].handler != nullptr) handlers_[slot].handler(handlers_[slot].owner, when);
    }
}

}  // namespace rp2040
