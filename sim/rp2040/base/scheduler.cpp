#include "base/scheduler.hpp"

#include <algorithm>

namespace rp2040 {

void Scheduler::begin_tournament() {
    for (std::size_t slot = 0; slot < kSlots; ++slot) winner_[kSlots + slot] = static_cast<std::uint8_t>(slot);
    for (std::size_t slot = 0; slot < kSlots; slot += 2) set_due(slot, due_[slot]);
}

Scheduler::State Scheduler::state() const {
    State s{{}, now_, next_};
    std::copy_n(due_.begin(), s.due.size(), s.due.begin());
    return s;
}

void Scheduler::set_state(const State& s) {
    std::copy(s.due.begin(), s.due.end(), due_.begin());
    now_ = s.now;
    begin_tournament();
}

void Scheduler::run_due(Cycles t) {
    while (next_ <= t) {
        const std::size_t slot = winner_[1];
        const Cycles when = next_;
        set_due(slot, kNever);
        if (when > now_) now_ = when;
        if (handlers_[slot].handler != nullptr) handlers_[slot].handler(handlers_[slot].owner, when);
    }
}

}  // namespace rp2040
