// What a debugger sees of one core beyond its registers: watchpoints, single steps, a record of instructions and
// data accesses. A core that nobody observes pays one test per entry into its run loop and nothing per instruction;
// an observed one executes instruction by instruction, in the same cycles.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/types.hpp"
#include "bus/never_written.hpp"
#include "cpu/op.hpp"

namespace rp2040 {

class Cpu;

/// Data addresses [address, address + bytes) at which a core stops after the access.
struct Watchpoint {
    std::uint32_t address, bytes;
    bool read, write;
    friend bool operator==(const Watchpoint&, const Watchpoint&) = default;
};

/// A load or store. `value` is that of a single register; lists of registers count as one access without a value.
struct DataAccess {
    Cycles when;
    std::uint32_t pc, address, bytes, value;
    bool write, has_value;
};

/// The data access that an instruction is going to make at the core's present registers.
std::optional<DataAccess> access_of(const Cpu& cpu, const Op* op);

/// An instruction that began at `when`; `depth` is the number of active exceptions.
struct ExecutedInstruction {
    Cycles when;
    std::uint32_t pc;
    unsigned depth;
};

/// The last `capacity` values put in.
template <class T>
class History {
  public:
    void set_capacity(std::size_t capacity) {
        values_.clear();
        values_.shrink_to_fit();
        capacity_ = capacity;
        count_ = 0;
    }
    void push(const T& value) {
        if (capacity_ == 0) return;
        if (values_.size() < capacity_)
            values_.push_back(value);
        else
            values_[count_ % capacity_] = value;
        ++count_;
    }
    /// Oldest first.
    [[nodiscard]] std::vector<T> in_order() const {
        std::vector<T> out;
        for (std::uint64_t i = count_ - values_.size(); i < count_; ++i) out.push_back(values_[i % capacity_]);
        return out;
    }

  private:
    std::vector<T> values_;
    std::size_t capacity_ = 0;
    std::uint64_t count_ = 0;
};

class Observer {
  public:
    [[nodiscard]] bool active() const { return active_; }

    /// Tells what is read and written; null: no more.
    void tell(NeverWritten* memory) {
        memory_ = memory;
        update();
    }

    void add_watchpoint(const Watchpoint& watchpoint);
    void remove_watchpoint(const Watchpoint& watchpoint);
    /// Records the last `depth` instructions and as many data accesses; 0 switches recording off.
    void record(std::size_t depth);
    /// Stops after one more instruction at exception depth `depth` or below: handlers that come between run through.
    void step(unsigned depth);
    void end_step();

    /// The instruction `op` of `cpu` is about to execute.
    void before(const Cpu& cpu, const Op* op, unsigned depth);
    /// It has executed; true if it completes the step. A faulted access hits no watchpoint.
    bool after(const Cpu& cpu, bool faulted);

    /// The data access that hit a watchpoint last, if the last instruction did.
    [[nodiscard]] const std::optional<DataAccess>& hit() const { return hit_; }
    [[nodiscard]] std::vector<ExecutedInstruction> instructions() const { return instructions_.in_order(); }
    [[nodiscard]] std::vector<DataAccess> accesses() const { return accesses_.in_order(); }

  private:
    void update() { active_ = recording_ || stepping_ || memory_ != nullptr || !watchpoints_.empty(); }

    NeverWritten* memory_ = nullptr;
    bool active_ = false, recording_ = false, stepping_ = false, completes_step_ = false;
    unsigned step_depth_ = 0, destination_ = 0;
    std::vector<Watchpoint> watchpoints_;
    std::optional<DataAccess> access_, hit_;
    ExecutedInstruction current_{};
    History<ExecutedInstruction> instructions_;
    History<DataAccess> accesses_;
};

}  // namespace rp2040
