// Profiler of one core: cycles, XIP misses and bus waits of every instruction, and of every place in the calling
// context tree, without help from the firmware. A core that nobody profiles pays one test per entry into its run loop.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/types.hpp"
#include "cpu/op.hpp"

namespace rp2040 {

class Cpu;

/// What was spent. Busy cycles include all stalls; sleep is not counted.
struct Spent {
    Cycles cycles = 0, xip_stalls = 0, bus_waits = 0;
    std::uint64_t xip_misses = 0;

    void add(const Spent& o) {
        cycles += o.cycles;
        xip_stalls += o.xip_stalls;
        bus_waits += o.bus_waits;
        xip_misses += o.xip_misses;
    }
};

/// Code [address, address + bytes) that belongs together.
struct FunctionRange {
    std::uint32_t address, bytes;
};

/// Calls of one function. Cycles include callees but no interrupt handlers; only finished calls count.
struct FunctionCalls {
    std::uint32_t address = 0;
    std::uint64_t calls = 0;
    Cycles total = 0, min = kNever, max = 0;
    std::uint32_t own_stack = 0, stack = 0;  ///< Bytes: deepest by itself, and with callees.
};

/// A node of the calling context tree: `function` called from `call_site` in its parent's function.
struct CallNode {
    static constexpr std::uint32_t kException = 1;  ///< `call_site` of a handler; its parent is an exception's node.
    static constexpr std::uint32_t kRoot = 3;       ///< `call_site` of what was running; `function` is its start.
    static constexpr std::uint32_t kHandlers = 5;   ///< `call_site` of an exception's node; `function` is its number.

    std::uint32_t parent, function, call_site;
    std::uint64_t calls = 0;
    Spent own;
};

struct ProfiledInstruction {
    std::uint64_t executed = 0;
    Spent spent;
};

class Profiler {
  public:
    /// `functions` in address order, without overlap; code outside them is named by the addresses that are called.
    Profiler(const Cpu& cpu, std::vector<FunctionRange> functions);

    // ---- called by the core ---------------------------------------------------------------------------------
    /// The instruction at `pc` is about to execute.
    void begin(std::uint32_t pc);
    /// It has executed, or an exception or a breakpoint has taken its place.
    void end(Operation operation, bool executed);
    /// An exception is recognised with this stack pointer; the interrupted code would go on at `next`.
    void exception_entered(std::uint32_t sp, std::uint32_t next);
    /// The core is at the first instruction of an exception's handler.
    void handler_started(unsigned number, bool from_process_stack);
    /// A handler returned; another one may follow at once (tail-chaining).
    void handler_returned();
    /// Code that was interrupted, possibly another thread's, goes on.
    void exception_returned();
    /// Reset, or a restored snapshot: all calls in progress end here.
    void restart();
    /// The core's clock was moved on although it neither executed nor slept (it was held).
    void skip() { last_ = spent(); }
    /// Books what has not been booked yet; before results are read.
    void flush();
    /// Forgets what was counted; calls in progress go on, and are no finished calls when they end.
    void count_from_now();

    // ---- results --------------------------------------------------------------------------------------------
    [[nodiscard]] const std::vector<CallNode>& nodes() const { return nodes_; }
    [[nodiscard]] const std::vector<FunctionCalls>& functions() const { return calls_; }
    struct Instruction {
        std::uint32_t address;
        ProfiledInstruction counts;
    };
    /// In address order.
    [[nodiscard]] std::vector<Instruction> instructions() const;

    /// Deepest main stack: its top, the lowest stack pointer, when, and the node that was running.
    struct HighWater {
        std::uint32_t top = 0, lowest = 0, node = 0;
        Cycles when = 0;
    };
    [[nodiscard]] const HighWater& high_water() const { return high_water_; }

  private:
    struct Frame {
        std::uint32_t node, return_address;
        std::uint32_t sp;               ///< At the call.
        std::uint32_t lowest, deepest;  ///< Lowest stack pointer of its own code, and of its callees.
        Cycles start, interrupts;       ///< Busy cycles, and those of interrupts, when the call began.
        bool whole;                     ///< Its beginning was counted.
    };
    struct Interrupted {
        std::size_t depth;
        std::uint32_t node, sp, next;
        Cycles start, interrupts;
    };
    struct Range {
        std::uint32_t start, bytes;
    };
    struct Suspended {
        std::vector<Frame> frames;
        std::uint32_t next;
        Cycles busy, interrupts;
    };
    using Page = std::array<ProfiledInstruction, kPageOps>;
    static constexpr std::size_t kMaxDepth = 4096;
    static constexpr std::uint32_t kNowhere = 0xffffffff;

    [[nodiscard]] Cycles busy() const;
    [[nodiscard]] Spent spent() const;
    void forget_xip();
    void charge(std::uint32_t pc, std::uint32_t node, bool executed);
    void switch_thread(const Interrupted& from, std::uint32_t sp, std::uint32_t next);
    [[nodiscard]] Range range_of(std::uint32_t address) const;
    std::uint32_t child(std::uint32_t parent, std::uint32_t function, std::uint32_t call_site);
    FunctionCalls& calls_of(std::uint32_t function);
    void push(std::uint32_t target, std::uint32_t call_site, std::uint32_t return_address, std::uint32_t sp);
    void pop();
    bool returned(std::uint32_t next, std::uint32_t sp);
    void moved(Operation operation, std::uint32_t next, std::uint32_t sp);
    void begin_anew(std::uint32_t next, std::uint32_t sp);
    void enter_range();
    void rebase_stack(std::uint32_t sp);
    [[nodiscard]] std::size_t floor() const { return interrupted_.empty() ? 0 : interrupted_.back().depth; }

    const Cpu& cpu_;
    std::vector<FunctionRange> ranges_;
    std::vector<CallNode> nodes_;
    struct Key {
        std::uint32_t parent, function, call_site;
        friend bool operator==(const Key&, const Key&) = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& k) const {
            return (std::uint64_t{k.parent} * 0x9e3779b97f4a7c15u) ^ (std::uint64_t{k.call_site} << 32 | k.function);
        }
    };
    std::unordered_map<Key, std::uint32_t, KeyHash> children_;
    std::vector<FunctionCalls> calls_;
    std::unordered_map<std::uint32_t, std::uint32_t> call_index_;
    std::vector<Frame> frames_;
    std::vector<Interrupted> interrupted_;
    std::unordered_map<std::uint32_t, Suspended> suspended_;  ///< Other threads, by stack pointer.
    std::unordered_map<std::uint32_t, std::unique_ptr<Page>> pages_;
    Page* page_ = nullptr;
    std::uint32_t page_base_ = 1;
    Range range_{0, 0};       ///< Function that is executing.
    std::uint32_t node_ = 0;  ///< Its place in the tree.
    std::uint32_t pc_ = 0, began_in_ = 0, sp_before_ = 0;
    bool executing_ = false;                                    ///< Between begin() and end().
    bool diverted_ = false;                                     ///< An exception was entered or left since then.
    bool was_on_process_stack_ = false, first_thread_ = false;  ///< A scheduler is about to start its first thread.
    Spent last_;                                                ///< Charged so far.
    Cycles interrupt_cycles_ = 0;
    HighWater high_water_;
};

}  // namespace rp2040
