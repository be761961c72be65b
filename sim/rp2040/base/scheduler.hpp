// The one event queue of a chip: a fixed set of named events, each with at most one due time.
//
// A fixed set keeps the queue a plain array: snapshots copy it, order never depends on insertion,
// and two events due in the same cycle always run in EventId order.
#pragma once

#include <array>
#include <cstddef>

#include "base/types.hpp"

namespace rp2040 {

enum class EventId : std::uint8_t {
    // Order is the order of dispatch within one cycle: data producers, then DMA, then consumers.
    pio0,
    pio1,
    pins,
    pwm,
    gpout,
    timer,
    watchdog,
    rtc,
    adc,
    uart0,
    uart1,
    spi0,
    spi1,
    i2c0,
    i2c1,
    usb,
    xip_stream,
    ssi,
    dma,
    systick0,
    systick1,
    devices,
    host,
    count
};

class Scheduler {
  public:
    /// `when` is the event's due time, which equals now() while the handler runs.
    using Handler = void (*)(void* owner, Cycles when);

    Scheduler() { due_.fill(kNever); }

    void bind(EventId id, void* owner, Handler handler) { handlers_[index(id)] = {owner, handler}; }

    /// Replaces the event's due time. A time in the past is due immediately.
    void schedule(EventId id, Cycles when) {
        const Cycles old = due_[index(id)];
        due_[index(id)] = when;
        if (when < next_)
            next_ = when;
        else if (old == next_)
            recompute_next();
    }
    void cancel(EventId id) { schedule(id, kNever); }

    [[nodiscard]] Cycles due(EventId id) const { return due_[index(id)]; }
    /// Earliest due time; the CPU loop must not run past it without calling advance_to().
    [[nodiscard]] const Cycles& next() const { return next_; }
    /// Earliest due time of any other event than these.
    [[nodiscard]] Cycles next_beside(EventId one, EventId other) const {
        Cycles next = kNever;
        for (std::size_t n = 0; n < due_.size(); ++n)
            if (n != index(one) && n != index(other) && due_[n] < next) next = due_[n];
        return next;
    }
    /// Time of the activity in progress: the last advance_to() target or the running event's due time.
    [[nodiscard]] Cycles now() const { return now_; }

    /// Runs every event due at or before `t` in order of (time, EventId), then sets now() to `t`.
    void advance_to(Cycles t) {
        if (next_ <= t) run_due(t);
        if (t > now_) now_ = t;
    }

    /// The same where nothing is due before or at `t`.
    void pass_to(Cycles t) {
        if (t > now_) now_ = t;
    }

    struct State {
        std::array<Cycles, static_cast<std::size_t>(EventId::count)> due;
        Cycles now, next;
    };
    [[nodiscard]] State state() const { return {due_, now_, next_}; }
    void set_state(const State& s) {
        due_ = s.due;
        now_ = s.now;
        next_ = s.next;
    }

  private:
    struct Binding {
        void* owner = nullptr;
        Handler handler = nullptr;
    };
    static constexpr std::size_t index(EventId id) { return static_cast<std::size_t>(id); }
    void recompute_next();
    void run_due(Cycles t);

    std::array<Cycles, static_cast<std::size_t>(EventId::count)> due_{};
    std::array<Binding, static_cast<std::size_t>(EventId::count)> handlers_{};
    Cycles now_ = 0;
    Cycles next_ = kNever;
};

}  // namespace rp2040
