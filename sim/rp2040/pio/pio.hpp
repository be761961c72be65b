// One PIO block: four state machines, shared program memory, IRQ flags, FIFOs (datasheet chapter 3).
//
// Execution is lazy. The block runs up to a cycle when a register, a pin or a FIFO is looked at, and schedules an
// event no later than the first cycle in which it could change a FIFO level, an interrupt or a pin somebody waits for.
// Timing within a cycle: a state machine that ticks in cycle c reads what was there at the start of c; its pins change
// at the pads in c + 1, and a register stands before its inputs: it sees pads of c - 1, behind the synchronisers of
// c - 3 (raspberrypi/pico-feedback#280). A register read in c sees ticks before c, a register write acts after tick c.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "base/peripheral.hpp"
#include "base/signal_recorder.hpp"
#include "io/pin_matrix.hpp"
#include "pio/decoded.hpp"
#include "pio/state.hpp"

namespace rp2040 {

class Dma;

class Pio final : public StatefulPeripheral<PioState>, public TimedDriver {
  public:
    /// `index` is 0 or 1.
    Pio(Fabric& fabric, PinMatrix& pins, unsigned index);
    std::uint32_t read(std::uint32_t offset) override;
    std::uint32_t peek(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
    void write_alias(std::uint32_t offset, std::uint32_t value, unsigned alias) override;
    [[nodiscard]] Cycles steady_until(std::uint32_t offset) const override;
    void reset() override;
    void restore(StateReader& in) override;

    /// Records the program counters of the state machines; null stops it.
    void record_to(SignalRecorder* recorder) {
        recorder_ = recorder;
        plan();
    }
    /// Records where state machine `index` is now.
    void record_present(unsigned index, Cycles now) {
        if (recorder_ != nullptr) recorder_->record(now, signal::kPioPc + 4 * index_ + index, s_.sm[index].pc);
    }

    /// Whether its only work is to fill words from a pin.
    [[nodiscard]] bool streams() const;
    /// Does such work before cycle `until` together, and gives the words to a DMA channel that waits for them. Nobody
    /// but this block and the DMA may act before `until`.
    void stream(Cycles until, Dma& dma);

    // recurrence.cpp: states that come again
    struct Recurrence {
        using Levels = std::array<std::uint32_t, 5>;  ///< As far back as instructions see, and one more.
        PioState state;
        Cycles cycle;   ///< What comes before it has been done.
        Levels levels;  ///< Of the inputs in it and in the cycles before.
    };
    [[nodiscard]] bool enabled() const {
        return std::any_of(s_.sm.begin(), s_.sm.end(), [](const PioMachine& m) { return m.enabled; });
    }
    /// The state before cycle `cycle`, if what the block does depends on no word that it gets, and nobody sees it.
    [[nodiscard]] std::optional<Recurrence> begin_stream(Cycles cycle);
    /// Whether it is the same before `cycle`, but for those words, with nothing in them that anybody could learn of.
    [[nodiscard]] bool stream_recurs(const Recurrence& before, Cycles cycle);
    /// What has been done since, and before `now`, has been done again for so many cycles; FIFOs hold words of before.
    void repeat_stream(const Recurrence& before, Cycles now, Cycles cycles);

    /// Somebody will wait for levels of its FIFOs, who has not until now.
    void levels_heard();

    // TimedDriver
    void catch_up(Cycles until) override;
    [[nodiscard]] Cycles next_step() const override { return next_; }
    [[nodiscard]] std::uint32_t waited_pins() const override { return waited_pins_; }
    [[nodiscard]] bool reads_pins() const override;
    void wake(Cycles when) override;
    void plan() override;
    void clocks_changed() override;

  private:
    static constexpr Cycles kInputStage = 1;  ///< Between the inputs' mapping and the state machines.
    struct Effects;
    using Code = std::array<PioInstruction, 32>;

    // run.cpp: time
    void run_alone(unsigned index);
    void step_alone(PioMachine& m, unsigned index);
    void step(PioMachine& m, unsigned index);
    // run_unseen.cpp: the same for pins that nobody sees
    [[nodiscard]] bool runs_unseen(unsigned index) const;
    void run_unseen(PioMachine& m, unsigned index);
    void run_to(Cycles bound);
    [[nodiscard]] Cycles limit() const { return std::min(pins_.horizon(), bound_); }
    [[nodiscard]] Cycles horizon() const { return std::min(limit(), rest_end_); }
    // counting.cpp
    void rest(PioMachine& m, unsigned index, unsigned pc);
    void rest_on();
    void forget_loops() { looping_.fill(kNotLooping); }
    // recurrence.cpp
    [[nodiscard]] std::uint32_t reached() const;
    [[nodiscard]] bool unseen() const;
    [[nodiscard]] PioDependence dependence() const;
    [[nodiscard]] bool may_recur() const;
    [[nodiscard]] Recurrence::Levels levels_at(Cycles cycle) const;
    [[nodiscard]] Recurrence state_at(Cycles cycle) const;
    [[nodiscard]] bool recurs(const Recurrence& before, Cycles cycle, const PioDependence& dependence,
                              bool words) const;
    void pass_over(const Recurrence& before, Cycles now, Cycles cycles);
    void run_recurring();
    // quiet.cpp: programs that show nothing
    void note_quiet(Cycles now);
    void stir();
    [[nodiscard]] std::uint32_t asked_pins() const;
    [[nodiscard]] bool may_settle(std::uint32_t asked) const;
    // run_loop.cpp: rounds together
    struct Rounds {
        PinMatrix::LoopWatch watch;
        int edge_step = -1;       ///< The step at which the watcher answers.
        std::uint32_t moved = 0;  ///< Outputs that go up and down in a round.
    };
    [[nodiscard]] bool at_round(const PioMachine& m, unsigned index) const;
    [[nodiscard]] bool begin_rounds(const PioMachine& m, unsigned index, Rounds& rounds) const;
    void do_rounds(PioMachine& m, unsigned index, const Rounds& rounds, std::uint64_t count, Dma* dma);
    bool run_loop(PioMachine& m, unsigned index);
    void stream_rounds(unsigned index, Cycles until, Dma& dma);
    void stream_steps(unsigned index, Cycles until, Dma& dma);
    [[nodiscard]] std::uint32_t rx_address(unsigned index) const;
    [[nodiscard]] Dreq rx_dreq(unsigned index) const { return static_cast<Dreq>(8 * index_ + 4 + index); }
    void clock_switches() override;
    void run_cycle(Cycles cycle);
    void tick(PioMachine& m, unsigned index, Effects& fx);
    void run_forced(PioMachine& m, unsigned index, Cycles cycle, Effects& fx);
    /// Runs an instruction from SMx_INSTR in a cycle that is over for everything else.
    void force(PioMachine& m, unsigned index, Cycles cycle);
    static void assert_sticky(const PioMachine& m, Effects& fx);
    static void set_side(const PioInstruction& in, Effects& fx);
    /// The instruction in which the machine stalls without being run until something wakes it; null if it does not.
    [[nodiscard]] const PioInstruction* stalled_in(const PioMachine& m, unsigned index) const;
    [[nodiscard]] bool assert_stalled(unsigned index, Cycles cycle, Effects& fx) const;
    void reassert_stalled(const Effects& fx, Cycles cycle);
    void apply(const Effects& fx, Cycles cycle);
    void move_pins(std::uint32_t out, std::uint32_t oe, Cycles cycle);
    void update_next();
    [[nodiscard]] std::uint64_t tick_after(const PioMachine& m, Cycles after) const;
    void rouse(PioMachine& m, Cycles after);
    void try_again(PioMachine& m, Cycles after);
    void wake_stalled(PioStall reason, Cycles after);
    void enter(PioMachine& m);
    [[nodiscard]] static bool status(const PioMachine& m);
    [[nodiscard]] const PioHorizon& horizon_of(unsigned index) const {
        return horizon_[index][status(s_.sm[index]) ? 1 : 0];
    }
    [[nodiscard]] Cycles visible_from(unsigned index, Cycles others, bool awaited, bool levels) const;
    [[nodiscard]] Cycles seen_from(bool awaited, bool levels) const;
    // unheard.cpp: FIFOs of whose levels nobody must learn at once
    [[nodiscard]] bool hears_levels() const;
    [[nodiscard]] bool shows_nothing() const;
    [[nodiscard]] Cycles levels_until() const;
    [[nodiscard]] Cycles stalls_from(unsigned index) const;
    [[nodiscard]] Cycles stalls_until() const;
    void acted_on_fifo();
    [[nodiscard]] bool waits_for_word(unsigned index) const;

    // execute.cpp: instructions
    bool execute(PioMachine& m, unsigned index, const PioInstruction& in, Cycles cycle, Effects& fx, bool advance);
    bool shift_in(PioMachine& m, unsigned index, std::uint32_t data, unsigned bits);
    bool push(PioMachine& m, unsigned index, const PioInstruction& in);
    bool pull(PioMachine& m, unsigned index, const PioInstruction& in);
    bool out(PioMachine& m, unsigned index, const PioInstruction& in, Effects& fx, bool& advance);
    void mov(PioMachine& m, const PioInstruction& in, Cycles cycle, Effects& fx, bool& advance);
    [[nodiscard]] std::uint32_t seen_pins(Cycles cycle) const;
    [[nodiscard]] std::uint32_t read_pins(const PioMachine& m, Cycles cycle) const;
    static void write_pins(PioMachine& m, std::uint32_t data, Effects& fx, bool inline_enable);
    static void write_dirs(PioMachine& m, std::uint32_t data, Effects& fx);
    [[nodiscard]] std::uint32_t mov_source(const PioMachine& m, const PioInstruction& in, Cycles cycle) const;
    void refill(PioMachine& m, unsigned index);

    // fifo.cpp
    [[nodiscard]] EventId event() const { return index_ == 0 ? EventId::pio0 : EventId::pio1; }
    [[nodiscard]] bool event_due() const;
    [[nodiscard]] bool indifferent(unsigned index, const PioFifo& fifo) const;
    std::uint32_t pop_rx(unsigned index, Cycles now);
    [[nodiscard]] bool push_behind(unsigned index, std::uint32_t value);
    void push_tx(unsigned index, std::uint32_t value, Cycles now);
    void join_fifos(unsigned index);
    void tx_changed(unsigned index);
    void rx_changed(unsigned index);
    // plan.cpp
    void refresh();
    // programs.cpp: what is known of programs that have run before
    struct ProgramKey {
        std::array<std::uint16_t, 32> memory{};
        std::uint32_t execctrl = 0, shiftctrl = 0, pinctrl = 0;
        std::uint8_t index = 0, entered = 0;
        bool used = false;
        bool operator==(const ProgramKey&) const = default;
    };
    struct Program;
    struct Programs;
    struct ForgetPrograms {
        void operator()(Programs* programs) const;
    };
    void derive(unsigned index);
    void derive_or_recall(unsigned index);
    [[nodiscard]] ProgramKey key_of(unsigned index) const;

    // pio.cpp: registers
    void write_ctrl(std::uint32_t value, Cycles now);
    void write_clkdiv(unsigned index, std::uint32_t value, Cycles now);
    void replan();
    [[nodiscard]] static bool changes_in_events(std::uint32_t offset);
    void write_machine(unsigned index, unsigned reg, std::uint32_t value, Cycles now);
    [[nodiscard]] std::uint32_t read_machine(unsigned index, unsigned reg) const;
    [[nodiscard]] std::uint32_t read_register(std::uint32_t offset) const;
    void restart(PioMachine& m);
    [[nodiscard]] std::uint32_t intr() const;
    void update_irq();

    void note_pc(const PioMachine& m, unsigned index, Cycles cycle) {
        if (recorder_ != nullptr) recorder_->record(cycle + 1, signal::kPioPc + 4 * index_ + index, m.pc);
    }

    SignalRecorder* recorder_ = nullptr;
    Dma* sink_ = nullptr;  ///< Takes words as they come while stream_steps() runs.
    PinMatrix& pins_;
    unsigned index_;
    PinFunction function_;

    // Derived from the state; rebuilt after register writes and restore().
    std::array<Code, 4> code_{};
    PioInstruction injected_;                  // From OUT EXEC or MOV EXEC.
    std::array<PioInstruction, 4> stalled_{};  // Forced or injected ones that stall, for their side-set.
    std::array<std::uint32_t, 4> reach_{};     // Pins that a machine's instructions can write.
    std::array<bool, 4> asks_levels_{};        // Whether it could depend on the levels of its FIFOs what it does.
    std::array<bool, 4> computes_jumps_{};
    std::array<std::array<PioHorizon, 2>, 4> horizon_{};  // While STATUS is all zeros, and all ones.
    std::array<PioLoop, 4> loop_{};
    std::array<PioCountings, 4> countings_{};
    std::unique_ptr<Programs, ForgetPrograms> programs_;
    static constexpr std::uint8_t kNotLooping = 0xff;
    std::array<std::uint8_t, 4> looping_{};   // The end of the delay loop to whose head a machine has just jumped back.
    std::array<std::uint32_t, 4> divider_{};  // In 1/256 cycles.
    Cycles bound_ = kNever;                   // run_to()'s
    std::optional<Recurrence> quiet_since_;   // A state since which nothing has been shown, and the pins asked
    std::uint32_t asked_ = 0;                 // Those, before the block has settled.
    unsigned quiet_events_ = 0;               // have not changed; events since anything has.
    Cycles period_ = 0, period_search_ = 0;   // Of the last recurrence, 0 if none is known; the longest looked for.
    std::uint8_t code_dirty_ = 0xf;
    std::uint8_t horizon_dirty_ = 0xf;
    bool any_sticky_ = false;
    std::uint32_t waited_pins_ = 0;
    std::uint8_t side_setters_ = 0;  // Machines whose instructions may have a side-set.
    std::uint8_t dozing_ = 0;        // Machines that began to wait for a pin in this cycle.
    Cycles next_ = kNever;
    int alone_ = -1;            // The only machine that ticks, up to rest_end_ at least, or -1.
    bool solo_ = false;         // Not more than one ticks at all.
    std::uint8_t resting_ = 0;  // Machines that rest (counting.cpp), while run_to() runs.
    Cycles rest_end_ = kNever;  // When the first of them goes on.
    bool roused_ = false;       // A machine woke while others ran.
    std::array<bool, 2> line_{};
    bool unheard_ = false;             // No event comes for the levels of FIFOs: who asks for them looks.
    bool silent_ = false;              // No event comes at all, whatever FIFOs get and lose.
    mutable Cycles levels_until_ = 0;  // Up to which the levels stay as they are, if nobody acts; 0: not known.
};

}  // namespace rp2040
