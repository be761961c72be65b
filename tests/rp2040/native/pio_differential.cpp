// Random PIO programs: the blocks that sleep and run ahead against plain ones, and against themselves looked at in
// every cycle when the DMA takes part.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "plain_pio.hpp"
#include "unit_chip.hpp"

namespace {

using namespace rp2040;
using plain::Word;

constexpr Word kPio[2] = {0x50200000, 0x50300000};
constexpr Word kCtrl = 0x000, kFdebug = 0x008, kFlevel = 0x00c, kTxf = 0x010, kRxf = 0x020, kIrq = 0x030,
               kIrqForce = 0x034, kBypass = 0x038, kPadout = 0x03c, kPadoe = 0x040, kMemory = 0x048, kClkdiv = 0x0c8,
               kExecctrl = 0x0cc, kShiftctrl = 0x0d0, kAddr = 0x0d4, kInstr = 0x0d8, kPinctrl = 0x0dc, kIntr = 0x128,
               kInte0 = 0x12c, kMachineStride = 0x18;
constexpr Word kDma = 0x50000000, kIoBank0 = 0x40014000;
constexpr unsigned kUsedPins = 6;  // Few, so that programs meet at them.

/// xorshift64*: the same programs on every machine.
class Random {
  public:
    explicit Random(std::uint64_t seed) : s_(seed * 0x9e3779b97f4a7c15 + 0x1234567) {
        for (int n = 0; n < 4; ++n) next();
    }
    Word next() {
        s_ ^= s_ >> 12;
        s_ ^= s_ << 25;
        s_ ^= s_ >> 27;
        return static_cast<Word>(s_ * 0x2545f4914f6cdd1d >> 32);
    }
    Word below(Word n) { return static_cast<Word>(std::uint64_t{next()} * n >> 32); }
    template <class... T>
    Word of(T... choices) {
        const Word list[] = {static_cast<Word>(choices)...};
        return list[below(sizeof...(T))];
    }

  private:
    std::uint64_t s_;
};

/// A valid instruction; jumps and waits are common enough to make programs interesting, delays mostly short.
Word random_instruction(Random& r) {
    const Word delay = r.of(0, 0, 0, r.below(4), r.below(32)) << 8;
    const Word op = r.of(0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 7);
    const Word flag = r.of(0, 1, 2, 3, 7, 0x10, 0x13, 0x16);
    Word body = r.below(256);
    if (op == 1) {
        const Word source = r.of(0, 1, 2);
        body = r.below(2) << 7 | source << 5 | (source == 2 ? flag : r.below(kUsedPins));
    } else if (op == 2) {
        body = r.of(0, 0, 1, 2, 3, 6, 7) << 5 | r.below(32);
    } else if (op == 4) {
        body = r.below(8) << 5;
    } else if (op == 5) {
        body = r.of(0, 1, 2, 4, 5, 6, 7) << 5 | r.below(3) << 3 | r.of(0, 1, 2, 3, 5, 6, 7);
    } else if (op == 6) {
        body = r.below(4) << 5 | flag;
    } else if (op == 7) {
        body = r.of(0, 0, 1, 2, 4) << 5 | r.below(32);
    }
    return op << 13 | delay | body;
}

/// Instructions that enter a table of jumps, with some bits of what they shift known before, count down, or neither.
void add_pattern(Random& r, std::vector<Word>& program) {
    const auto delay = [&r] { return r.of(0, 0, r.below(4), r.below(32)) << 8; };
    const Word few = 1 + r.below(4), invert = r.below(3) << 3, counter = r.of(1, 2);
    switch (r.below(4)) {
        case 0:
            program.push_back(r.of(0x60c0 | few, 0xa0c3, 0xa0c0 | counter) | delay());     // ISR from OUT, NULL, X or Y
            program.push_back(r.of(0x4000, 0x4020, 0x4060) | (1 + r.below(4)) | delay());  // IN PINS, X, NULL
            program.push_back(0xa0e6 | invert);                                            // MOV OSR, ISR
            program.push_back(0xa0a0 | r.below(2) << 3 | r.of(7, 7, 6, 5) | delay());      // MOV PC, OSR, ISR, STATUS
            break;
        case 1:
        case 2:
            program.push_back(0xe000 | counter << 5 | r.below(32));  // SET X, Y
            if (r.below(2) == 0) program.push_back(0xa042 | delay());
            program.push_back(counter << 6 | (static_cast<Word>(program.size()) - r.below(2)) % 32 | delay());
            break;
        default: program.push_back(random_instruction(r));
    }
}

struct Setup {
    Word bypass, inte, of_pio1;
    std::array<Word, 32> memory;
    struct {
        Word clkdiv, execctrl, shiftctrl, pinctrl;
    } machine[4];
};

Setup random_setup(Random& r, bool of_patterns = false) {
    Setup setup{};
    setup.bypass = r.of(0, 0, r.below(1u << kUsedPins));
    setup.inte = r.of(0, r.below(1u << 12));
    for (Word& word : setup.memory) word = random_instruction(r);
    if (of_patterns) {
        std::vector<Word> program;
        while (program.size() < 32) add_pattern(r, program);
        std::copy_n(program.begin(), 32, setup.memory.begin());
    }
    for (auto& m : setup.machine) {
        m.clkdiv = r.of(1u << 16, 1u << 16, 2u << 16, (0x10000 + r.below(0x70000)) & ~0xffu);
        const Word bottom = r.below(28), top = bottom + r.below(32 - bottom);
        m.execctrl =
            r.below(16) | r.below(2) << 4 | bottom << 7 | top << 12 | r.below(kUsedPins) << 24 | r.below(4) << 29;
        m.shiftctrl = r.below(16) << 16 | r.of(0, 0, 1, 2) << 30 | r.of(0, 0, 8, r.below(32)) << 20 |
                      r.of(0, 0, 8, r.below(32)) << 25;
        m.pinctrl = r.below(kUsedPins) | r.below(kUsedPins) << 5 | r.below(kUsedPins) << 10 | r.below(kUsedPins) << 15 |
                    r.below(6) << 20 | r.below(6) << 26 | r.of(0, 1, 2, 3) << 29;
    }
    return setup;
}

void put_in_place(UnitChip& chip, const Setup& setup, unsigned block) {
    const auto write = [&](Word offset, Word value) { chip.bus_write(Master::core0, kPio[block] + offset, 4, value); };
    for (unsigned n = 0; n < 32; ++n) write(kMemory + 4 * n, setup.memory[n]);
    write(kBypass, setup.bypass);
    write(kInte0, setup.inte);
    for (unsigned n = 0; n < 4; ++n) {
        write(kClkdiv + kMachineStride * n, setup.machine[n].clkdiv);
        write(kExecctrl + kMachineStride * n, setup.machine[n].execctrl);
        write(kShiftctrl + kMachineStride * n, setup.machine[n].shiftctrl);
        write(kPinctrl + kMachineStride * n, setup.machine[n].pinctrl);
    }
}

void give_pins(UnitChip& chip, Word of_pio1) {
    for (unsigned pin = 0; pin < kPins; ++pin)
        chip.bus_write(Master::core0, kIoBank0 + 8 * pin + 4, 4, (of_pio1 >> pin & 1) != 0 ? 7 : 6);
}

Word read(UnitChip& chip, Word address) {
    Word value = 0;
    chip.bus_read(Master::core0, address, 4, value);
    return value;
}

/// The chip and the plain blocks in the same cycle: a read sees the state before its work, a write acts after it.
class Pair {
  public:
    explicit Pair(std::uint64_t seed, bool of_patterns) : r_(seed) {
        plain_.of_pio1 = r_.below(1u << kUsedPins);
        give_pins(chip_, plain_.of_pio1);
        for (unsigned b = 0; b < 2; ++b) {
            const Setup setup = random_setup(r_, of_patterns);
            put_in_place(chip_, setup, b);
            inte_[b] = setup.inte;
            plain::Block& block = plain_.pio[b];
            block.memory = setup.memory;
            block.bypass = setup.bypass;
            for (unsigned n = 0; n < 4; ++n) {
                block.sm[n].clkdiv = setup.machine[n].clkdiv;
                block.sm[n].execctrl = setup.machine[n].execctrl;
                block.sm[n].shiftctrl = setup.machine[n].shiftctrl;
                block.sm[n].pinctrl = setup.machine[n].pinctrl;
            }
        }
        skip(4);
    }

    /// Empty if all agree.
    std::string run() {
        for (unsigned b = 0; b < 2; ++b) {
            enable(b, r_.of(1 + r_.below(15), r_.below(2)));
            skip(1);
        }
        for (unsigned n = 10 + r_.below(30); n > 0; --n) {
            const unsigned block = r_.below(2), machine = r_.below(4);
            act(block, machine);
            if (const std::string wrong = lines(); !wrong.empty()) return wrong;
        }
        skip(3);
        return compare();
    }

  private:
    void skip(unsigned cycles) {
        for (const Cycles end = now() + cycles; cycle_ < end; ++cycle_) {
            plain_.execute(cycle_);
            plain_.begin();
        }
        chip_.events().advance_to(cycle_);
    }
    [[nodiscard]] Cycles now() { return chip_.events().now(); }
    void write(unsigned block, Word offset, Word value) {
        chip_.bus_write(Master::core0, kPio[block] + offset, 4, value);
    }
    /// Ends the cycle with what `change` does to the plain blocks.
    template <class F>
    void end_cycle(F change) {
        plain_.execute(cycle_);
        change();
        plain_.begin();
        chip_.events().advance_to(++cycle_);
    }
    void enable(unsigned b, Word which) {
        const Word started = which & ~enabled_[b];
        enabled_[b] = which;
        write(b, kCtrl, which | started << 8);
        end_cycle([&] {
            for (unsigned n = 0; n < 4; ++n) {
                plain_.pio[b].sm[n].enabled = (which >> n & 1) != 0;
                if ((started >> n & 1) != 0) plain_.pio[b].sm[n].origin = cycle_ + 1;
            }
        });
    }
    void act(unsigned b, unsigned n) {
        plain::Block& block = plain_.pio[b];
        plain::Machine& m = block.sm[n];
        const Word value = r_.next();
        switch (r_.below(12)) {
            case 0:
            case 1:
                write(b, kTxf + 4 * n, value);
                end_cycle([&] { block.put(n, value); });
                break;
            case 2:
                write(b, kIrq, value & 0xff);
                end_cycle([&] { block.irq &= ~(value & 0xff); });
                break;
            case 3:
                write(b, kIrqForce, value & 0xff);
                end_cycle([&] { block.irq |= value & 0xff; });
                break;
            case 4: {
                const Word code = random_instruction(r_);
                write(b, kInstr + kMachineStride * n, code);
                end_cycle([&] {
                    m.forced = code;
                    m.forced_raised = false;
                });
                break;
            }
            case 5: enable(b, value & 0xf); break;
            case 6:
                write(b, kFdebug, 0x0f0f0f0f);
                end_cycle([&] { block.fdebug = 0; });
                break;
            case 7: {
                if (m.rx.empty()) break;
                const Word expected = m.rx.front();
                if (read(chip_, kPio[b] + kRxf + 4 * n) != expected) wrong_ = "a word of the RX FIFO differs";
                end_cycle([&] { m.rx.pop_front(); });
                break;
            }
            case 8: {
                const unsigned pin = value % kUsedPins;
                chip_.pins.drive(pin, (value >> 8 & 1) != 0 ? Gpio::Drive::high : Gpio::Drive::low, now() + 1);
                plain_.external |= 1u << pin;
                plain_.external_level = (plain_.external_level & ~(1u << pin)) | (value >> 8 & 1) << pin;
                end_cycle([] {});
                break;
            }
            default: skip(1 + r_.below(r_.of(3, 12, 60))); break;
        }
    }
    /// What is there in every cycle without being looked at: the interrupt lines.
    std::string lines() {
        if (!wrong_.empty()) return wrong_ + at();
        for (unsigned b = 0; b < 2; ++b) {
            const bool here = (chip_.irq >> (7 + 2 * b) & 1) != 0, there = (plain_.pio[b].intr() & inte_[b]) != 0;
            if (here != there) return "interrupt line of PIO" + std::to_string(b) + at();
        }
        return r_.below(4) == 0 ? compare() : std::string();
    }
    std::string compare() {
        chip_.pins.catch_up(now());
        if (chip_.pins.levels() != plain_.level()) return "levels of the pins" + at();
        for (unsigned b = 0; b < 2; ++b) {
            const plain::Block& block = plain_.pio[b];
            const struct {
                const char* name;
                Word offset, value;
            } registers[] = {{"FLEVEL", kFlevel, block.flevel()},
                             {"FDEBUG", kFdebug, block.fdebug},
                             {"IRQ", kIrq, block.irq},
                             {"DBG_PADOUT", kPadout, block.out},
                             {"DBG_PADOE", kPadoe, block.oe},
                             {"INTR", kIntr, block.intr()},
                             {"SM0_ADDR", kAddr, block.sm[0].pc},
                             {"SM1_ADDR", kAddr + 0x18, block.sm[1].pc},
                             {"SM2_ADDR", kAddr + 0x30, block.sm[2].pc},
                             {"SM3_ADDR", kAddr + 0x48, block.sm[3].pc}};
            for (const auto& reg : registers)
                if (const Word here = read(chip_, kPio[b] + reg.offset); here != reg.value) {
                    char text[96];
                    std::snprintf(text, sizeof text, "PIO%u %s is 0x%08x, plain 0x%08x", b, reg.name, here, reg.value);
                    return text + at();
                }
        }
        return {};
    }
    std::string at() { return " in cycle " + std::to_string(now()); }

    Random r_;
    UnitChip chip_;
    plain::Chip plain_;
    Cycles cycle_ = 0;
    std::array<Word, 2> inte_{}, enabled_{};
    std::string wrong_;
};

/// A chip with random programs in both blocks and DMA channels between their FIFOs, memory and each other.
std::unique_ptr<UnitChip> random_chip(Random r) {
    auto chip = std::make_unique<UnitChip>();
    chip->recorder.mask = (1u << kUsedPins) - 1;
    if (r.below(2) == 0) chip->recorder.mask = 0;
    chip->pins.watch_changed();
    give_pins(*chip, r.below(1u << kUsedPins));
    const auto write = [&](Word address, Word value) { chip->bus_write(Master::core0, address, 4, value); };
    for (unsigned b = 0; b < 2; ++b) {
        Setup setup = random_setup(r);
        for (auto& m : setup.machine) m.shiftctrl |= 3u << 16;  // FIFOs move by themselves
        put_in_place(*chip, setup, b);
    }
    for (unsigned n = 0; n < 256; ++n) chip->bus_write(Master::core0, kSram + 4 * n, 4, r.next());
    for (unsigned channel = 0; channel < 6; ++channel) {
        const Word b = r.below(2), n = r.below(4), other = r.below(2), m = r.below(4);
        const bool from_fifo = r.below(2) != 0, to_fifo = r.below(2) != 0;
        const Word treq = from_fifo ? 8 * b + 4 + n : to_fifo ? 8 * other + m : r.of(0x3b, 0x3c);
        const Word base = kDma + 0x40 * channel;
        write(base, from_fifo ? kPio[b] + kRxf + 4 * n : kSram + 4 * r.below(64));
        write(base + 4, to_fifo ? kPio[other] + kTxf + 4 * m : kSram + 0x200 + 4 * r.below(64));
        write(base + 8, 1 + r.below(40));
        write(base + 0x10, 1 | 2u << 2 | (from_fifo ? 0u : 1u << 4) | (to_fifo ? 0u : 1u << 5) |
                               r.of(channel, r.below(6)) << 11 | treq << 15 | r.below(2) << 1);
    }
    write(kDma + 0x404, r.below(64));
    write(kDma + 0x420, 1u << 16 | (2 + r.below(30)));
    write(kDma + 0x424, 1u << 16 | (2 + r.below(30)));
    write(kDma + 0x430, r.below(64));
    for (unsigned b = 0; b < 2; ++b) write(kPio[b] + kCtrl, 1 + r.below(15));
    return chip;
}

std::string compare(UnitChip& ahead, UnitChip& stepped) {
    // What the DMA does in this cycle brings a block to the cycle's end, or need not.
    for (UnitChip* chip : {&ahead, &stepped}) chip->pins.catch_up(chip->events().now() + 1);
    if (ahead.irq != stepped.irq) return "interrupt lines";
    if (ahead.sram != stepped.sram) return "memory";
    for (unsigned b = 0; b < 2; ++b)
        for (const Word offset :
             {kFlevel, kFdebug, kIrq, kPadout, kPadoe, kAddr, kAddr + 0x18, kAddr + 0x30, kAddr + 0x48})
            if (read(ahead, kPio[b] + offset) != read(stepped, kPio[b] + offset))
                return "PIO" + std::to_string(b) + " register " + std::to_string(offset);
    for (unsigned channel = 0; channel < 6; ++channel)
        for (const Word offset : {0u, 4u, 8u, 0x10u})
            if (read(ahead, kDma + 0x40 * channel + offset) != read(stepped, kDma + 0x40 * channel + offset))
                return "DMA channel " + std::to_string(channel);
    if (ahead.recorder.edges.size() != stepped.recorder.edges.size()) return "edges";
    for (std::size_t n = 0; n < ahead.recorder.edges.size(); ++n)
        if (ahead.recorder.edges[n].when != stepped.recorder.edges[n].when) return "time of an edge";
    return {};
}

std::string run_with_dma(std::uint64_t seed) {
    const Random r(seed);
    Random choices(seed ^ 0xa5a5a5a5);
    const auto ahead = random_chip(r), stepped = random_chip(r);
    for (unsigned n = 0; n < 8; ++n) {
        const unsigned cycles = 1 + choices.below(choices.of(5, 60, 200));
        ahead->events().advance_to(ahead->events().now() + cycles);
        for (unsigned c = 0; c < cycles; ++c) {
            stepped->events().advance_to(stepped->events().now() + 1);
            for (const Word block : kPio) static_cast<void>(read(*stepped, block + kPadout));
        }
        if (const std::string wrong = compare(*ahead, *stepped); !wrong.empty())
            return wrong + " in cycle " + std::to_string(ahead->events().now());
        const Word word = choices.next(), at = kPio[choices.below(2)] + kTxf + 4 * choices.below(4);
        for (UnitChip* chip : {ahead.get(), stepped.get()}) chip->bus_write(Master::core0, at, 4, word);
    }
    return {};
}

}  // namespace

extern "C" {
/// Runs programs `first` to `first + count - 1`: against the plain blocks, with DMA, or such as have tables of
/// jumps and delay loops against the plain blocks. Null if all agree, else what differs, until the next call.
const char* unit_pio_differential(std::uint64_t first, std::uint64_t count, int kind) {
    enum { kWithDma = 1, kOfPatterns };
    static std::string text;
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        const std::string wrong = kind == kWithDma ? run_with_dma(seed) : Pair(seed, kind == kOfPatterns).run();
        if (wrong.empty()) continue;
        text = "program " + std::to_string(seed) + ": " + wrong;
        return text.c_str();
    }
    return nullptr;
}
}
