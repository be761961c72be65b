// The one event queue of a chip: a fixed set of named events, each with at most one due time.
//
// A fixed set keeps the queue a plain array: snapshots copy it, order never depends on insertion,
// and two events due in the same cycle always run in EventId order. A tournament over the array knows the first one.
#pragma once

#include <array>
#include <bit>
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

    Scheduler() {
        due_.fill(kNever);
        begin_tournament();
    }

    void bind(EventId id, void* owner, Handler handler) { handlers_[index(id)] = {owner, handler}; }

    /// Replaces the event's due time. A time in the past is due immediately.
    void schedule(EventId id, Cycles when) {
        if (when != due_[index(id)]) set_due(index(id), when);
    }
    void cancel(EventId id) { schedule(id, kNever); }

    [[nodiscard]] Cycles due(EventId id) const { return due_[index(id)]; }
    /// Earliest due time; the CPU loop must not run past it without calling advance_to().
    [[nodiscard]] const Cycles& next() const { return next_; }
    /// Earliest due time of any other event than these.
    template <class... Ids>
    [[nodiscard]] Cycles next_beside(Ids... ids) const {
        Cycles next = kNever;
        for (std::size_t n = 0; n < index(EventId::count); ++n)
            if (((n != index(ids)) && ...) && due_[n] < next) next = due_[n];
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
    [[nodiscard]] State state() const;
    void set_state(const State& s);

  private:
    struct Binding {
        void* owner = nullptr;
        Handler handler = nullptr;
    };
    static constexpr std::size_t index(EventId id) { return static_cast<std::size_t>(id); }
    void begin_tournament();
    void run_due(Cycles t);

    /// Lets the winners between a slot and the root play again; of equal times the earlier slot wins.
    void set_due(std::size_t slot, Cycles when) {
        due_[slot] = when;
        for (std::size_t node = (kSlots + slot) / 2; node != 0; node /= 2) {
            const std::uint8_t left = winner_[2 * node], right = winner_[2 * node + 1];
            winner_[node] = due_[right] < due_[left] ? right : left;
        }
        next_ = due_[winner_[1]];
    }

    static constexpr std::size_t kSlots = std::bit_ceil(static_cast<std::size_t>(EventId::count));
    std::array<Cycles, kSlots> due_{};               ///< Those beyond the last event are never due.
    std::array<std::uint8_t, 2 * kSlots> winner_{};  ///< Slot of each node's first event; the leaves' own.
    std::array<Binding, static_cast<std::size_t>(EventId::count)> handlers_{};
    Cycles now_ = 0;
    Cycles next_ = kNever;
};

}  // namespace rp2040
