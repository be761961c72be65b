// One Cortex-M0+ core.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>

#include "base/fabric.hpp"
#include "base/state.hpp"
#include "bus/crossbar.hpp"
#include "cpu/code_cache.hpp"
#include "cpu/observer.hpp"
#include "cpu/op.hpp"
#include "cpu/profiler.hpp"
#include "cpu/system_control.hpp"
#include "cpu/tracer.hpp"
#include "cpu/undo.hpp"

namespace rp2040 {

class Bus;
class Xip;
struct Pair;

/// In handlers BX and POP to these addresses return from the exception (Arm ARM B1.5.8).
inline constexpr std::uint32_t kExceptionReturns = 0xf0000000;

/// Why a core cannot go on.
enum class CpuStop : std::uint8_t { none, breakpoint, bkpt, lockup, watchpoint, step, hard_fault };

/// Why a HardFault was taken. The chip does not say (ARMv6-M has no fault status registers); the model does.
enum class FaultCause : std::uint8_t {
    unaligned,
    no_memory,
    fetch,
    protection,
    execute_never,
    undefined_instruction,
    thumb_bit_clear,
    exception_return,
    bkpt,
    svc,
    stacking,
    unstacking,
    vector
};

/// A fault: the instruction's address, and that of the data for `unaligned`, `no_memory`, `protection`, `stacking`,
/// `unstacking`.
struct Fault {
    FaultCause cause;
    std::uint32_t pc, address;
    bool write;
    Cycles when;
};

/// A transfer of control, kept for crash reports: calls, returns, exceptions and far branches.
struct Transfer {
    std::uint32_t from, to;
    Cycles when;
};

/// Registers as a debugger sees them.
struct CpuRegisters {
    std::array<std::uint32_t, 16> r;
    std::uint32_t xpsr, msp, psp, primask, control;
};

class Cpu {
  public:
    Cpu(Fabric& fabric, Bus& bus, Xip& xip, CodeCache& code, unsigned core);

    // ---- state that handlers touch directly -------------------------------------------------------------
    std::array<std::uint32_t, 16> r{};  ///< r[13] is the stack pointer in use; r[15] is not kept up to date.
    Cycles deadline = 0;                ///< Handlers return to run() when `cycles` reaches it.
    std::uint8_t* sram = nullptr;
    const std::uint8_t *sram_code_map = nullptr, *sram_code_words = nullptr;
    DecodedPage* page = nullptr;
    // For the handlers of two cores.
    PortTurns turns;
    std::uint64_t* told = nullptr;   ///< What the core takes: not free for the other one.
    std::uint8_t* owners = nullptr;  ///< Pair::owners, and the bits of them that let the core load and store.
    std::uint8_t may_load = 0, may_store = 0;
    /// From that cycle on instructions begin before the other core has done all that comes before them.
    Cycles ahead_from = 0;
    Handler rest = nullptr;     ///< Of an instruction that has been executed but for its last access.
    Cycles begun = 0;           ///< When an instruction that waits for a port began,
    Cycles data_from = kNever;  ///< and from when on it had those of its data.
    Pair* pair = nullptr;
    // Spilled by handlers when they leave the fast path.
    const Op* op = nullptr;
    Cycles cycles = 0;
    std::uint64_t nz = 1;
    std::uint32_t carry = 0, overflow = 0;
    // Results of the last load() or store().
    std::uint32_t value = 0;
    Cycles cost = 0;
    UndoneStores undo;

    Xip& xip;
    CodeCache& code;
    FunctionTracer tracer;
    Observer observer;
    std::unique_ptr<Profiler> profiler;  ///< While profiling.
    SignalRecorder* recorder = nullptr;  ///< While exceptions and sleep are recorded.

    void spill(const Op* at, Cycles now, std::uint64_t nz_, std::uint32_t carry_, std::uint32_t overflow_) {
        op = at;
        cycles = now;
        nz = nz_;
        carry = carry_;
        overflow = overflow_;
    }
    /// Whether a store to that word of SRAM may meet decoded code.
    [[nodiscard, gnu::always_inline]] bool holds_code(std::uint32_t offset) const {
        return sram_code_map[offset / kCodeBlock] != 0 && sram_code_words[offset / 4] != 0;
    }
    [[nodiscard]] std::uint32_t address_of(const Op* at) const {
        return page->base + static_cast<std::uint32_t>(at - page->ops.data()) * 2;
    }
    [[nodiscard]] std::uint32_t pc() const { return address_of(op); }

    /// Data access at the spilled state: fills `value` and `cost`. False: a HardFault was taken, return at once.
    bool load(std::uint32_t address, unsigned bytes);
    bool store(std::uint32_t address, unsigned bytes, std::uint32_t data);
    /// A load that finds what it would find up to cycle `until`, and does nothing else; false: it has not been done.
    [[nodiscard]] bool load_steady(std::uint32_t address, unsigned bytes, Cycles until);

    /// An access of the instruction in execution takes effect in cycle `at`, or it must be known what has happened
    /// until then: the chip's time goes there, and what the other core does before that comes before it, though its
    /// instruction begins later.
    void come_to(Cycles at, Port port = Port::none) {
        if (peer != nullptr && peer->runnable() && peer->cycles < at && !peer->accessing_) [[unlikely]]
            let_pass(at, port);
        fabric_.events().advance_to(at);
    }
    /// When the access of the next instruction, `at`, to a register takes effect if nothing makes it wait: reads of the
    /// other core that take effect later come after it, fetches and all. When it begins, if it has none.
    [[nodiscard]] Cycles effect_of(const Op* at) const;

    /// Continues at `address`, for far branches and everything computed. Adds the fetch's XIP stall to `cycles`.
    void jump(std::uint32_t address);
    /// As BX does: EXC_RETURN values return from the exception, a clear bit 0 faults.
    void jump_exchange(std::uint32_t address);
    /// Synchronous exceptions of the instruction at the spilled state.
    void hard_fault(FaultCause cause, std::uint32_t address = 0, bool write = false);
    void supervisor_call();
    void breakpoint_instruction();
    /// LDM, STM, PUSH and POP ending at `end` are abandoned when an interrupt arrives meanwhile: true if so.
    bool abandon_for_interrupt(Cycles end);

    void wait_for_interrupt();
    void wait_for_event();
    void send_event() {
        fabric_.events().advance_to(cycles - 1);
        fabric_.send_event();
        after_access();
    }
    std::uint32_t read_special(std::uint32_t sysm);
    void write_special(std::uint32_t sysm, std::uint32_t data);
    void set_primask(bool masked);
    /// True if execution must stop here (debugger's breakpoint).
    bool hook();

    /// A round of a loop that waits (polling.hpp) ends at `now`, the branch `at` leading back to `first`, whose word,
    /// if it begins in the middle of one, has been fetched. Returns the cycle in which the next round begins that is
    /// not known to be the same.
    [[gnu::noinline]] Cycles poll(const Op* first, const Op* at, Cycles now);
    void stop_polling() { poll_.at = nullptr; }
    /// What was read now will be the same up to cycle `until`, unless an event comes before.
    void note_steady(Cycles until) { poll_.steady = std::min(poll_.steady, until); }
    [[nodiscard]] bool polling() const { return poll_.at != nullptr; }

    // ---- for the chip -----------------------------------------------------------------------------------
    /// Runs until `limit`, the next event, sleep or a stop.
    void run(Cycles limit);
    /// The same for two cores that both run, each instruction that of the core which is behind: `current` is the one
    /// whose turn it is, then and at the end. Returns when there may be more to do than to execute instructions.
    static void run_pair(Cpu*& current, Cycles limit);
    // ---- for the handlers of two cores
    void connect(Pair& two, Cpu& other);
    /// Takes a port, by word_of() it, in that cycle if it is free; else wait_for_port() must follow.
    [[nodiscard]] inline bool take_port(Cycles at, std::uint32_t word);
    /// The instruction in execution began in that cycle, or then had waited for its data.
    void note_begin(Cycles from) {
        if (from != data_from) begun = from;
    }
    /// Takes a port as soon as it is free, from cycle `at` on: the cycles until then, or kNever if others come first.
    [[nodiscard]] Cycles wait_for_port(Cycles at, Port port);
    /// Whether the block of SRAM at `offset` is known to be its own, to load or to store.
    [[nodiscard, gnu::always_inline]] inline bool owns(std::uint32_t offset, bool store) const {
        return (owners[offset / kOwnedBlock] & (store ? may_store : may_load)) != 0;
    }
    [[nodiscard]] bool goes_ahead(Cycles now) const { return now >= ahead_from; }
    /// Core 0 is first where both are at one cycle.
    [[nodiscard]] bool comes_first() const { return cycles < first_until(); }
    void execute_next();
    void decode_next();
    void mark(CpuMark& mark) const;
    /// Goes back to where it was then, `flash_hits` having been counted meanwhile.
    void take_back(const CpuMark& mark, std::uint64_t flash_hits);
    /// How far it may go before the other core comes first.
    [[nodiscard]] Cycles first_until() const { return first_until(peer->cycles); }
    /// The same before what the other core begins then.
    [[nodiscard]] Cycles first_until(Cycles begin_of_other) const { return begin_of_other + yields_at_; }

    /// Waits for what others have won of it after the fact.
    void pay_owed() { wait_for_bus(crossbar_.take_owed(core_)); }
    /// A core that runs does so at once; else it is done when it goes on.
    static void pay_owed(Cpu& one, Cpu& other) {
        if (one.runnable()) one.pay_owed();
        if (other.runnable()) other.pay_owed();
    }
    /// Reset state with the given stack pointer and entry address; `held` cores do not run until release().
    void reset(std::uint32_t stack, std::uint32_t entry, Cycles now);
    void hold() { held_ = true; }
    void release(Cycles now);
    [[nodiscard]] bool held() const { return held_; }
    [[nodiscard]] bool asleep() const { return asleep_; }
    /// A core that has locked up executes nothing more; the rest of the chip goes on, and the watchdog may reset it.
    [[nodiscard]] bool runnable() const { return !held_ && !asleep_ && stop_ != CpuStop::lockup; }
    [[nodiscard]] unsigned core() const { return core_; }
    [[nodiscard]] BusMaster master() const { return static_cast<BusMaster>(core_); }

    /// Something changed that the run loop must look at: an interrupt, an event, a closer deadline.
    void attend() {
        attention_ = true;
        deadline = 0;
    }
    /// Makes run() return after the instruction in progress: for a reset of the chip, and when the other core wakes.
    void yield() {
        limit_ = 0;
        yielded_ = true;
        deadline = 0;
    }
    /// The other core, which must yield when this one wakes: the one that is behind runs.
    Cpu* peer = nullptr;
    void set_irq(unsigned line, bool level, Cycles now);
    void set_nmi_mask(std::uint32_t mask, Cycles now);
    void systick_due(Cycles now);
    void receive_event(Cycles now);
    /// Accounts the sleep up to `now`.
    void account_sleep(Cycles now);

    std::uint32_t ppb_read(std::uint32_t offset, Cycles now);
    void ppb_write(std::uint32_t offset, std::uint32_t data, Cycles now);
    SystemControl& system() { return system_; }

    [[nodiscard]] CpuRegisters registers() const;
    void set_register(unsigned index, std::uint32_t data);
    void set_xpsr(std::uint32_t data);
    [[nodiscard]] CpuStop stop() const { return stop_; }
    void clear_stop() { stop_ = CpuStop::none; }
    [[nodiscard]] Cycles sleep_cycles() const { return sleep_cycles_; }
    /// Cycles lost to other bus masters.
    [[nodiscard]] Cycles bus_waits() const { return bus_waits_; }
    /// IPSR: 0 in Thread mode.
    [[nodiscard]] unsigned exception_number() const { return ipsr_; }
    [[nodiscard]] bool on_process_stack() const { return control_spsel_; }
    [[nodiscard]] const std::array<std::uint64_t, kExceptions>& exception_counts() const { return exception_counts_; }
    [[nodiscard]] std::uint64_t hardfaults() const { return exception_counts_[kHardFault]; }
    /// How often the HardFault handler has returned: kernels may take system calls there.
    [[nodiscard]] std::uint64_t hardfault_returns() const { return hardfault_returns_; }
    /// Oldest first.
    [[nodiscard]] std::vector<Transfer> recent_transfers() const;
    bool debugger_attached = false;  ///< BKPT stops the run instead of faulting,
    bool semihosting = false;        ///< and this one, BKPT 0xAB, without a debugger.
    bool catch_hard_fault = false;   ///< Entering the HardFault handler stops the run, before its first instruction.
    /// The last four faults, oldest first; a lockup is the second of two.
    [[nodiscard]] const std::vector<Fault>& faults() const { return faults_; }
    /// Active exceptions, nested ones included.
    [[nodiscard]] unsigned depth() const { return static_cast<unsigned>(__builtin_popcountll(system_.active())); }
    /// Executes an instruction at which a breakpoint lies, once.
    void pass_breakpoint();
    /// A breakpoint was taken away: the next one there stops again.
    void forget_breakpoint(std::uint32_t address) {
        if (resume_over_ == address) resume_over_ = 1;
    }

    void record(std::uint32_t from, std::uint32_t to) {
        transfers_[transfer_count_++ % transfers_.size()] = {from, to, cycles};
    }

    void save(StateWriter& out) const;
    void restore(StateReader& in);

  private:
    [[nodiscard]] std::uint32_t xpsr() const;
    [[nodiscard]] bool would_preempt(bool ignore_primask) const;
    void take_pending();
    void wake(Cycles now);
    void check_wake(Cycles now);
    void pending_changed(std::uint64_t before, Cycles now);
    void enter_exception(unsigned number, std::uint32_t return_address, Cycles at);
    void exception_return(std::uint32_t exc_return);
    void begin_handler(unsigned number, std::uint32_t lr);
    void go_to(std::uint32_t address);
    void use_stack(bool process);
    void lockup();
    /// A further HardFault locks the core up (B1.5.14).
    [[nodiscard]] bool beyond_hard_fault() const { return system_.is_active(kHardFault) || system_.is_active(kNmi); }
    // protection.cpp
    [[nodiscard]] bool privileged() const { return !control_npriv_ || ipsr_ != 0; }
    [[nodiscard]] bool may_access(std::uint32_t address, std::uint32_t bytes, AccessType type, bool privileged) const;
    [[nodiscard, gnu::noinline]] bool may_execute(const Op* at);
    void note_fault(FaultCause cause, std::uint32_t address, bool write);
    void execute_observed();
    void watch_round();
    [[nodiscard]] Cycles pass_rounds(Cycles now, Cycles until, Cycles round, std::uint64_t fetches) const;
    void execute_profiled();
    void after_access();
    [[nodiscard]] FaultCause refused(std::uint32_t address, unsigned bytes) const;
    // shared_bus.cpp
    void wait_for_bus(Cycles lost) {
        cycles += lost;
        bus_waits_ += lost;
    }
    /// An instruction that begins less than this before an event may still be on the bus when the DMA answers it.
    static constexpr Cycles kLongestInstruction = 16;
    /// Whether the next instruction may meet another master on the bus, or must be counted.
    [[nodiscard]] bool contends() const {
        if (peer->runnable() || crossbar_.dma_busy_until() > cycles || crossbar_.counting()) return true;
        return crossbar_.dma_active() && cycles + kLongestInstruction >= fabric_.events().next();
    }
    /// How far instructions may run in a chain.
    [[nodiscard]] Cycles next_deadline() const {
        const Cycles event = fabric_.events().next();
        return std::min(limit_, crossbar_.dma_active() ? event - std::min(event, kLongestInstruction) : event);
    }
    /// Whether instructions are executed on their own: others may be on the bus, or the MPU looks at each access.
    [[nodiscard]] bool one_by_one() const { return contends() || system_.mpu().enabled(); }
    void execute_one(const Op* at);
    [[nodiscard]] bool simple() const {
        return runnable() && stop_ == CpuStop::none && !attention_ && !profiler && !observer.active() &&
               !system_.mpu().enabled();
    }
    void execute_shared();
    bool run_shared();
    bool run_beside_dma();
    [[gnu::noinline]] Cycles wait_for_history(Cycles at, Port port);
    Cycles note_lost(Cycles lost);
    Cycles share_data(const Op* at);
    void let_pass(Cycles at, Port port);
    [[nodiscard]] bool enters_or_returns() const;
    [[nodiscard]] bool passes(Cycles at, Port port);
    void pass();
    /// Where no event may come before, so that a list of registers is not abandoned though it waits for its words.
    [[nodiscard]] Cycles undisturbed_until(std::uint32_t words) const { return cycles + 2 * words + 8; }
    [[nodiscard]] bool misses(const Op* at) const;
    void share_fetches(const Op* at, std::uint32_t address);
    [[nodiscard]] Cycles share_frame(std::uint32_t frame, Cycles at);
    [[nodiscard]] Cycles share_vector(std::uint32_t entry, Cycles at);

    Fabric& fabric_;
    Bus& bus_;
    Crossbar& crossbar_;
    unsigned core_;
    Cycles yields_at_;
    SystemControl system_;
    struct Poll {
        const Op* at = nullptr;  ///< The branch that ended the last round; null unless nothing has come between.
        Cycles since = 0;        ///< Begin of the round.
        Cycles steady = 0;       ///< What it has read is the same until then.
        std::uint64_t fetches = 0, hits = 0;  ///< The XIP cache's counters at its begin.
    } poll_;
    bool watch_round_ = false;    ///< The loop that waits has other branches in it.
    unsigned poll_patience_ = 0;  ///< Rounds for which it is not looked at.
    Cycles limit_ = 0;
    bool accessing_ = false;  ///< In the midst of an instruction it lets the other core pass.
    bool yielded_ = false;    ///< limit_ stays 0 until the next run().
    /// While it lives no chain of instructions goes on by limit_.
    class Unchained {
      public:
        explicit Unchained(Cpu& cpu) : cpu_(cpu), limit_(std::exchange(cpu.limit_, 0)) {}
        ~Unchained() { cpu_.limit_ = cpu_.yielded_ ? 0 : limit_; }
        Unchained(const Unchained&) = delete;
        Unchained& operator=(const Unchained&) = delete;

      private:
        Cpu& cpu_;
        Cycles limit_;
    };
    unsigned ipsr_ = 0;
    std::uint32_t other_sp_ = 0;  ///< The banked stack pointer not in r[13].
    bool primask_ = false, control_spsel_ = false, control_npriv_ = false;
    bool thumb_ = true;
    bool attention_ = true, asleep_ = false, waiting_for_event_ = false, event_register_ = false, held_ = false;
    Cycles sleep_start_ = 0, sleep_cycles_ = 0, bus_waits_ = 0;
    CpuStop stop_ = CpuStop::none;
    std::uint32_t resume_over_ = 1;  ///< Breakpoint address to pass once; odd: none.
    std::array<std::uint64_t, kExceptions> exception_counts_{};
    std::uint64_t hardfault_returns_ = 0;
    /// More than recent_transfers() tells of: those of instructions that are taken back overwrite older ones.
    std::array<Transfer, 128> transfers_{};
    std::uint64_t transfer_count_ = 0;
    std::vector<Fault> faults_;
    std::unique_ptr<DecodedPage> unmapped_ = std::make_unique<DecodedPage>();  ///< Where nothing can be fetched.
};

}  // namespace rp2040
