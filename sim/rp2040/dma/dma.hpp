// DMA controller: 12 channels, separate read and write masters (datasheet 2.5).
//
// A transfer has four phases, which overlap with those of others but follow each other: read address, read data, write
// address, write data (raspberrypi/pico-feedback#202). A channel that may transfer from cycle c on is read in c + 1 and
// written in c + 3; one word a cycle goes through. The scheduler's dma event is a cycle in which one of the two masters
// begins or ends an access. Nothing is scheduled while no channel may transfer.
#pragma once

#include <array>
#include <functional>

#include "base/peripheral.hpp"
#include "base/signal_recorder.hpp"
#include "dma/sniffer.hpp"
#include "regs/dma.hpp"

namespace rp2040 {

inline constexpr unsigned kDmaChannels = regs::kDma["CH%_CTRL_TRIG"].count;

/// What the chip tells the DMA about the rest of the bus; the defaults describe an uncontended one.
class DmaBus {
  public:
    virtual ~DmaBus() = default;
    /// Called for each access before it is made; returns its wait states beyond the first cycle (bank taken by
    /// another master in `cycle`, APB bridge, XIP miss).
    /// The default knows the APB bridge only: 3 cycles a read, 4 a write (datasheet 2.1.3).
    virtual Cycles access(Cycles cycle, std::uint32_t address, bool is_write);
    /// Some channel is busy, or none any more.
    virtual void transfers_pending(bool) {}
};

struct DmaState {
    struct Channel {
        std::uint32_t read_addr = 0, write_addr = 0, trans_count = 0, reload = 0;
        std::uint32_t ctrl = 0;
        bool busy = false;
        std::uint32_t unread = 0;     // Transfers of the sequence whose read has not been issued.
        std::uint32_t in_flight = 0;  // Read but not yet written.
        std::uint32_t credits = 0;    // Transfers requested by pulses (timers, PWM wraps), at most 63.
        Cycles ready = 0;             // First cycle in which it may be read.
    };
    /// A word between its read and its write.
    struct Word {
        bool last = false;
        std::uint8_t channel = 0;
        std::uint32_t data = 0;
        Cycles due = 0;  // First cycle in which it may be written.
    };
    /// An access that has its port and waits for its data phase to end.
    struct Access {
        bool under_way = false;
        bool last = false;
        std::uint8_t channel = 0;
        std::uint32_t address = 0;
        Cycles due = 0;
    };
    struct Timer {
        std::uint32_t xy = 0;
        std::uint32_t phase = 0;
        Cycles at = 0;  // Cycle up to which `phase` has counted.
        // X pulses in Y cycles, at most one a cycle.
        [[nodiscard]] std::uint32_t x() const { return xy >> 16; }
        [[nodiscard]] std::uint32_t y() const { return xy & 0xffff; }
        [[nodiscard]] bool runs() const { return x() != 0 && y() != 0; }
        /// From `at` to the next pulse, if it runs.
        [[nodiscard]] Cycles cycles_to_pulse() const {
            return x() >= y() ? 1 : x() == 1 ? y() - phase : (y() - phase + x() - 1) / x();
        }
        /// Counts on to cycle `now`, if it runs: the pulses until then.
        std::uint64_t advance(Cycles now) {
            const Cycles elapsed = now - at;
            at = now;
            if (x() >= y()) return elapsed;
            const std::uint64_t total = phase + std::uint64_t{x()} * elapsed, every = y();
            const std::uint64_t pulses = total < every ? 0 : total < 2 * every ? 1 : total / every;
            phase = static_cast<std::uint32_t>(total - pulses * every);
            return pulses;
        }
    };
    std::array<Channel, kDmaChannels> channel{};
    std::array<Word, 3> word{};  // Oldest first. How many the chip holds is not documented.
    std::uint32_t words = 0;
    Access reading{}, writing{};
    std::array<Timer, 4> timer{};
    std::array<std::uint32_t, 40> level{};  // Transfers that each DREQ could satisfy.
    std::uint32_t intr = 0;
    std::array<std::uint32_t, 2> inte{}, intf{};
    SnifferState sniffer{};
    std::uint32_t finished = 0;                 // Sequences that have come to their end.
    std::uint32_t next_high = 0, next_low = 0;  // Where the round robin goes on.
    Cycles read_free = 0, write_free = 0;       // First cycle in which each master can start an access.
};

class Dma final : public StatefulPeripheral<DmaState> {
  public:
    explicit Dma(Fabric& fabric);
    std::uint32_t read(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
    /// All that it does it does in its events.
    [[nodiscard]] Cycles steady_until(std::uint32_t) const override { return kNever; }
    void reset() override;
    void restore(StateReader& in) override;

    /// Fabric::set_dreq ends here: transfers that `dreq` could satisfy now. PWM wraps count as one request each.
    void set_dreq(Dreq dreq, std::uint32_t transfers);
    void set_bus(DmaBus& bus) { bus_ = &bus; }

    /// Another master has won a cycle that a read or write was granted already: what follows moves by `cycles`.
    void delay(bool is_write, Cycles cycles);
    /// If all that it has to do before `before` is to write one word to SRAM, does so; true if it is at rest then.
    bool finish_word(Cycles before);
    /// Words that the channel which waits for `dreq`, and reads them at `address`, could take one by one into SRAM with
    /// nothing else to see of it: its last transfer is not among them.
    [[nodiscard]] std::uint32_t words_to_take(Dreq dreq, std::uint32_t address) const;
    /// Takes a word that has come into the FIFO in cycle `pushed`, in the cycles in which step() would have.
    void take_word(Dreq dreq, std::uint32_t word, Cycles pushed);

    // words.hpp: one channel that moves words between banks of SRAM beside a core (cpu/beside_dma.cpp), which does step
    // by step what its events would.
    /// Whether that is all it does for now; end_moving() must follow.
    [[nodiscard]] bool begin_moving();
    /// When the next step is due.
    [[nodiscard]] Cycles moving_due() const { return due_; }
    /// Makes the step that is due; false: its event must. `banks` is memory and the ports to it.
    template <class Banks>
    [[nodiscard]] bool move(Banks& banks);
    void end_moving();

    // recurrence.cpp: transfers between PIO FIFOs and memory that go on as they went.
    [[nodiscard]] const DmaState& state() const { return s_; }
    /// Whether all is in cycle `now` as it was in cycle `then`, but for what has been transferred.
    [[nodiscard]] bool recurs(const DmaState& before, Cycles then, Cycles now) const;
    /// How often what was transferred since could be so again before cycle `until` with nothing else to see of it, when
    /// it takes `period` cycles. Some words are left, after which nothing of what FIFOs hold is from before.
    [[nodiscard]] std::uint64_t repeats(const DmaState& before, Cycles now, Cycles period, Cycles until) const;
    /// It is: what FIFOs gave has been given again, what they took has not been looked at.
    void repeat(const DmaState& before, Cycles period, std::uint64_t times);

    /// Records channels' activity; null stops it.
    void record_to(SignalRecorder* recorder) { recorder_ = recorder; }
    [[nodiscard]] bool busy(unsigned channel) const { return s_.channel[channel].busy; }
    /// Erratum RP2040-E13: aborting a channel with transfers in flight raises its interrupt. On from the start.
    void set_abort_interrupts(bool on) { abort_interrupts_ = on; }
    /// Whether some channel has transfers to make.
    [[nodiscard]] bool active() const { return pending_; }
    void clocks_changed() override { schedule(); }
    /// Called with the PWM slices whose wrap paces a busy channel whenever that set changes (Pwm::watch_wraps).
    void set_pwm_listener(std::function<void(std::uint8_t)> listener) { pwm_listener_ = std::move(listener); }
    /// Called before a channel begins to be paced by a PIO block that has paced none.
    void set_pio_listener(std::function<void()> listener) { pio_listener_ = std::move(listener); }
    /// Requests of the PIO blocks that pace busy channels, a bit each.
    [[nodiscard]] std::uint32_t paced_by_pio() const { return paced_by_pio_; }

  private:
    template <bool is_write, class Banks>
    void begin_to_move(DmaState::Channel& c, Cycles now, Banks& banks);
    template <class Banks>
    void read_moved(Cycles now, Banks& banks);
    template <class Banks>
    void write_moved(DmaState::Channel& c, Banks& banks);
    [[nodiscard]] Cycles next_move(Cycles earliest) const;
    static constexpr std::uint32_t kToSettle = 32;  ///< Words that repeats() leaves.
    void clock_switches() override;
    using Channel = DmaState::Channel;
    void step(Cycles now);
    void begin_read(Cycles now);
    void end_read(Cycles now);
    void begin_write(Cycles now);
    void end_write(Cycles now);
    void complete_empty(Cycles now);
    void trigger(unsigned index, Cycles from);
    void finish(unsigned index, Cycles from);
    void fail(unsigned index, std::uint32_t error);
    void abort(std::uint32_t channels);
    void drop_words(unsigned index);
    void write_channel(unsigned index, unsigned reg, std::uint32_t value);
    void write_ctrl(unsigned index, std::uint32_t value);
    void null_trigger(unsigned index, std::uint32_t ctrl);
    void set_timer(unsigned index, std::uint32_t value);
    [[nodiscard]] std::uint32_t read_channel(unsigned index, unsigned reg) const;
    [[nodiscard]] std::uint32_t read_sniff_data() const;
    [[nodiscard]] bool requested(const Channel& c) const;
    [[nodiscard]] bool eligible(const Channel& c, Cycles now) const;
    void give_credit(unsigned treq, std::uint32_t count, Cycles ready);
    void advance_timers(Cycles now);
    void note_timers();
    [[nodiscard]] int pick(Cycles now);
    void schedule();
    void update_irq();
    void report_pacing();
    void hear_pio(std::uint32_t ctrl);

    /// Calls `act` with the number of each busy channel.
    template <class Act>
    void for_busy(Act&& act) const {
        for (std::uint32_t left = busy_; left != 0; left &= left - 1) act(static_cast<unsigned>(__builtin_ctz(left)));
    }
    void set_busy(unsigned index, bool busy, Cycles when);

    SignalRecorder* recorder_ = nullptr;
    DmaBus uncontended_;
    DmaBus* bus_ = &uncontended_;
    bool abort_interrupts_ = true;  ///< Part of the chip, not of the state.
    bool stepping_ = false;
    std::uint32_t busy_ = 0;  ///< Channels, a bit each; derived.
    bool timers_run_ = false;
    bool pending_ = false;
    /// While words are moved beside a core: the channel, and what its registers say of each word.
    struct Mover {
        unsigned index;
        std::uint32_t bytes, offset_mask;         ///< Of addresses that are aligned.
        std::array<std::uint32_t, 2> step, ring;  ///< For reads and writes; bits that count.
        DmaState::Timer* timer;                   ///< That paces it; null: nothing does.
        bool high;
    } mover_{};
    bool moving_ = false;
    Cycles due_ = kNever;  ///< The next step,
    Cycles stepped_ = 0;   ///< and the last one; 0: none yet.
    std::array<bool, 2> line_{};
    std::function<void(std::uint8_t)> pwm_listener_;
    std::uint8_t pwm_slices_ = 0;
    std::function<void()> pio_listener_;
    std::uint32_t paced_by_pio_ = 0;
};

}  // namespace rp2040
