// The AHB-Lite crossbar between four bus masters and ten ports: one access per port and cycle (datasheet 2.1.1).
//
// Masters are simulated one after the other, so each tells of its accesses as it makes them and learns how long they
// wait for those made before; a master that has been simulated too far ahead, and loses an arbitration after the fact,
// owes the lost cycles and pays them before it goes on. Accesses are told of only while somebody could contend.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <utility>

#include "base/state.hpp"
#include "base/types.hpp"
#include "bus/ports.hpp"
#include "periph/busctrl.hpp"

namespace rp2040 {

class Crossbar {
  public:
    void connect(Busctrl& busctrl) { busctrl_ = &busctrl; }
    /// Called when accesses of the DMA must move by some cycles after the fact.
    std::function<void(BusMaster, Cycles)> delay_dma;

    /// `master` wants `port` from `cycle` on, for `length` cycles: returns the cycles that it waits.
    Cycles access(BusMaster master, Cycles cycle, Port port, Cycles length = 1) {
        if (port == Port::none) return 0;
        PortState& p = s_.port[static_cast<unsigned>(port)];
        if (p.busy_until > cycle || length != 1 || counting())
            return arbitrate(master, cycle, port, length, Claim::counted);
        p.push({cycle, 1, master, true, false});
        return 0;
    }

    /// The same in two steps, for one cycle and while no counter counts: takes the port if nobody has it then or later,
    /// else wait_for() must follow.
    [[gnu::always_inline]] bool take_free(BusMaster master, Cycles cycle, Port port) {
        PortState& p = s_.port[static_cast<unsigned>(port)];
        if (p.busy_until > cycle) [[unlikely]]
            return false;
        p.push({cycle, 1, master, true, false});
        return true;
    }
    Cycles wait_for(BusMaster master, Cycles cycle, Port port);

    /// An access that was granted goes on for `length` cycles from `cycle` on (an XIP miss): those that others were
    /// granted meanwhile, being simulated earlier, come after it. Returns what it waits for one that was there before.
    Cycles prolong(BusMaster master, Cycles cycle, Port port, Cycles length) {
        return arbitrate(master, cycle, port, length, Claim::goes_on);
    }

    /// Cycles that a core has lost since it was simulated; zero afterwards.
    [[nodiscard]] Cycles owed(unsigned core) const { return s_.owed[core]; }
    Cycles take_owed(unsigned core) { return std::exchange(s_.owed[core], 0); }

    /// Whether the DMA has anything to transfer.
    void set_dma_active(bool active) { dma_active_ = active; }
    [[nodiscard]] bool dma_active() const { return dma_active_; }
    /// Performance counters count: every access matters.
    [[nodiscard]] bool counting() const { return busctrl_->counted_events() != 0; }
    /// End of the DMA's last access that takes longer than a cycle.
    [[nodiscard]] Cycles dma_busy_until() const { return s_.dma_until; }

    void reset() { s_ = {}; }
    void save(StateWriter& out) const { out.put(s_); }
    void restore(StateReader& in) { in.get(s_); }

  private:
    static constexpr unsigned kHistory = 16;
    struct Access {
        Cycles from = 0;
        std::uint32_t length = 0;
        BusMaster master = BusMaster::core0;
        bool counted = false, contested = false;
        [[nodiscard]] Cycles until() const { return from + length; }
    };
    struct PortState {
        /// The n-th of the recent accesses, in the order of their ends; of equal ones, in that of their coming.
        [[nodiscard]] Access& nth(unsigned n) { return recent[(newest + 1 + n) % kHistory]; }
        [[nodiscard]] const Access& nth(unsigned n) const { return recent[(newest + 1 + n) % kHistory]; }
        /// Puts the n-th in its place among those before it.
        void sort_in(unsigned n) {
            const Access access = nth(n);
            for (; n > 0 && access.until() < nth(n - 1).until(); --n) nth(n) = nth(n - 1);
            nth(n) = access;
        }
        /// Adds an access that ends after all others, in place of the one that ended first.
        void push(const Access& access) {
            newest = (newest + 1) % kHistory;
            recent[newest] = access;
            busy_until = access.until();
        }

        std::array<Access, kHistory> recent{};  ///< A ring that ends at `newest`.
        unsigned newest = 0;
        Cycles busy_until = 0;  ///< End of the last of them.
    };
    struct State {
        std::array<PortState, kPorts> port{};
        std::array<Cycles, 2> owed{};
        Cycles dma_until = 0;
    };
    static constexpr unsigned index(BusMaster master) { return static_cast<unsigned>(master); }
    enum class Claim : std::uint8_t { counted, goes_on };
    Cycles arbitrate(BusMaster master, Cycles cycle, Port port, Cycles length, Claim claim);
    [[nodiscard]] bool wins(BusMaster challenger, BusMaster other, Cycles at, const PortState& port) const;
    void delay(Access& loser, Port port, Cycles cycles);
    void count(Port port, bool contested);

    Busctrl* busctrl_ = nullptr;
    bool dma_active_ = false;
    State s_;
};

}  // namespace rp2040
