// Base class of every memory-mapped block: 32-bit registers, atomic aliases, narrow accesses, snapshots.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/fabric.hpp"
#include "base/registers.hpp"
#include "base/state.hpp"
#include "base/types.hpp"

namespace rp2040 {

/// Thrown by an access to a register or bit that the model does not have. The chip completes it with
/// PC and core; the Python layer adds the symbol. It stops the run: unmodelled hardware is never silent.
class Unmodelled : public std::runtime_error {
  public:
    Unmodelled(std::string_view block, std::uint32_t offset, bool is_write, std::string_view why = {});
    std::string block;
    std::uint32_t offset;
    bool is_write;
    std::uint32_t address = 0;     ///< Filled in by the bus.
    std::optional<unsigned> core;  ///< Whose access it was, if not that of the core whose turn it is.
};

class Peripheral {
  public:
    /// `registers` is the block's table in regs/; `instance` tells two of a kind apart.
    Peripheral(const regs::Block& registers, Fabric& fabric, unsigned instance = 0)
        : registers_(registers), name_(registers.instances[instance]), fabric_(fabric) {}
    virtual ~Peripheral() = default;
    Peripheral(const Peripheral&) = delete;
    Peripheral& operator=(const Peripheral&) = delete;

    /// `offset` is within the block with the alias bits removed and is a multiple of four.
    virtual std::uint32_t read(std::uint32_t offset) = 0;
    virtual void write(std::uint32_t offset, std::uint32_t value) = 0;

    /// The value without read side effects; used by debuggers and by the atomic aliases, which on the
    /// chip read the register's storage and do not pop FIFOs.
    virtual std::uint32_t peek(std::uint32_t offset) { return read(offset); }

    /// Atomic aliases (datasheet 2.1.2): alias 0 is plain, 1 XOR, 2 SET, 3 CLR. Bits that a one clears are cleared by
    /// those that the access names, whichever alias carries them (the SDK uses the plain write and CLR), and data for a
    /// FIFO goes there as it is: neither has a stored value to combine with.
    virtual void write_alias(std::uint32_t offset, std::uint32_t value, unsigned alias);

    /// Up to which cycle read(offset) gives what it gives now and does nothing else, unless an event or an access to
    /// the block comes before: loops that poll it are skipped up to there. By default nothing is known.
    [[nodiscard]] virtual Cycles steady_until([[maybe_unused]] std::uint32_t offset) const { return 0; }

    virtual void reset() = 0;
    virtual void save(StateWriter& out) const = 0;
    virtual void restore(StateReader& in) = 0;

    /// Called after any clock generator, PLL or oscillator changed frequency, or after the block's own clock gate.
    virtual void clocks_changed() {}

    /// The block's clock gates (CLOCKS, WAKE_EN and SLEEP_EN): without its clock it stands still and keeps its state.
    /// What an access to it does is not documented: it stops the run, the bus sees to that. As with resets, `clocked`
    /// is kept by the owner of the gates.
    void set_clocked(bool on) {
        if (on == clocked_) return;
        clock_switches();
        clocked_ = on;
        clocks_changed();
    }
    /// The same after restore(), for which nothing has changed.
    void restore_clocked(bool on) { clocked_ = on; }
    [[nodiscard]] bool clocked() const { return clocked_; }
    [[noreturn]] void refuse_unclocked(std::uint32_t offset, bool is_write) const {
        unmodelled(offset, is_write, "a clock of this block is off, by WAKE_EN0 or WAKE_EN1");
    }

    /// While its reset line is asserted (RESETS) a block reads as zero and ignores writes. The bus sees to it; `held`
    /// is kept by the owner of the reset line and is no part of the block's state.
    void hold_in_reset(bool held) { held_ = held; }
    [[nodiscard]] bool held_in_reset() const { return held_; }

    [[nodiscard]] std::string_view name() const { return name_; }

    /// The first offset without a register that the program has used, see absent(); no part of the block's state.
    [[nodiscard]] std::optional<std::uint32_t> used_absent() const { return used_absent_; }

  protected:
    [[noreturn]] void unmodelled(std::uint32_t offset, bool is_write, std::string_view why = {}) const {
        throw Unmodelled(name_, offset, is_write, why);
    }
    /// Stops the run because `value` sets bits of `offset` that the description refuses.
    [[noreturn]] void refuse(std::uint32_t offset, std::uint32_t value) const;
    /// Where the datasheet has no register, in blocks of which programs are known that go there and run on boards:
    /// zero is read, what is written is lost, and the user is told at the end.
    std::uint32_t absent(std::uint32_t offset) {
        if (!used_absent_) used_absent_ = offset;
        return 0;
    }
    /// A write to a register that takes none is ignored; where the datasheet has no register it stops the run.
    void ignore_read_only(std::uint32_t offset) const {
        if (registers_.find(offset) == nullptr) unmodelled(offset, true);
    }
    /// Identification of an Arm PrimeCell and other registers whose value never changes: their reset value. Anything
    /// else stops the run.
    [[nodiscard]] std::uint32_t identification(std::uint32_t offset) const {
        const regs::Register* reg = registers_.find(offset);
        if (reg == nullptr) unmodelled(offset, false);
        return reg->reset(reg->index(offset));
    }
    [[nodiscard]] Cycles now() const { return fabric_.events().now(); }
    /// The last moment before the clock goes off or on: what counts cycles must be brought up to it.
    virtual void clock_switches() {}
    /// Frequency of a clock as it arrives here.
    [[nodiscard]] std::uint32_t clock_hz(ClockId clock) const { return clocked_ ? fabric_.clock_hz(clock) : 0; }

    const regs::Block& registers_;
    std::string_view name_;
    Fabric& fabric_;

  private:
    bool held_ = false, clocked_ = true;
    std::optional<std::uint32_t> used_absent_;
};

/// Peripheral whose whole state is one trivially copyable struct: save/restore need no code.
template <class State>
class StatefulPeripheral : public Peripheral {
  public:
    using Peripheral::Peripheral;
    void reset() override { s_ = State{}; }
    void save(StateWriter& out) const override { out.put(s_); }
    void restore(StateReader& in) override { in.get(s_); }

  protected:
    State s_{};
};

}  // namespace rp2040
