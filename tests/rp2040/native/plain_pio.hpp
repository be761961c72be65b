// Two PIO blocks that do everything in every cycle: slow, obvious, and written apart from sim's. Nothing sleeps,
// nothing is decoded in advance, nothing is put off.
//
// Conventions (datasheet 3.5): what executes in cycle c reads the state at the start of c; its pins are at the pads in
// c + 1; inputs are the pads of c - 1, those of c - 3 behind the synchronisers; the side-set of a stalled instruction
// acts in every tick.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <optional>

namespace plain {

using Word = std::uint32_t;
inline constexpr Word kPins = (1u << 30) - 1;

constexpr Word bits_of(Word word, unsigned low, unsigned count) { return word >> low & ((1u << count) - 1); }
constexpr Word low_bits(unsigned n) { return n >= 32 ? ~0u : (1u << n) - 1; }

/// `count` pins from `base` on, wrapping after pin 31.
struct Field {
    Word mask = 0, value = 0;
    Field(Word data, unsigned count, unsigned base) {
        for (unsigned n = 0; n < count; ++n) {
            const unsigned pin = (base + n) % 32;
            mask |= 1u << pin;
            value |= (data >> n & 1) << pin;
        }
        mask &= kPins;
        value &= kPins;
    }
};

struct Machine {
    Word clkdiv = 0x00010000, execctrl = 0x0001f000, shiftctrl = 0x000c0000, pinctrl = 0x14000000;
    Word x = 0, y = 0, isr = 0, osr = 0;
    unsigned isr_count = 0, osr_count = 32, pc = 0, delay = 0;
    bool enabled = false, irq_raised = false, forced_raised = false;
    std::optional<Word> exec, forced;
    std::uint64_t origin = 0;
    std::deque<Word> tx, rx;

    [[nodiscard]] std::uint64_t divider() const {
        const Word whole = clkdiv >> 16;
        return whole == 0 ? 65536u << 8 : whole << 8 | bits_of(clkdiv, 8, 8);
    }
    /// First-order accumulator: tick k falls at origin + floor(k * divider / 256).
    [[nodiscard]] bool ticks_in(std::uint64_t cycle) const {
        if (cycle < origin) return false;
        const std::uint64_t elapsed = cycle - origin;
        const std::uint64_t k = (elapsed * 256 + divider() - 1) / divider();
        return k * divider() / 256 == elapsed;
    }
    [[nodiscard]] std::size_t tx_depth() const { return shiftctrl >> 31 ? 0 : shiftctrl >> 30 & 1 ? 8 : 4; }
    [[nodiscard]] std::size_t rx_depth() const { return shiftctrl >> 30 & 1 ? 0 : shiftctrl >> 31 ? 8 : 4; }
    [[nodiscard]] unsigned pull_at() const { return threshold(bits_of(shiftctrl, 25, 5)); }
    [[nodiscard]] unsigned push_at() const { return threshold(bits_of(shiftctrl, 20, 5)); }
    [[nodiscard]] bool autopull() const { return shiftctrl >> 17 & 1; }
    [[nodiscard]] bool autopush() const { return shiftctrl >> 16 & 1; }
    [[nodiscard]] unsigned side_bits() const { return std::min(bits_of(pinctrl, 29, 3), 5u); }
    static unsigned threshold(Word value) { return value == 0 ? 32 : value; }
};

class Block {
  public:
    std::array<Machine, 4> sm;
    std::array<Word, 32> memory{};
    Word irq = 0, fdebug = 0, bypass = 0, out = 0, oe = 0;

    /// The machines' work in `cycle`; effects on shared state land at its end.
    void execute(std::uint64_t cycle, Word synchronised, Word direct) {
        inputs_ = (synchronised & ~bypass) | (direct & bypass);
        new_out_ = out;
        new_oe_ = oe;
        irq_set_ = irq_clear_ = 0;
        for (unsigned index = 0; index < 4; ++index) {
            Machine& m = sm[index];
            if (m.forced) {
                run_forced(m, index);
                if (m.enabled && m.delay != 0 && m.ticks_in(cycle)) --m.delay;
            } else if (m.enabled && m.ticks_in(cycle)) {
                tick(m, index);
            }
        }
        out = new_out_;
        oe = new_oe_;
        irq = (irq & ~irq_clear_) | irq_set_;
    }

    // What a bus master sees and does.
    void put(unsigned index, Word word) {
        Machine& m = sm[index];
        if (m.tx.size() >= m.tx_depth())
            fdebug |= 1u << (16 + index);
        else
            m.tx.push_back(word);
    }
    [[nodiscard]] Word flevel() const {
        Word word = 0;
        for (unsigned n = 0; n < 4; ++n) word |= static_cast<Word>(sm[n].tx.size() | sm[n].rx.size() << 4) << 8 * n;
        return word;
    }
    [[nodiscard]] Word intr() const {
        Word word = (irq & 0xf) << 8;
        for (unsigned n = 0; n < 4; ++n)
            word |= (sm[n].rx.empty() ? 0u : 1u << n) | (sm[n].tx.size() < sm[n].tx_depth() ? 1u << (4 + n) : 0u);
        return word;
    }

  private:
    void run_forced(Machine& m, unsigned index) {
        const Word code = *m.forced;
        const unsigned pc = m.pc;
        std::swap(m.irq_raised, m.forced_raised);
        const bool done = instruction(m, index, code, false);
        std::swap(m.irq_raised, m.forced_raised);
        if (code >> 13 == 0 || m.pc != pc) m.irq_raised = false;
        side_set(m, code);
        if (done) m.forced.reset();
    }

    void tick(Machine& m, unsigned index) {
        if (m.delay != 0) {
            --m.delay;
            refill(m);
            return;
        }
        const bool from_exec = m.exec.has_value();
        const Word code = from_exec ? *m.exec : memory[m.pc];
        m.exec.reset();
        const bool done = instruction(m, index, code, !from_exec);
        side_set(m, code);
        if (code >> 13 != 3) refill(m);
        if (!done) {
            if (from_exec) m.exec = code;
        } else if (!m.exec) {
            m.delay = bits_of(code, 8, 5) & low_bits(5 - m.side_bits());
        }
    }

    static void refill(Machine& m) {
        if (!m.autopull() || m.osr_count < m.pull_at() || m.tx.empty()) return;
        pull_word(m);
    }
    static void pull_word(Machine& m) {
        m.osr = m.tx.front();
        m.tx.pop_front();
        m.osr_count = 0;
    }

    void side_set(const Machine& m, Word code) {
        unsigned count = m.side_bits();
        if (count == 0) return;
        const Word data = bits_of(code, 8, 5) >> (5 - count);
        if ((m.execctrl >> 30 & 1) != 0 && (data >> --count & 1) == 0) return;
        write(Field(data, count, bits_of(m.pinctrl, 10, 5)), (m.execctrl >> 29 & 1) != 0);
    }
    void write(const Field& f, bool directions) {
        Word& target = directions ? new_oe_ : new_out_;
        target = (target & ~f.mask) | f.value;
    }
    static Field out_field(const Machine& m, Word data) {
        return {data, bits_of(m.pinctrl, 20, 6), bits_of(m.pinctrl, 0, 5)};
    }

    /// Executes `code`; false when it stalls.
    bool instruction(Machine& m, unsigned index, Word code, bool advance) {
        const unsigned arg = bits_of(code, 5, 3), low = code & 31;
        const unsigned flag = (low & 16) != 0 ? (low & 4) | ((low + index) & 3) : low & 7;
        std::optional<unsigned> target;
        bool done = true;
        switch (code >> 13) {
            case 0: target = jump(m, arg, low); break;
            case 1: done = wait(m, code >> 7 & 1, arg & 3, low, flag); break;
            case 2: done = in(m, index, arg, low == 0 ? 32 : low); break;
            case 3: done = shift_out(m, index, arg, low == 0 ? 32 : low, target); break;
            case 4: done = (code >> 7 & 1) != 0 ? pull(m, index, code) : push(m, index, code); break;
            case 5: target = move(m, arg, low); break;
            case 6: done = interrupt(m, code, flag); break;
            default: set(m, arg, low); break;
        }
        if (!done) return false;
        if (target)
            m.pc = *target;
        else if (advance)
            m.pc = m.pc == bits_of(m.execctrl, 12, 5) ? bits_of(m.execctrl, 7, 5) : (m.pc + 1) % 32;
        return true;
    }

    std::optional<unsigned> jump(Machine& m, unsigned condition, unsigned address) const {
        const Word x = m.x, y = m.y;
        if (condition == 2) --m.x;
        if (condition == 4) --m.y;
        const bool pin = (inputs_ >> bits_of(m.execctrl, 24, 5) & 1) != 0;
        const bool taken[] = {true, x == 0, x != 0, y == 0, y != 0, x != y, pin, m.osr_count < m.pull_at()};
        return taken[condition] ? std::optional(address) : std::nullopt;
    }
    bool wait(const Machine& m, unsigned polarity, unsigned source, unsigned low, unsigned flag) {
        if (source == 3) return true;
        if (source == 2) {
            if ((irq >> flag & 1) != polarity) return false;
            if (polarity != 0) irq_clear_ |= 1u << flag;
            return true;
        }
        const unsigned pin = (low + (source == 1 ? bits_of(m.pinctrl, 15, 5) : 0)) % 32;
        return (inputs_ >> pin & 1) == polarity;
    }
    bool in(Machine& m, unsigned index, unsigned source, unsigned bits) {
        if (source == 4 || source == 5) return true;
        const Word data = value_of(m, source) & low_bits(bits);
        const std::uint64_t right = (std::uint64_t{data} << 32 | m.isr) >> bits;
        const std::uint64_t left = std::uint64_t{m.isr} << bits | data;
        const Word isr = static_cast<Word>((m.shiftctrl >> 18 & 1) != 0 ? right : left);
        const unsigned count = std::min(32u, m.isr_count + bits);
        if (!m.autopush() || count < m.push_at()) {
            m.isr = isr;
            m.isr_count = count;
            return true;
        }
        if (m.rx.size() >= m.rx_depth()) {
            fdebug |= 1u << index;
            return false;
        }
        m.rx.push_back(isr);
        m.isr = m.isr_count = 0;
        return true;
    }
    bool shift_out(Machine& m, unsigned index, unsigned where, unsigned bits, std::optional<unsigned>& target) {
        if (m.autopull() && m.osr_count >= m.pull_at()) {
            if (m.tx.empty())
                fdebug |= 1u << (24 + index);
            else
                pull_word(m);
            return false;
        }
        Word data = m.osr;
        if ((m.shiftctrl >> 19 & 1) != 0) {
            data &= low_bits(bits);
            m.osr = bits == 32 ? 0 : m.osr >> bits;
        } else {
            data = bits == 32 ? data : data >> (32 - bits);
            m.osr = bits == 32 ? 0 : m.osr << bits;
        }
        m.osr_count = std::min(32u, m.osr_count + bits);
        refill(m);
        switch (where) {
            case 0:
            case 4: write(out_field(m, data), where == 4); break;
            case 1: m.x = data; break;
            case 2: m.y = data; break;
            case 5: target = data & 31; break;
            case 6:
                m.isr = data;
                m.isr_count = bits;
                break;
            case 7: m.exec = data & 0xffff; break;
            default: break;
        }
        return true;
    }
    bool pull(Machine& m, unsigned index, Word code) {
        if (m.osr_count < m.pull_at() && (m.autopull() || (code >> 6 & 1) != 0)) return true;
        if (!m.tx.empty()) {
            pull_word(m);
            return true;
        }
        if ((code >> 5 & 1) != 0) {
            fdebug |= 1u << (24 + index);
            return false;
        }
        m.osr = m.x;
        m.osr_count = 0;
        return true;
    }
    bool push(Machine& m, unsigned index, Word code) {
        if ((code >> 6 & 1) != 0 && m.isr_count < m.push_at()) return true;
        if (m.rx.size() < m.rx_depth()) {
            m.rx.push_back(m.isr);
        } else {
            fdebug |= 1u << index;
            if ((code >> 5 & 1) != 0) return false;
        }
        m.isr = m.isr_count = 0;
        return true;
    }
    std::optional<unsigned> move(Machine& m, unsigned to, unsigned low) {
        if (to == 3 || (low & 7) == 4) return std::nullopt;
        Word data = value_of(m, low & 7);
        if (low >> 3 == 1) data = ~data;
        if (low >> 3 == 2) {
            Word reversed = 0;
            for (unsigned n = 0; n < 32; ++n) reversed |= (data >> n & 1) << (31 - n);
            data = reversed;
        }
        switch (to) {
            case 0: write(out_field(m, data), false); break;
            case 1: m.x = data; break;
            case 2: m.y = data; break;
            case 4: m.exec = data & 0xffff; break;
            case 5: return data & 31;
            case 6:
                m.isr = data;
                m.isr_count = 0;
                break;
            default:
                m.osr = data;
                m.osr_count = 0;
                break;
        }
        return std::nullopt;
    }
    bool interrupt(Machine& m, Word code, unsigned flag) {
        if ((code >> 6 & 1) != 0) {
            irq_clear_ |= 1u << flag;
        } else if (!m.irq_raised) {
            irq_set_ |= 1u << flag;
            if ((code >> 5 & 1) != 0) {
                m.irq_raised = true;
                return false;
            }
        } else if ((irq >> flag & 1) != 0) {
            return false;
        }
        m.irq_raised = false;
        return true;
    }
    void set(Machine& m, unsigned where, unsigned value) {
        if (where == 0 || where == 4)
            write(Field(value, bits_of(m.pinctrl, 26, 3), bits_of(m.pinctrl, 5, 5)), where == 4);
        if (where == 1) m.x = value;
        if (where == 2) m.y = value;
    }
    [[nodiscard]] Word value_of(const Machine& m, unsigned source) const {
        const unsigned base = bits_of(m.pinctrl, 15, 5);
        switch (source) {
            case 0: return base == 0 ? inputs_ : inputs_ >> base | inputs_ << (32 - base);
            case 1: return m.x;
            case 2: return m.y;
            case 5: {
                const std::size_t level = (m.execctrl >> 4 & 1) != 0 ? m.rx.size() : m.tx.size();
                return level < bits_of(m.execctrl, 0, 4) ? ~0u : 0;
            }
            case 6: return m.isr;
            case 7: return m.osr;
            default: return 0;
        }
    }

    Word inputs_ = 0, new_out_ = 0, new_oe_ = 0, irq_set_ = 0, irq_clear_ = 0;
};

/// Both blocks and the pads between them.
class Chip {
  public:
    std::array<Block, 2> pio;
    Word of_pio1 = 0;  ///< Pins that PIO1 drives; PIO0 has the others.
    Word external = 0, external_level = 0;
    [[nodiscard]] Word level() const { return pads_[3]; }

    void execute(std::uint64_t cycle) {
        for (Block& block : pio) block.execute(cycle, pads_[0], pads_[2]);
    }
    /// The pads of the next cycle: what earlier cycles put out, or the outside; pull-downs else.
    void begin() {
        const Word out = (pio[0].out & ~of_pio1) | (pio[1].out & of_pio1);
        const Word oe = (pio[0].oe & ~of_pio1) | (pio[1].oe & of_pio1);
        std::copy(pads_.begin() + 1, pads_.end(), pads_.begin());
        pads_[3] = ((out & oe) | (external & external_level & ~oe)) & kPins;
    }

  private:
    std::array<Word, 4> pads_{};  // Of cycles c - 3 .. c.
};

}  // namespace plain
