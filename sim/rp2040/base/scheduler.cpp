#include "base/scheduler.hpp"

#include <algorithm>
#include <utility>

namespace rp2040 {

void Scheduler::recompute_next() { next_ = *std::min_element(due_.begin(), due_.end()); }

void Scheduler::run_due(Cycles t) {
    while (next_ <= t) {
        std::size_t slot = 0;
        Cycles second = kNever;
        for (std::size_t n = 1; n < due_.size(); ++n) {
            if (due_[n] < due_[slot]) {
                second = due_[slot];
                slot = n;
            } else {
                second = std::min(second, due_[n]);
            }
        }
        const Cycles when = std::exchange(due_[slot], kNever);
        next_ = second;
        if (when > now_) now_ = when;
        if (handlers_[slot].handler != nullptr) handlers_[slot].handler(handlers_[slot].owner, when);
    }
}

}  // namespace rp2040
