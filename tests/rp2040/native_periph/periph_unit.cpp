// The RP2040's peripherals without CPUs: the caller is the bus master and moves time with unit_run.
#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/state.hpp"
#include "base/timebase.hpp"
#include "io/io_bank0.hpp"
#include "io/pads.hpp"
#include "io/pin_matrix.hpp"
#include "periph/adc.hpp"
#include "periph/busctrl.hpp"
#include "periph/clocks.hpp"
#include "periph/i2c.hpp"
#include "periph/pll.hpp"
#include "periph/psm.hpp"
#include "periph/pwm.hpp"
#include "periph/resets.hpp"
#include "periph/rosc.hpp"
#include "periph/rtc.hpp"
#include "periph/sio.hpp"
#include "periph/spi.hpp"
#include "periph/sysinfo.hpp"
#include "periph/timer.hpp"
#include "periph/uart.hpp"
#include "periph/usb.hpp"
#include "periph/watchdog.hpp"
#include "periph/xosc.hpp"
#include "pin_devices.hpp"

namespace {

using namespace rp2040;

/// 256 bytes of memory at one address: the first byte written after START is the address within it.
class Eeprom final : public I2cBus {
  public:
    bool start(std::uint16_t address, bool read, Cycles) override {
        first_ = !read;
        return address == 0x50;
    }
    bool write(std::uint8_t value, Cycles) override {
        if (first_)
            at_ = value;
        else
            bytes_[at_++] = value;
        first_ = false;
        return value != 0xee;  // A byte that the device refuses.
    }
    std::uint8_t read(Cycles) override { return bytes_[at_++]; }
    void stop(Cycles when) override { stopped = when; }
    Cycles stopped = 0;

  private:
    std::array<std::uint8_t, 256> bytes_{};
    std::uint8_t at_ = 0;
    bool first_ = false;
};

/// Answers each frame with its complement.
class Inverter final : public SpiDevice {
  public:
    std::uint16_t transfer(std::uint16_t value, unsigned, Cycles) override {
        return static_cast<std::uint16_t>(~value);
    }
};

class Unit final : public Fabric {
  public:
    Unit()
        : pins_(*this),
          xosc_(*this),
          rosc_(*this),
          pll_sys_(*this, 0, xosc_),
          pll_usb_(*this, 1, xosc_),
          clocks_(*this, xosc_, rosc_, pll_sys_, pll_usb_),
          resets_(*this),
          psm_(*this),
          watchdog_(*this),
          timer_(*this, watchdog_),
          rtc_(*this),
          uart0_(*this, 0),
          uart1_(*this, 1),
          spi0_(*this, 0),
          i2c0_(*this, 0),
          adc_(*this),
          pwm_(*this),
          sio_(*this),
          usb_(*this),
          busctrl_(*this),
          sysinfo_(*this),
          syscfg_(*this),
          tbman_(*this),
          vreg_(*this),
          io_bank0_(*this, pins_),
          pads_bank0_(*this, pins_) {
        blocks_ = {
            {0x40000000, &sysinfo_}, {0x40004000, &syscfg_},   {0x40008000, &clocks_},     {0x4000c000, &resets_},
            {0x40010000, &psm_},     {0x40014000, &io_bank0_}, {0x4001c000, &pads_bank0_}, {0x40024000, &xosc_},
            {0x40028000, &pll_sys_}, {0x4002c000, &pll_usb_},  {0x40030000, &busctrl_},    {0x40034000, &uart0_},
            {0x40038000, &uart1_},   {0x4003c000, &spi0_},     {0x40044000, &i2c0_},       {0x4004c000, &adc_},
            {0x40050000, &pwm_},     {0x40054000, &timer_},    {0x40058000, &watchdog_},   {0x4005c000, &rtc_},
            {0x40060000, &rosc_},    {0x40064000, &vreg_},     {0x4006c000, &tbman_},      {0x50110000, &usb_},
            {0xd0000000, &sio_}};
        xosc_.on_change = rosc_.on_change = pll_sys_.on_change =
            pll_usb_.on_change = [this] { clocks_.sources_changed(); };
        clocks_.on_change = [this] { clocks_moved(); };
        watchdog_.on_tick_change = [this] { timer_.ticks_changed(); };
        syscfg_.on_change = [this] { sio_.set_input_bypass(syscfg_.in_sync_bypass()); };
        psm_.on_core_held = [this](unsigned core, bool held) {
            held_core = static_cast<int>(core) * 2 + (held ? 1 : 0);
        };
        for (auto& [base, block] : blocks_) block->reset();
        clocks_moved();
        pins_.attach(recorder_);
    }

    Scheduler& events() override { return events_; }
    void set_irq(Irq line, bool level) override {
        set_core_irq(0, line, level);
        set_core_irq(1, line, level);
    }
    void set_core_irq(unsigned core, Irq line, bool level) override {
        const std::uint32_t bit = 1u << static_cast<unsigned>(line);
        if (level && (irqs[core] & bit) == 0) rose[static_cast<unsigned>(line)] = events_.now();
        irqs[core] = level ? irqs[core] | bit : irqs[core] & ~bit;
    }
    void set_dreq(Dreq dreq, std::uint32_t transfers) override {
        dreqs[static_cast<unsigned>(dreq)] = transfers;
        if (transfers != 0) ++dreq_calls[static_cast<unsigned>(dreq)];
    }
    [[nodiscard]] std::uint32_t clock_hz(ClockId clock) const override { return clocks_.hz(clock); }
    [[nodiscard]] std::uint64_t picoseconds(Cycles at) const override { return time_.picoseconds(at); }
    Gpio& gpio() override { return pins_; }
    bool bus_read(Master, std::uint32_t, unsigned, std::uint32_t&) override { return false; }
    bool bus_write(Master, std::uint32_t, unsigned, std::uint32_t) override { return false; }
    void reset_blocks(std::uint32_t mask) override {
        reset_mask |= mask;
        struct {
            ResetBit bit;
            Peripheral* block;
        } const lines[] = {{ResetBit::adc, &adc_},         {ResetBit::i2c0, &i2c0_},   {ResetBit::pll_sys, &pll_sys_},
                           {ResetBit::pll_usb, &pll_usb_}, {ResetBit::pwm, &pwm_},     {ResetBit::rtc, &rtc_},
                           {ResetBit::spi0, &spi0_},       {ResetBit::timer, &timer_}, {ResetBit::uart0, &uart0_},
                           {ResetBit::uart1, &uart1_},     {ResetBit::usbctrl, &usb_}};
        for (const auto& line : lines)
            if (((mask >> static_cast<unsigned>(line.bit)) & 1u) != 0) line.block->reset();
    }
    void request_core_reset(unsigned) override {}
    void request_chip_reset() override {
        ++chip_resets;
        reset_at = events_.now();
        watchdog_.restart_after_reset();
    }
    void send_event() override {}

    std::uint32_t read(std::uint32_t address) {
        if (address >> 12 == 0x50100) return usb_.dpram_read(address & 0xfff, 4);
        if (address >> 28 == 0xd) return sio_.read(core, address & 0xfff);
        return block(address).read(address & 0xfff);
    }
    std::uint32_t peek(std::uint32_t address) { return block(address).peek(address & 0xfff); }
    void write(std::uint32_t address, std::uint32_t value) {
        if (address >> 12 == 0x50100)
            usb_.dpram_write(address & 0xfff, value, 4);
        else if (address >> 28 == 0xd)
            sio_.write(core, address & 0xfff, value);
        else if (const unsigned alias = (address >> 12) & 3u; alias != 0)
            block(address).write_alias(address & 0xfff, value, alias);
        else
            block(address).write(address & 0xfff, value);
    }
    std::vector<std::uint8_t> save() {
        StateWriter out;
        time_.save(out);
        pins_.save(out);
        for (auto& [base, block] : blocks_) block->save(out);
        out.put(events_.state());
        return out.take();
    }
    void restore(const std::uint8_t* data, std::size_t size) {
        StateReader in(data, size);
        time_.restore(in);
        pins_.restore(in);
        for (auto& [base, block] : blocks_) block->restore(in);
        Scheduler::State state{};
        in.get(state);
        events_.set_state(state);
    }

    Scheduler events_;
    TimeBase time_;
    PinMatrix pins_;
    Xosc xosc_;
    Rosc rosc_;
    Pll pll_sys_, pll_usb_;
    Clocks clocks_;
    Resets resets_;
    Psm psm_;
    Watchdog watchdog_;
    Timer timer_;
    Rtc rtc_;
    Uart uart0_, uart1_;
    Spi spi0_;
    I2c i2c0_;
    Adc adc_;
    Pwm pwm_;
    Sio sio_;
    Usb usb_;
    Busctrl busctrl_;
    Sysinfo sysinfo_;
    Syscfg syscfg_;
    Tbman tbman_;
    VregAndChipReset vreg_;
    IoBank0 io_bank0_;
    PadsBank0 pads_bank0_;
    Recorder recorder_;
    std::vector<std::unique_ptr<PinDevice>> wires_;
    Eeprom eeprom_;
    Inverter inverter_;

    unsigned core = 0;
    std::array<std::uint32_t, 2> irqs{};
    std::array<std::uint64_t, 32> rose{};
    std::array<std::uint32_t, 40> dreqs{}, dreq_calls{};
    std::uint32_t reset_mask = 0, chip_resets = 0;
    std::uint64_t reset_at = 0;
    int held_core = -1;
    std::string error;
    std::vector<std::uint8_t> snapshot;

  private:
    Peripheral& block(std::uint32_t address) {
        const std::uint32_t base = address >> 28 == 4 ? address & 0xffffc000 : address & 0xffff0000;
        const auto found = blocks_.find(base);
        if (found == blocks_.end()) throw std::out_of_range("no block at this address");
        return *found->second;
    }
    void clocks_moved() {
        time_.set_frequency(events_.now(), clocks_.hz(ClockId::sys));
        for (auto& [base, block] : blocks_) block->clocks_changed();
    }
    std::map<std::uint32_t, Peripheral*> blocks_;
};

template <class Function>
bool guarded(Unit* unit, Function&& function) {
    try {
        unit->error.clear();
        function();
        return true;
    } catch (const std::exception& e) {
        unit->error = e.what();
        return false;
    }
}

template <class Bytes>
std::uint32_t copy_bytes(const Bytes& bytes, std::uint8_t* values, std::uint64_t* cycles, std::uint32_t room) {
    std::uint32_t n = 0;
    for (const auto& byte : bytes) {
        if (n == room) break;
        values[n] = byte.value;
        cycles[n++] = byte.when;
    }
    return n;
}

}  // namespace

extern "C" {
Unit* unit_create() { return new Unit; }
void unit_destroy(Unit* unit) { delete unit; }
const char* unit_error(Unit* unit) { return unit->error.c_str(); }
bool unit_read(Unit* unit, std::uint32_t address, std::uint32_t* value) {
    return guarded(unit, [&] { *value = unit->read(address); });
}
bool unit_peek(Unit* unit, std::uint32_t address, std::uint32_t* value) {
    return guarded(unit, [&] { *value = unit->peek(address); });
}
bool unit_write(Unit* unit, std::uint32_t address, std::uint32_t value) {
    return guarded(unit, [&] { unit->write(address, value); });
}
bool unit_run(Unit* unit, std::uint64_t until) {
    return guarded(unit, [&] { unit->events_.advance_to(until); });
}
void unit_select_core(Unit* unit, std::uint32_t core) { unit->core = core; }
std::uint64_t unit_now(Unit* unit) { return unit->events_.now(); }
std::uint64_t unit_picoseconds(Unit* unit, std::uint64_t cycle) { return unit->picoseconds(cycle); }
std::uint64_t unit_cycle_at(Unit* unit, std::uint64_t picoseconds) { return unit->time_.cycle_at(picoseconds); }
std::uint32_t unit_clock_hz(Unit* unit, std::uint32_t clock) { return unit->clock_hz(static_cast<ClockId>(clock)); }
std::uint32_t unit_irqs(Unit* unit, std::uint32_t core) { return unit->irqs[core]; }
std::uint64_t unit_irq_rose(Unit* unit, std::uint32_t line) { return unit->rose[line]; }
std::uint32_t unit_dreq(Unit* unit, std::uint32_t dreq) { return unit->dreqs[dreq]; }
std::uint32_t unit_dreq_calls(Unit* unit, std::uint32_t dreq) { return unit->dreq_calls[dreq]; }
std::uint32_t unit_reset_mask(Unit* unit) { return unit->reset_mask; }
std::uint32_t unit_chip_resets(Unit* unit) { return unit->chip_resets; }
std::uint64_t unit_reset_at(Unit* unit) { return unit->reset_at; }
std::int32_t unit_held_core(Unit* unit) { return unit->held_core; }
std::uint32_t unit_uart_take(Unit* unit, std::uint8_t* values, std::uint64_t* cycles, std::uint32_t room) {
    return copy_bytes(unit->uart0_.take_transmitted(), values, cycles, room);
}
void unit_uart_send(Unit* unit, const std::uint8_t* bytes, std::uint32_t size) {
    unit->uart0_.host_send({bytes, size});
}
void unit_uart_send_frame(Unit* unit, std::uint32_t frame) {
    unit->uart0_.host_send_frame(static_cast<std::uint16_t>(frame));
}
void unit_connect(Unit* unit, bool connected) {
    unit->i2c0_.connect(connected ? &unit->eeprom_ : nullptr);
    unit->spi0_.connect(connected ? &unit->inverter_ : nullptr);
}
std::uint64_t unit_i2c_stopped(Unit* unit) { return unit->eeprom_.stopped; }
void unit_set_adc(Unit* unit, std::uint32_t input, std::uint32_t value) {
    unit->adc_.set_input(input, static_cast<std::uint16_t>(value));
}
void unit_set_temperature(Unit* unit, double celsius) { unit->adc_.set_temperature(celsius); }
void unit_watch_wraps(Unit* unit, std::uint32_t slices) { unit->pwm_.watch_wraps(static_cast<std::uint8_t>(slices)); }
double unit_pwm_duty(Unit* unit, std::uint32_t slice, std::uint32_t channel) { return unit->pwm_.duty(slice, channel); }
void unit_record(Unit* unit, std::uint32_t pins) {
    unit->recorder_.mask = pins;
    unit->pins_.watch_changed();
}
std::uint32_t unit_edges(Unit* unit, std::uint64_t* out, std::uint32_t room) {
    unit->pins_.catch_up(unit->events_.now() + 1);
    std::uint32_t n = 0;
    for (const Edge& e : unit->recorder_.edges) {
        if (n == room) break;
        out[3 * n] = e.when;
        out[3 * n + 1] = e.pin;
        out[3 * n++ + 2] = e.level;
    }
    unit->recorder_.edges.clear();
    return n;
}
void unit_wire(Unit* unit, std::uint32_t from, std::uint32_t to) {
    unit->wires_.push_back(std::make_unique<Wire>(unit->pins_, from, to, 0));
    unit->pins_.attach(*unit->wires_.back());
}
void unit_drive(Unit* unit, std::uint32_t pin, bool level) {
    unit->pins_.drive(pin, level ? Gpio::Drive::high : Gpio::Drive::low, unit->events_.now());
}
std::uint32_t unit_usb_take(Unit* unit, std::uint8_t* values, std::uint64_t* cycles, std::uint32_t room) {
    return copy_bytes(unit->usb_.take_received(), values, cycles, room);
}
void unit_usb_send(Unit* unit, const std::uint8_t* bytes, std::uint32_t size) { unit->usb_.host_send({bytes, size}); }
bool unit_usb_open(Unit* unit) { return unit->usb_.cdc_open(); }
void unit_count_bus(Unit* unit, std::uint32_t event, std::uint32_t accesses) {
    unit->busctrl_.count(static_cast<BusEvent>(event), accesses);
}
void unit_save(Unit* unit) { unit->snapshot = unit->save(); }
bool unit_restore(Unit* unit) {
    return guarded(unit, [&] { unit->restore(unit->snapshot.data(), unit->snapshot.size()); });
}
}
