// Pins, PIO and DMA wired together without CPUs.
//
// The caller is the bus master: it moves time and accesses registers in the current cycle. Every pin change is
// recorded, and two simple devices can be attached: a wire from one pin to another, and a data source that answers a
// clock as a PDM microphone does.
#pragma once

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

namespace rp2040 {

inline constexpr std::uint32_t kSram = 0x20000000, kUnitSramSize = 0x10000;

/// Puts the next bit of a pseudo-random sequence on the data pin at every falling edge of the clock.
class BitSource final : public LineWatcher {
  public:
    BitSource(Gpio& gpio, unsigned clock, unsigned data) : gpio_(gpio), clock_(clock), data_(data) {}
    [[nodiscard]] std::uint32_t watched_lines() const override { return 1u << clock_; }
    [[nodiscard]] std::uint32_t driven_lines() const override { return 1u << data_; }
    void line_changed(unsigned, bool level, Cycles when) override {
        if (!level) gpio_.drive(data_, next() ? Gpio::Drive::high : Gpio::Drive::low, when);
    }
    [[nodiscard]] std::optional<ClockedLines> clocked_lines() const override {
        return ClockedLines{clock_, data_, false};
    }
    std::uint64_t clock_edges(const ClockEdges& edges) override {
        std::uint64_t levels = 0;
        for (unsigned n = 0; n < edges.count; ++n) levels |= std::uint64_t{next()} << n;
        answered_at_once += edges.count;
        return levels;
    }
    std::uint64_t answered_at_once = 0;
    void save(StateWriter& out) const { out.put(lfsr_); }
    void restore(StateReader& in) { in.get(lfsr_); }

  private:
    bool next() {
        lfsr_ = (lfsr_ >> 1) ^ ((lfsr_ & 1) != 0 ? 0xedb88320u : 0u);
        return (lfsr_ & 1) != 0;
    }
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
        dma.set_pio_listener([this] {
            pio0.levels_heard();
            pio1.levels_heard();
        });
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
    void set_irq(Irq line, bool level) override { set_line(irq, static_cast<unsigned>(line), level); }
    void set_core_irq(unsigned core, Irq line, bool level) override {
        set_line(core == 0 ? irq : irq1, static_cast<unsigned>(line), level);
    }
    void set_dreq(Dreq dreq, std::uint32_t transfers) override { dma.set_dreq(dreq, transfers); }
    std::uint32_t paced_by_pio() const override { return dma.paced_by_pio(); }
    std::uint32_t clock_hz(ClockId) const override { return 125'000'000; }
    std::uint64_t picoseconds(Cycles at) const override { return at * 8000; }
    Cycles cycle_at(std::uint64_t picoseconds) const override { return (picoseconds + 7999) / 8000; }
    std::uint64_t ticks(Cycles at) const override { return at / 125; }
    Cycles tick_time(std::uint64_t count) const override { return count * 125; }
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
        if (address - kSram < kUnitSramSize) {
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
        if (address - kSram < kUnitSramSize) {
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

    PinMatrix pins;
    IoBank0 io;
    PadsBank0 pads;
    IoQspi qspi{*this};
    Pio pio0, pio1;
    Dma dma;
    Recorder recorder;
    std::vector<std::unique_ptr<DelayedWire>> wires;
    std::vector<std::unique_ptr<BitSource>> sources;
    std::array<std::uint8_t, kUnitSramSize> sram{};
    std::uint32_t irq = 0, irq1 = 0;
    bool log_accesses = false;
    std::vector<Access> accesses;
    std::vector<std::uint8_t> snapshot;

  private:
    static void set_line(std::uint32_t& word, unsigned line, bool level) {
        word = level ? word | 1u << line : word & ~(1u << line);
    }
};

}  // namespace rp2040
