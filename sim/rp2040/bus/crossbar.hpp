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
#include <numeric>
#include <utility>

#include "base/state.hpp"
#include "base/types.hpp"
#include "periph/busctrl.hpp"

namespace rp2040 {

/// Upstream ports, in the order of round-robin arbitration (assumed).
enum class BusMaster : std::uint8_t { core0, core1, dma_read, dma_write };
inline constexpr unsigned kBusMasters = 4;

/// Downstream ports, in the order of BusEvent (PERFSEL).
enum class Port : std::uint8_t { apb, fastperi, sram5, sram4, sram3, sram2, sram1, sram0, xip_main, rom, none };
inline constexpr unsigned kPorts = 10;

[[gnu::always_inline]] constexpr Port port_of(std::uint32_t address) {
    const auto bank = [](std::uint32_t n) { return static_cast<Port>(static_cast<unsigned>(Port::sram0) - n); };
    switch (address >> 28) {
        case 0: return Port::rom;
        case 1: return Port::xip_main;
        case 2:
            if (address < 0x20040000) return bank(address >> 2 & 3);
            if (address < 0x20042000) return bank(address < 0x20041000 ? 4 : 5);
            return address >> 18 == 0x21000000 >> 18 ? bank(address >> 16 & 3) : Port::none;
        case 4: return Port::apb;
        case 5: return Port::fastperi;
        default: return Port::none;  // SIO and PPB are private to each core
    }
}

class Crossbar {
  public:
    void connect(Busctrl& busctrl) { busctrl_ = &busctrl; }
    /// Called when accesses of the DMA must move by some cycles after the fact.
    std::function<void(BusMaster, Cycles)> delay_dma;

    /// `master` wants `port` from `cycle` on, for `length` cycles: returns the cycles that it waits. Repeated or
    /// prolonged accesses that are none of their own in the counters are not `counted`.
    Cycles access(BusMaster master, Cycles cycle, Port port, Cycles length = 1, bool counted = true) {
        if (port == Port::none) return 0;
        PortState& p = s_.port[static_cast<unsigned>(port)];
        if (p.busy_until > cycle || length != 1 || counting()) return arbitrate(master, cycle, port, length, counted);
        p.push(cycle, cycle + 1, master, counted, false);
        return 0;
    }

    /// Cycles that a core has lost since it was simulated; zero afterwards.
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
        Cycles from = 0, until = 0;
        BusMaster master = BusMaster::core0;
        bool counted = false, contested = false;
    };
    struct PortState {
        PortState() { std::iota(order.begin(), order.end(), std::uint8_t{0}); }
        /// The n-th of the recent accesses, in the order of their ends.
        [[nodiscard]] std::uint8_t& nth(unsigned n) { return order[(first + n) % kHistory]; }
        [[nodiscard]] std::uint8_t nth(unsigned n) const { return order[(first + n) % kHistory]; }
        [[nodiscard]] bool earlier(std::uint8_t a, std::uint8_t b) const {
            return recent[a].until != recent[b].until ? recent[a].until < recent[b].until : a < b;
        }
        /// Puts the n-th in its place among those before it.
        void sort_in(unsigned n) {
            const std::uint8_t entry = nth(n);
            for (; n > 0 && earlier(entry, nth(n - 1)); --n) nth(n) = nth(n - 1);
            nth(n) = entry;
        }

        /// Adds an access that ends after all others, in place of the one that ended first.
        void push(Cycles from, Cycles until, BusMaster master, bool counted, bool contested) {
            Access& a = recent[order[first]];
            first = (first + 1) % kHistory;
            busy_until = a.until = until;
            a.from = from;
            a.master = master;
            a.counted = counted;
            a.contested = contested;
        }

        std::array<Access, kHistory> recent{};
        std::array<std::uint8_t, kHistory> order{};  ///< Indices in `recent`, a ring that begins at `first`.
        unsigned first = 0;
        Cycles busy_until = 0;  ///< End of the last of them.
    };
    struct State {
        std::array<PortState, kPorts> port{};
        std::array<Cycles, 2> owed{};
        Cycles dma_until = 0;
    };
    static constexpr unsigned index(BusMaster master) { return static_cast<unsigned>(master); }
    Cycles arbitrate(BusMaster master, Cycles cycle, Port port, Cycles length, bool counted);
    /// The DMA's two masters do not hold each other up: its FIFOs decouple them.
    static constexpr bool may_meet(BusMaster a, BusMaster b) { return a != b && (index(a) < 2 || index(b) < 2); }
    [[nodiscard]] bool wins(BusMaster challenger, BusMaster other, Cycles at, const PortState& port) const;
    void delay(Access& loser, Port port, Cycles cycles);
    void count(Port port, bool contested);

    Busctrl* busctrl_ = nullptr;
    bool dma_active_ = false;
    State s_;
};

}  // namespace rp2040
