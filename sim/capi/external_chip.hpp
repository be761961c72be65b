// The chip for a processor that another simulator executes: the same blocks, wiring and address map as Chip, with
// the cores at rest and core-facing signals handed to the host.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "capi/block_cost.hpp"
#include "capi/call_taps.hpp"
#include "capi/host_bus.hpp"
#include "capi/host_buses.hpp"
#include "capi/host_time.hpp"
#include "capi/rp2040.h"
#include "capi/serial_ports.hpp"
#include "chip.hpp"
#include "cpu/systick.hpp"
#include "cpu/timing.hpp"
#include "mic/microphone.hpp"

namespace rp2040 {

class ExternalChip final : public Chip {
  public:
    ExternalChip(std::uint32_t flash_bytes, std::uint32_t xosc_hz, const rp2040_host& host);

    // Fabric: what Chip gives its own cores goes to the host.
    void set_irq(Irq line, bool level) override;
    void set_core_irq(unsigned core, Irq line, bool level) override;
    bool bus_read(Master master, std::uint32_t address, unsigned bytes, std::uint32_t& value) override;
    bool bus_write(Master master, std::uint32_t address, unsigned bytes, std::uint32_t value) override;
    void request_chip_reset() override;
    void send_event() override { host_.send_event(host_.context); }

    /// Power-on at cycle 0; `when` is the cycle of the time before in which power was cut.
    void power_on(Cycles when);
    void finish_reset();
    /// Empty, or why the chip cannot boot.
    std::string boot(std::uint32_t& pc, std::uint32_t& sp);
    void advance(Cycles cycle) {
        // An access may have left an event due at the very cycle that it came in.
        if (cycle >= events_.now()) events_.advance_to(cycle);
    }
    /// Time of a core's access that the host dates `cycle`. Hosts know the time of a block of instructions, not of
    /// each: the accesses within one are kept apart by what they take, or the second would come before the first had an
    /// effect. A core that the host executes after the other one is behind it: its accesses happen at the chip's
    /// present cycle and do not move it, or two cores that poll would drive the chip ahead of both.
    void begin_access(unsigned core, Cycles cycle, std::uint32_t address, bool is_write) {
        Cycles& last = cores[core].last_access;
        last = std::max(cycle, last + access_cost(address, is_write));
        if (!both()) last = std::max(last, events_.now());
        cores[core].origin = last - cores[core].charged;
        advance(last);
    }
    /// Whether the core's last access was in the chip's past.
    [[nodiscard]] bool behind(unsigned core) const { return cores[core].last_access < events_.now(); }
    /// Everything that save() has, and what this class adds; what the host gave is no part of it.
    [[nodiscard]] std::vector<std::uint8_t> save_all() const;
    void restore_all(std::span<const std::uint8_t> bytes);

    /// False on a bus fault; Unmodelled is thrown.
    bool core_read(unsigned core, std::uint32_t address, unsigned bytes, std::uint32_t& value);
    bool core_write(unsigned core, std::uint32_t address, unsigned bytes, std::uint32_t value);
    /// Pins of `pins` that are high for at least half of the time.
    std::uint32_t high_pins(std::uint32_t pins);

    /// Cycle of the chip when the host's clock, as a core sees it, shows so many picoseconds.
    [[nodiscard]] Cycles cycle_of_host(unsigned core, std::uint64_t picoseconds);
    /// Runs what follows an access or an event within a few cycles, so that the host need not come back for each.
    void settle();

    /// Hands the cores what an idle turn has kept for this moment.
    void deliver();
    /// Runs up to `horizon` or to the first thing that is of consequence outside, which it keeps; false: there was
    /// none.
    bool run_ahead(Cycles horizon);
    /// Whether something is kept, which comes at the present cycle.
    [[nodiscard]] bool keeps() const { return !kept_.empty(); }
    /// An interrupt line of a core has risen since this was last asked.
    [[nodiscard]] bool take_raised() { return std::exchange(raised_, false); }

    /// Memory of the host's that needs no callback, or null; see rp2040_memory.
    struct Memory {
        std::uint8_t* bytes = nullptr;
        std::uint32_t size = 0;
    };
    Memory sram_memory, flash_memory;
    /// A load of data from flash through the host's bus: charged with the block that it belongs to.
    void load_from_flash(unsigned core, std::uint32_t address) {
        begin_access_of(core);
        HostCore& own = cores[core];
        const Cycles now = events_.now();
        own.access_extra +=
            static_cast<std::int64_t>(xip_.fetch(address, now, master(core), own.origin + own.charged - now));
    }
    HostBus host_bus;

    std::uint32_t charge_block(unsigned core, std::uint32_t pc, std::uint32_t instructions);
    /// A core is about to access the bus: what its block took so far, so that the access comes at its time.
    void charge_up_to_access(unsigned core);
    std::uint32_t charge_exception(unsigned core, bool begins);
    /// A host of hooks (block_hook.hpp) is about to execute a block; false: it must come back first.
    bool begin_block(unsigned core, std::uint32_t pc, std::uint32_t instructions);
    /// Charges what such a host has executed since this was last called, but nothing of a block that is under way.
    /// Returns how many instructions that were.
    std::uint64_t charge_executed(unsigned core);
    /// What comes next is no further round of the block before.
    void forget_blocks(unsigned core);
    /// Where calls and returns are awaited.
    void set_stops(std::span<const std::uint32_t> addresses);
    CallTaps taps;
    /// At the end of a block: has its core come to one, or to where a tapped call begins or ends?
    void look_for_stop(unsigned core) {
        const rp2040_stop_host& host = cores[core].stop_host;
        if (host.stopped != nullptr && (!stops_.empty() || taps.active()))
            look_where_it_goes_on(core, host.pc != nullptr ? *host.pc & ~1u : host.read(15));
    }
    [[nodiscard]] std::uint32_t waiting_words(unsigned core) const { return sio_.waiting_words(core); }
    /// A core begins anew: what it executed before is of no consequence.
    void forget_execution(unsigned core) {
        cores[core].running = {};
        cores[core].end_block();
        cores[core].interrupted.clear();
        forget_blocks(core);
    }
    void forget_code();
    [[nodiscard]] std::uint32_t xip_stall(std::uint32_t address) {
        if (find_target(address) != Target::xip) return 0;
        return static_cast<std::uint32_t>(xip_.fetch(address, events_.now(), BusMaster::core0));
    }

    void connect(unsigned instance, const rp2040_i2c_target& target);
    void connect(unsigned instance, const rp2040_spi_target& target);
    void follow_pins();
    /// Puts the host's I2C target on these pins, masks of one bit each; 0: off.
    void put_on(HostI2c& target, std::uint32_t sda, std::uint32_t scl);

    SerialPorts serial{*this};
    struct Context {
        const BlockCost* last = nullptr;  ///< Block that ran before, null when control came otherwise.
        Cycles began = 0;
        std::uint32_t stopped_at = 0;  ///< Where it was about to go on when the host came back for a stop.
        /// What the branch at its end takes beyond one that is not taken, when a block begins at `pc` now.
        [[nodiscard]] std::uint32_t branch_cycles(std::uint32_t pc) const {
            const bool taken = last != nullptr && last->conditional && pc != last->end;
            return taken ? timing::kBranchTaken - timing::kBranchNotTaken : 0;
        }
    };
    /// What a snapshot keeps of one: how its last block ended.
    struct SavedContext {
        std::uint32_t end = 0;
        bool known = false, conditional = false, links = false;
        Cycles began = 0;
    };
    /// What is kept of a core that the host executes.
    struct HostCore {
        HostTime time;
        rp2040_block_host block_host{};
        std::uint64_t executed = 0;  ///< Instructions of the host's count that were charged.
        /// The block that the host was last about to execute; none: 0 instructions. It may have executed none of it, a
        /// part, all, or several rounds.
        struct UnderWay {
            std::uint32_t pc = 0, instructions = 0;
            const BlockCost* block = nullptr;  ///< If it executes all of them.
        } under_way;
        /// Where a further round of that block would begin, each of which only computes and takes as long as the one
        /// before; kNoRound: each is to be told. The host's other threads may end them.
        std::atomic<std::uint64_t> round_pc = kNoRound;
        std::int64_t round = 0;  ///< The longest that it takes, in the unit of `time`.
        static constexpr std::uint64_t kNoRound = ~std::uint64_t{0};
        [[nodiscard]] bool is_next_round(std::uint64_t pc, std::uint32_t instructions) {
            return pc == round_pc.load(std::memory_order_relaxed) && instructions == under_way.instructions &&
                   time.foresee(round);
        }
        void end_rounds() { round_pc.store(kNoRound, std::memory_order_relaxed); }
        std::atomic<bool> has_guest = false;  ///< The host's own function wants to be called as well.
        void set_guest(bool wanted) {
            has_guest.store(wanted, std::memory_order_relaxed);
            end_rounds();
        }
        CallCounter calls;
        Context running;
        std::vector<Context> interrupted;
        Cycles charged = 0, in_exceptions = 0;
        std::int64_t access_extra = 0;
        rp2040_stop_host stop_host{};
        /// What was charged of the block under way already.
        std::uint32_t part_cycles = 0, part_words = 0;  ///< Without stalls; words of its code that were fetched.
        Cycles part_charged = 0;                        ///< All of it.
        void end_block() { part_cycles = part_words = 0, part_charged = 0; }
        Cycles last_access = 0;
        /// The chip's time, less what had been charged, at that access: whatever the core's time is, misses of the XIP
        /// cache are dated by it, so that they come where they do in a period of SCK.
        Cycles origin = 0;
    };
    std::array<HostCore, 2> cores;
    /// Bit per core that the host executes. With both, one is executed after the other.
    std::uint32_t executed_cores = 1;
    [[nodiscard]] bool both() const { return executed_cores == 3; }
    /// When the chip's next event is, for the host's skips.
    std::uint64_t expect(unsigned core, std::uint64_t picoseconds);
    std::uint32_t watched_pins = 0;  ///< Whose levels a turn reports.

    std::unique_ptr<mic::PdmMicrophone> microphone;
    std::string error;
    bool fetch_refused = false;  ///< A fetch from flash found no data; `error` says why.

  private:
    /// True: the host was told that a core comes to where it is awaited.
    bool look_where_it_goes_on(unsigned core, std::uint32_t next);
    [[nodiscard]] bool awaits(std::uint32_t next) const;
    void charge_rounds(unsigned core, std::uint64_t instructions);
    /// Charges the fetch of a word, `rest` cycles of its block being to come after it; `before`: what had been charged
    /// when the block began.
    void fetch_from_flash(unsigned core, std::uint32_t word, Cycles before, Cycles rest);
    /// An access of the block under way, which is no round like the one before then.
    void begin_access_of(unsigned core) {
        if (cores[core].round_pc.load(std::memory_order_relaxed) == HostCore::kNoRound) return;
        charge_executed(core);
        cores[core].end_rounds();
        cores[core].under_way.block->accesses = true;
    }
    void expect_rounds(unsigned core);
    void report_clock();
    void tell_core(unsigned core, std::uint32_t line, bool level);
    void systick_due(unsigned core, Cycles when);
    const BlockCost& known_block(std::uint32_t pc, std::uint32_t instructions);
    const BlockCost& known_part(std::uint32_t pc, std::uint32_t end);
    bool fetch_code(std::uint32_t address, std::uint16_t& halfword);
    static constexpr BusMaster master(unsigned core) { return core == 0 ? BusMaster::core0 : BusMaster::core1; }

    /// Where in the host's memory an access is, or null.
    std::uint8_t* direct(Target target, std::uint32_t address, unsigned bytes);

    rp2040_host host_;
    std::vector<std::uint32_t> stops_;  ///< In order.
    /// Those of the host's processors; its own have theirs.
    std::array<SysTick, 2> systicks_{SysTick(*this, 0), SysTick(*this, 1)};
    std::array<std::uint32_t, 2> lines_{};
    /// What an idle turn keeps for the host: a core's line and level, or a reset.
    struct Kept {
        std::uint8_t core, line;
        bool level, reset;
    };
    [[nodiscard]] static SavedContext saved(const Context& context);
    Context restored(const SavedContext& saved);
    std::deque<BlockCost> endings_;  ///< Of blocks that ran before the snapshot was taken.
    std::vector<Kept> kept_;
    bool ahead_ = false, raised_ = false;
    std::vector<bool> executed_ = std::vector<bool>(kSramSize / kCodePage);  ///< Pages of SRAM that held code.
    static constexpr std::uint32_t kCodePage = 1024;
    static constexpr std::uint32_t kLongestPart = 1024;  ///< A block is no longer than a page.
    std::uint32_t reported_hz_ = 0;
    std::array<std::unique_ptr<HostI2c>, 2> i2c_targets_;
    std::array<std::unique_ptr<HostSpi>, 2> spi_targets_;

    std::unordered_map<std::uint64_t, BlockCost> blocks_seen_, parts_seen_;
    /// The blocks used last, by address: finding them takes most of the time of a hook.
    struct Recent {
        std::uint64_t key = 0;
        const BlockCost* block = nullptr;
    };
    std::array<Recent, 4096> recent_{};
    [[nodiscard]] static std::uint64_t block_key(std::uint32_t pc, std::uint32_t instructions) {
        return std::uint64_t{instructions} << 32 | pc;
    }
    [[nodiscard]] Recent& recent_at(std::uint32_t pc, std::uint32_t instructions) {
        return recent_[(pc >> 1 ^ instructions << 7) % recent_.size()];
    }
};

}  // namespace rp2040
