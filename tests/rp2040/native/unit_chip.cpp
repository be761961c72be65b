// Pins, PIO and DMA wired together without CPUs, driven through a C ABI from Python.
//
// The caller is the bus master: it moves time with unit_run and accesses registers in the current cycle. Every pin
// change is recorded, and two simple devices can be attached: a wire from one pin to another, and a data source that
// answers a clock as a PDM microphone does.
#include <array>
#include <cstring>
#include <memory>
#include <vector>

#include "base/state.hpp"
#include "dma/dma.hpp"
#include "io/io_bank0.hpp"
#include "io/io_qspi.hpp"
#include "io/pads.hpp"
#include "io/pin_matrix.hpp"
#include "pin_devices.hpp"
#include "pio/pio.hpp"

namespace {

using namespace rp2040;

constexpr std::uint32_t kSram = 0x20000000, kSramSize = 0x10000;

/// Puts the next bit of a pseudo-random sequence on the data pin at every falling edge of the clock.
class BitSource final : public LineWatcher {
  public:
    BitSource(Gpio& gpio, unsigned clock, unsigned data) : gpio_(gpio), clock_(clock), data_(data) {}
    [[nodiscard]] std::uint32_t watched_lines() const override { return 1u << clock_; }
    [[nodiscard]] std::uint32_t driven_lines() const override { return 1u << data_; }
    void line_changed(unsigned, bool level, Cycles when) override {
        if (level) return;
        lfsr_ = (lfsr_ >> 1) ^ ((lfsr_ & 1) != 0 ? 0xedb88320u : 0u);
        gpio_.drive(data_, (lfsr_ & 1) != 0 ? Gpio::Drive::high : Gpio::Drive::low, when);
    }
    void save(StateWriter& out) const { out.put(lfsr_); }
    void restore(StateReader& in) { in.get(lfsr_); }

  private:
    Gpio& gpio_;
    unsigned clock_, data_;
    std::uint32_t lfsr_ = 1;
};

struct Access {
    std::uint64_t cycle;
    std::uint32_t address, is_write;
};

class UnitChip final : public Fabric, public DmaBus {
  public:
    UnitChip()
        : pins(*this), io(*this, pins), pads(*this, pins), pio0(*this, pins, 0), pio1(*this, pins, 1), dma(*this) {
        dma.set_bus(*this);
        pins.attach(recorder);
        reset();
    }
    void reset() {
        pins.reset();
        io.reset();
        pads.reset();
        pio0.reset();
        pio1.reset();
        dma.reset();
    }
    Scheduler& events() override { return events_; }
    void set_irq(Irq line, bool level) override { set_line(irq, static_cast<unsigned>(line), level); }
    void set_core_irq(unsigned core, Irq line, bool level) override {
        set_line(core == 0 ? irq : irq1, static_cast<unsigned>(line), level);
    }
    void set_dreq(Dreq dreq, std::uint32_t transfers) override { dma.set_dreq(dreq, transfers); }
    std::uint32_t clock_hz(ClockId) const override { return 125'000'000; }
    std::uint64_t picoseconds(Cycles at) const override { return at * 8000; }
    Cycles cycle_at(std::uint64_t picoseconds) const override { return (picoseconds + 7999) / 8000; }
    Gpio& gpio() override { return pins; }
    void reset_blocks(std::uint32_t) override {}
    void request_chip_reset() override {}
    void request_core_reset(unsigned) override {}
    void send_event() override {}

    Peripheral* block(std::uint32_t address) {
        switch (address & 0xffff'c000) {
            case 0x40014000: return &io;
            case 0x40018000: return &qspi;
            case 0x4001c000: return &pads;
            case 0x50000000: return &dma;
            case 0x50200000: return &pio0;
            case 0x50300000: return &pio1;
            default: return nullptr;
        }
    }
    bool bus_read(Master, std::uint32_t address, unsigned bytes, std::uint32_t& value) override {
        if (address - kSram < kSramSize) {
            value = 0;
            std::memcpy(&value, &sram[address - kSram], bytes);
            return true;
        }
        Peripheral* p = block(address);
        if (p == nullptr) return false;
        value = p->read(address & 0xffc);
        if (bytes < 4) value = (value >> (8 * (address & 3))) & (bytes == 1 ? 0xff : 0xffff);
        return true;
    }
    bool bus_write(Master, std::uint32_t address, unsigned bytes, std::uint32_t value) override {
        if (address - kSram < kSramSize) {
            std::memcpy(&sram[address - kSram], &value, bytes);
            return true;
        }
        Peripheral* p = block(address);
        if (p == nullptr) return false;
        p->write_alias(address & 0xffc, value, (address >> 12) & 3);
        return true;
    }
    Cycles access(Cycles cycle, std::uint32_t address, bool is_write) override {
        if (log_accesses) accesses.push_back({cycle, address, is_write ? 1u : 0u});
        return DmaBus::access(cycle, address, is_write);
    }
    [[nodiscard]] Cycles unobserved_until() const override { return quiet_until; }

    std::vector<std::uint8_t> save() {
        StateWriter out;
        out.put(events_.state());
        out.bytes(sram.data(), sram.size());
        pins.save(out);
        for (const auto& source : sources) source->save(out);
        io.save(out);
        pads.save(out);
        pio0.save(out);
        pio1.save(out);
        dma.save(out);
        out.put(irq);
        out.put(irq1);
        return out.take();
    }
    void restore(const std::vector<std::uint8_t>& data) {
        StateReader in(data.data(), data.size());
        Scheduler::State state;
        in.get(state);
        events_.set_state(state);
        in.bytes(sram.data(), sram.size());
        pins.restore(in);
        for (const auto& source : sources) source->restore(in);
        io.restore(in);
        pads.restore(in);
        pio0.restore(in);
        pio1.restore(in);
        dma.restore(in);
        in.get(irq);
        in.get(irq1);
        events_.set_state(state);
    }

    Scheduler events_;
    PinMatrix pins;
    IoBank0 io;
    PadsBank0 pads;
    IoQspi qspi{*this};
    Pio pio0, pio1;
    Dma dma;
    Recorder recorder;
    std::vector<std::unique_ptr<DelayedWire>> wires;
    std::vector<std::unique_ptr<BitSource>> sources;
    std::array<std::uint8_t, kSramSize> sram{};
    std::uint32_t irq = 0, irq1 = 0;
    Cycles quiet_until = 0;
    bool log_accesses = false;
    std::vector<Access> accesses;
    std::vector<std::uint8_t> snapshot;

  private:
    static void set_line(std::uint32_t& word, unsigned line, bool level) {
        word = level ? word | 1u << line : word & ~(1u << line);
    }
};

}  // namespace

extern "C" {
UnitChip* unit_new() { return new UnitChip; }
void unit_delete(UnitChip* chip) { delete chip; }
void unit_reset(UnitChip* chip) { chip->reset(); }
std::uint64_t unit_now(UnitChip* chip) { return chip->events_.now(); }
void unit_run(UnitChip* chip, std::uint64_t cycles) { chip->events_.advance_to(chip->events_.now() + cycles); }
/// Value of a register or memory in the current cycle; 2^32 on a bus error, 2^33 for what is not modelled.
std::uint64_t unit_read(UnitChip* chip, std::uint32_t address, unsigned bytes) {
    try {
        std::uint32_t value = 0;
        return chip->bus_read(Master::core0, address, bytes, value) ? value : std::uint64_t{1} << 32;
    } catch (const Unmodelled&) {
        return std::uint64_t{1} << 33;
    }
}
int unit_write(UnitChip* chip, std::uint32_t address, unsigned bytes, std::uint32_t value) {
    try {
        return chip->bus_write(Master::core0, address, bytes, value) ? 0 : 1;
    } catch (const Unmodelled&) {
        return 2;
    }
}
void unit_drive(UnitChip* chip, unsigned pin, int drive, std::uint64_t delay) {
    chip->pins.drive(pin, static_cast<Gpio::Drive>(drive), chip->events_.now() + delay);
}
int unit_level(UnitChip* chip, unsigned pin) { return chip->pins.level(pin, chip->events_.now()) ? 1 : 0; }
std::uint32_t unit_inputs(UnitChip* chip, std::uint32_t bypass) {
    return chip->pins.inputs(chip->events_.now(), bypass);
}
/// As SIO would: driven from the cycle after the current one.
void unit_sio(UnitChip* chip, std::uint32_t mask, std::uint32_t value, std::uint32_t enable) {
    chip->pins.set_output(PinFunction::sio, mask, value, enable, chip->events_.now() + 1);
}
void unit_watch(UnitChip* chip, std::uint32_t mask) {
    chip->recorder.mask = mask;
    chip->pins.watch_changed();
}
std::size_t unit_edges(UnitChip* chip, const Edge** edges) {
    chip->pins.catch_up(chip->events_.now());
    *edges = chip->recorder.edges.data();
    return chip->recorder.edges.size();
}
void unit_wire(UnitChip* chip, unsigned from, unsigned to, std::uint64_t delay) {
    chip->wires.push_back(std::make_unique<DelayedWire>(chip->pins, to, delay));
    chip->pins.attach(*chip->wires.back(), {static_cast<std::uint8_t>(from), static_cast<std::uint8_t>(to)});
}
void unit_bit_source(UnitChip* chip, unsigned clock, unsigned data) {
    chip->sources.push_back(std::make_unique<BitSource>(chip->pins, clock, data));
    chip->pins.attach(*chip->sources.back());
}
std::uint32_t unit_irq(UnitChip* chip, unsigned core) { return core == 0 ? chip->irq : chip->irq1; }
void unit_dreq(UnitChip* chip, unsigned dreq, std::uint32_t transfers) {
    chip->dma.set_dreq(static_cast<Dreq>(dreq), transfers);
}
void unit_quiet_until(UnitChip* chip, std::uint64_t cycle) { chip->quiet_until = cycle; }
void unit_log_accesses(UnitChip* chip, int on) {
    chip->log_accesses = on != 0;
    chip->accesses.clear();
}
std::size_t unit_accesses(UnitChip* chip, const Access** accesses) {
    *accesses = chip->accesses.data();
    return chip->accesses.size();
}
std::uint64_t unit_due(UnitChip* chip, unsigned event) { return chip->events_.due(static_cast<EventId>(event)); }
void unit_save(UnitChip* chip) { chip->snapshot = chip->save(); }
void unit_restore(UnitChip* chip) { chip->restore(chip->snapshot); }
}
