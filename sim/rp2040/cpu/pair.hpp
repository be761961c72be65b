// Two cores that both run: what one of them has done ahead of the other, so that it can be taken back.
//
// pair.cpp says how they take turns, pair_execute.cpp has their instructions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/types.hpp"
#include "cpu/cpu.hpp"
#include "cpu/op.hpp"

namespace rp2040 {

class Dma;

/// Whose a block of SRAM is: the core that may load or store there without looking at what the other one does.
namespace owner {
constexpr std::uint8_t kFree = 0, kTouched = 16, kMoved = 32;
constexpr std::uint8_t may_load(unsigned core) { return static_cast<std::uint8_t>(1u << core); }
constexpr std::uint8_t may_store(unsigned core) { return static_cast<std::uint8_t>(4u << core); }
constexpr std::uint8_t only(unsigned core) { return may_load(core) | may_store(core) | kTouched; }
constexpr std::uint8_t kShared = may_load(0) | may_load(1) | kTouched;  ///< Both load, stores wait for their turns.
}  // namespace owner

struct Pair {
    Pair(Crossbar& crossbar_, Scheduler& events_, Dma& dma_) : crossbar(crossbar_), events(events_), dma(dma_) {}

    Crossbar& crossbar;
    Scheduler& events;
    Dma& dma;
    /// The DMA does beside a core what its events would (beside_dma.cpp).
    bool beside_dma = false;
    void leave_dma();
    /// No instruction begins from here on: an event, or the end of the run.
    Cycles end = 0;
    /// The core that has executed instructions which begin after what the other one has come to; null: neither.
    Cpu* ahead = nullptr;
    CpuMark start{};         ///< Where that began.
    std::uint64_t hits = 0;  ///< XIP cache hits of that.
    /// An instruction has been executed alone: there may be more to do than to execute the next one.
    bool left = false;
    /// What has been done can no longer be taken back.
    bool settled = false;
    /// The core that was ahead does once more what has been taken back,
    bool repeating = false;
    /// but for reads of registers that take effect later than that: what the other core does now comes before them.
    Cycles reads_until = kNever;
    /// When the last read of a register that was done ahead takes effect.
    Cycles last_read = 0;
    /// The core whose instruction is executed alone has an access on its way, which takes effect then and has that
    /// port; 0: it has not.
    Cycles passing = 0;
    Port passing_port = Port::none;
    /// What the core that is ahead has had to wait for the other one after the fact.
    Cycles delayed = 0;
    static constexpr Cycles kLongestDelay = 8;  ///< As much as the crossbar's window has room for.
    /// Its instructions began before that, not counting these; and at most they may.
    Cycles first_limit = 0, first_end = 0;

    /// How far a core goes ahead: less after it had to be taken back.
    static constexpr Cycles kNearest = 6, kFarthest = 40;
    /// Where the crossbar's window has room for what an instruction of the other core claims, from its start on.
    static constexpr Cycles kRoom = 54;
    Cycles reach = kFarthest;

    /// By blocks of kOwnedBlock bytes.
    std::array<std::uint8_t, 0x42000 / kOwnedBlock> owners{};
    /// Blocks that have changed hands since all were free. From time to time they are set free, for programs change.
    unsigned claims = 0;
    static constexpr unsigned kClaims = 4096;
    /// Stores to what both cores use; one in so many tries whether the block is the core's own by now.
    unsigned shared_stores = 0;
    static constexpr unsigned kTrial = 32;

    void execute(Cpu& cpu);
    static void finish(Cpu& cpu);
    void take_back(Cpu& behind, Cycles begun, Cycles effect);
    void repeat(Cycles until, Cycles effect);
    [[nodiscard]] Cycles caught_up(const Cpu& first) const;
    [[nodiscard]] Cycles before_end(Cycles until, Cycles half) const;
    bool go_on(Cycles until);
    void let_pass(Cpu& other, Cycles at, Port port);
    bool own(Cpu& cpu, std::uint32_t offset, bool store);
    void run_turns(Cpu*& current);
};

}  // namespace rp2040
