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
#include "cpu/timing.hpp"
#include "periph/busctrl.hpp"

namespace rp2040 {

/// Cycles of a window in which ports are not free for a core, a bit each: the other core has told of an access, or the
/// history of the port, that all masters share, reaches so far. The bits go round: cycle c has bit c % 64.
struct PortTurns {
    static constexpr Cycles kCycles = 64;
    Cycles window = 0;  ///< The first one.
    std::array<std::uint64_t, kPorts> taken{};
};

class Crossbar {
  public:
    void connect(Busctrl& busctrl) {
        busctrl_ = &busctrl;
        busctrl.before_change = [this] { end_turns(); };
    }
    /// Called when accesses of the DMA must move by some cycles after the fact.
    std::function<void(BusMaster, Cycles)> delay_dma;

    /// `master` wants `port` from `cycle` on, for `length` cycles: returns the cycles that it waits.
    Cycles access(BusMaster master, Cycles cycle, Port port, Cycles length = 1) {
        if (port == Port::none) return 0;
        PortState& p = s_.port[static_cast<unsigned>(port)];
        if (p.busy_until > cycle || length != 1 || !ended_ || counting())
            return arbitrate(master, cycle, port, length, Claim::counted);
        p.push({cycle, 1, master, true, false});
        return 0;
    }

    // For two cores that run in turns (cpu/pair.cpp), of which one may be some cycles ahead of the other, and for one
    // beside the DMA or the performance counters (cpu/shared_bus.cpp): accesses of one cycle, in a window that moves
    // with the cores. Each core tells of its own in order, and takes what is free by itself (PortTurns). Of accesses of
    // the APB, which take longer, the first cycle is told; so far they are taken only where no other is near.
    void connect_turns(PortTurns& core0, PortTurns& core1) { turns_ = {&core0, &core1}; }
    /// Whether what has been told decides alone; else the history of the port does, where the accesses then take their
    /// places.
    [[nodiscard]] bool known_by_turns(Cycles cycle, Port port) const {
        return s_.port[static_cast<unsigned>(port)].busy_until <= cycle;
    }
    /// Whether wait_turn() can settle who waits: what has been told decides alone, and the other core, should it lose,
    /// has nothing in the history of any port that would have to move as well.
    [[nodiscard]] bool settled_by_turns(unsigned core, Cycles cycle, Port port) const {
        if (!known_by_turns(cycle, port)) return false;
        return history_until_ <= cycle || (!beside_dma() && !in_history(core ^ 1, cycle));
    }
    /// Takes the APB for a read in that cycle if nobody else has it near.
    bool take_apb_read(unsigned core, Cycles cycle);
    /// Arbitrate for what is not free, by what has been told or not, and return the cycles that the core waits.
    Cycles wait_turn(unsigned core, Cycles cycle, Port port);
    Cycles wait_history(unsigned core, Cycles cycle, Port port);
    /// What a core has told of, from that cycle on, has not happened.
    void take_back_turns(unsigned core, Cycles from);
    /// Accesses are told of for cycles from shortly before `cycle` on, of instructions that begin before turns_end():
    /// what they wait has room behind that in the window of 64 cycles.
    void begin_turns(Cycles cycle) {
        const Cycles from = cycle - std::min(cycle, kBefore);
        if (beside_dma()) [[unlikely]]
            end_turns();
        if (ended_ || from - window() >= kStep) set_window(from);
    }
    // For one core beside the DMA, where that moves words between banks of SRAM (crossbar_beside.cpp): the DMA tells of
    // its accesses in the place of the core that is at rest, in the order in which they come to their cycles.
    void begin_beside(unsigned core, Cycles cycle) {
        const Cycles from = cycle - std::min(cycle, kBefore);
        if (beside_ != core) end_turns();
        if (ended_ || from - window() >= kStepBeside) set_window(from);
        beside_ = core;
    }
    [[nodiscard]] bool beside_dma() const { return beside_ != kNobody; }
    /// An access of the DMA: the cycles that it waits, or kNever if access() must settle that.
    Cycles take_beside(BusMaster master, Cycles cycle, Port port) {
        const auto p = static_cast<unsigned>(port);
        const std::uint64_t bit = std::uint64_t{1} << cycle % PortTurns::kCycles;
        std::uint64_t& taken = turns_[beside_ & 1]->taken[p];
        if (((turns_[0]->taken[p] | turns_[1]->taken[p]) & bit) != 0 || !beside_dma() || history_until_ > cycle ||
            !in_window(cycle)) [[unlikely]]
            return meet_beside(master, cycle, port);
        taken |= bit;
        if (master == BusMaster::dma_read) reads_[p] |= bit;
        return 0;
    }
    /// What is not free for the core.
    Cycles wait_beside(unsigned core, Cycles cycle, Port port);
    /// Whether one core has priority over the other one in this window.
    [[nodiscard]] bool by_priority() const { return any_first_by_priority_; }
    [[nodiscard]] Cycles turns_end() const { return window() + kTurns; }
    /// The accesses take their places among the others, which must be so before the state is saved.
    void end_turns();

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

    void reset() {
        s_ = {};
        contested_ = {};
        left_ = {};
        reads_ = {};
        beside_ = kNobody;
        ended_ = true;
    }
    /// What can still decide anything when nobody tells of an access before `now` any more: who was last before, and
    /// what reaches beyond. So the state is the same however the run to `now` was cut.
    void save(StateWriter& out, Cycles now) const;
    void restore(StateReader& in);

  private:
    static constexpr unsigned kHistory = 16;
    struct Access {
        Cycles from = 0;
        std::uint32_t length = 0;
        BusMaster master = BusMaster::core0;
        bool counted = false, contested = false;  ///< The latter is known while accesses are counted.
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
        /// Adds an access, whenever it ends.
        void add(const Access& access) {
            const Cycles latest = busy_until;
            push(access);
            if (access.until() > latest) return;
            busy_until = latest;
            sort_in(kHistory - 1);
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
    [[nodiscard]] bool high_priority(BusMaster master) const;
    /// Each in turn: whether it is `one`'s turn before `other`'s when `last` had the port.
    static constexpr bool first_in_turn(BusMaster one, BusMaster other, BusMaster last) {
        const auto turn = [last](BusMaster m) { return (index(m) - index(last) - 1) % kBusMasters; };
        return turn(one) < turn(other);
    }
    [[nodiscard]] bool wins(BusMaster challenger, BusMaster other, Cycles at, const PortState& port) const;
    void delay(Access& loser, Port port, Cycles cycles);
    void count(Port port, bool contested);
    void count_turns(unsigned port, std::uint64_t accesses, std::uint64_t contested);
    void count_leaving(std::uint64_t leaving);

    /// The last access to a port before the window, of those told of. What was before that decides nothing any more.
    struct LastTold {
        bool any = false, contested = false;
        BusMaster master = BusMaster::core0;
        Cycles cycle = 0;
    };
    /// Those that left the window last, from its first cycle then on: of both cores, and which of them had to wait.
    struct Left {
        Cycles window = 0;
        std::array<std::uint64_t, 2> told{};
        std::uint64_t contested = 0;
        std::uint64_t reads = 0;  ///< Those of the DMA that are reads.
    };
    /// Whose accesses those are that a core has told of, or the DMA in its place.
    [[nodiscard]] BusMaster teller(unsigned core, bool read) const {
        if (!beside_dma() || core == beside_) return static_cast<BusMaster>(core);
        return read ? BusMaster::dma_read : BusMaster::dma_write;
    }
    [[nodiscard]] LastTold last_told(unsigned port) const;
    using PortBits = std::array<std::uint64_t, kPorts>;
    /// The bits of the window's cycles before `cycle`.
    [[nodiscard]] std::uint64_t bits_before(Cycles cycle) const;
    /// The same in the order of the cycles, that of the window's first one in bit 0.
    [[nodiscard]] std::uint64_t in_order(std::uint64_t bits) const;
    static constexpr unsigned kStep = 16, kTurns = 44, kStepBeside = 28;
    static constexpr unsigned kNobody = 2;
    static constexpr Cycles kLatest = 56;  ///< So many cycles after the first one; what they may wait has room behind.
    static constexpr Cycles kBefore = 4;   ///< A fetch may be told of that long after its cycle.
    static constexpr std::uint32_t kApbReadCycles = timing::kApbRead - timing::kBusCycle;
    [[nodiscard]] Cycles window() const { return turns_[0]->window; }
    /// Accesses in the window of which a core has told: not free for the other one.
    [[nodiscard]] std::uint64_t told(unsigned core, unsigned port) const {
        return turns_[core ^ 1]->taken[port] & ~history_[port];
    }
    /// Cycles that one that has been told of keeps its port.
    static constexpr std::uint32_t told_length(unsigned port) {
        return port == static_cast<unsigned>(Port::apb) ? kApbReadCycles : 1;
    }
    /// Whether an access then may be told of like those of an instruction that begins before turns_end().
    [[nodiscard]] bool in_window(Cycles cycle) const { return cycle - window() < kLatest; }
    void set_window(Cycles cycle);
    void end_turns(unsigned port);
    void read_history(unsigned port);
    [[nodiscard]] bool in_history(unsigned core, Cycles from) const;
    void move_window(unsigned cycles);
    [[nodiscard]] bool wins_first_turn(unsigned core, Cycles at, unsigned port) const;
    void delay_turns(unsigned core, Cycles from, unsigned port);
    void delay_contested(unsigned core, Cycles from, unsigned port);
    [[nodiscard]] bool wins_beside(BusMaster challenger, BusMaster other, Cycles at, unsigned port) const;
    [[nodiscard]] bool delay_beside(BusMaster loser, Cycles from);
    [[gnu::noinline]] Cycles meet_beside(BusMaster master, Cycles cycle, Port port);

    Busctrl* busctrl_ = nullptr;
    std::array<PortTurns*, 2> turns_{};
    PortBits history_{};                   ///< Cycles of the window that the history of a port reaches to.
    Cycles history_until_ = 0;             ///< Where that of no port reaches beyond.
    std::array<PortBits, 2> contested_{};  ///< Accesses of each core that had to wait, while they are counted.
    std::array<Left, kPorts> left_{};
    PortBits reads_{};           ///< Accesses of the DMA that are reads.
    unsigned beside_ = kNobody;  ///< The core in whose window the DMA tells of its accesses.
    std::array<bool, 2> first_by_priority_{};
    bool any_first_by_priority_ = false;
    bool ended_ = true;
    bool dma_active_ = false;
    State s_;
};

}  // namespace rp2040
