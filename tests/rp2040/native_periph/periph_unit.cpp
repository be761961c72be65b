// The bare chip behind a C ABI: registers in the present cycle, time moved by unit_run, a few devices on its pins.
#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "bare_chip.hpp"
#include "device/jumper.hpp"
#include "pin_devices.hpp"

namespace {

using namespace rp2040;

/// 256 bytes of memory at one address: the first byte written after START is the address within it.
class Eeprom final : public Device {
  public:
    [[nodiscard]] std::string_view name() const override { return "eeprom"; }
    [[nodiscard]] std::vector<std::string_view> lines() const override { return {"sda", "scl"}; }
    bool i2c_start(std::uint16_t address, bool read, Cycles) override {
        first_ = !read;
        return address == 0x50;
    }
    bool i2c_write(std::uint8_t value, Cycles) override {
        if (first_)
            at_ = value;
        else
            bytes_[at_++] = value;
        first_ = false;
        return value != 0xee;  // A byte that the device refuses.
    }
    std::uint8_t i2c_read(Cycles) override { return bytes_[at_++]; }
    void i2c_stop(Cycles when) override { stopped = when; }
    Cycles stopped = 0;

  private:
    std::array<std::uint8_t, 256> bytes_{};
    std::uint8_t at_ = 0;
    bool first_ = false;
};

/// Answers each frame with the complement of the one before it, the first with zero.
class Inverter final : public Device {
  public:
    [[nodiscard]] std::string_view name() const override { return "inverter"; }
    [[nodiscard]] std::vector<std::string_view> lines() const override { return {"sck", "mosi", "miso"}; }
    [[nodiscard]] unsigned spi_mode() const override { return 1; }
    std::uint16_t spi_send(unsigned, Cycles) override { return next_; }
    void spi_receive(std::uint16_t value, unsigned, Cycles) override { next_ = static_cast<std::uint16_t>(~value); }

  private:
    std::uint16_t next_ = 0;
};

/// What is attached to the chip must be there as long as it is.
struct Attached {
    Recorder recorder;
    std::vector<std::unique_ptr<Jumper>> wires;
    Eeprom eeprom;
    Inverter inverter;
};

class Unit final : public Attached, public BareChip {
  public:
    Unit() { gpio().attach(recorder); }

    std::uint32_t read(std::uint32_t address) {
        std::uint32_t value = 0;
        if (!core_read(core, address, 4, value)) throw std::out_of_range("no block at this address");
        return value;
    }
    std::uint32_t peek(std::uint32_t address) {
        std::array<std::uint8_t, 4> bytes{};
        if (!bus().debug_read(address, bytes)) throw std::out_of_range("no block at this address");
        return std::uint32_t{bytes[0]} | std::uint32_t{bytes[1]} << 8 | std::uint32_t{bytes[2]} << 16 |
               std::uint32_t{bytes[3]} << 24;
    }
    void write(std::uint32_t address, std::uint32_t value) {
        if (!core_write(core, address, 4, value)) throw std::out_of_range("no block at this address");
    }
    /// The devices on pins of I2C0 (20, 21) and SPI0 (16, 18, 19), which the blocks are given.
    void connect() {
        for (const auto& [pin, function] :
             std::initializer_list<std::pair<unsigned, unsigned>>{{20, 3}, {21, 3}, {16, 1}, {18, 1}, {19, 1}})
            write(0x40014004 + 8 * pin, function);
        if (eeprom.port() != nullptr) return;
        attach(eeprom, {{"sda", 20}, {"scl", 21}});
        attach(inverter, {{"sck", 18}, {"mosi", 19}, {"miso", 16}});
    }

    unsigned core = 0;
    std::string error;
    std::vector<std::uint8_t> snapshot;
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
    return guarded(unit, [&] { unit->run(until); });
}
void unit_select_core(Unit* unit, std::uint32_t core) { unit->core = core; }
std::uint64_t unit_now(Unit* unit) { return unit->cycles(); }
std::uint64_t unit_picoseconds(Unit* unit, std::uint64_t cycle) { return unit->picoseconds(cycle); }
std::uint64_t unit_cycle_at(Unit* unit, std::uint64_t picoseconds) { return unit->cycle_at(picoseconds); }
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
    return copy_bytes(unit->uart(0).take_transmitted(), values, cycles, room);
}
void unit_uart_send(Unit* unit, const std::uint8_t* bytes, std::uint32_t size) {
    unit->uart(0).host_send({bytes, size});
}
void unit_uart_send_frame(Unit* unit, std::uint32_t frame) {
    unit->uart(0).host_send_frame(static_cast<std::uint16_t>(frame));
}
void unit_connect(Unit* unit) { unit->connect(); }
std::uint64_t unit_i2c_stopped(Unit* unit) { return unit->eeprom.stopped; }
void unit_set_adc(Unit* unit, std::uint32_t input, std::uint32_t value) {
    unit->adc().set_input(input, static_cast<std::uint16_t>(value));
}
void unit_set_temperature(Unit* unit, double celsius) { unit->adc().set_temperature(celsius); }
void unit_watch_wraps(Unit* unit, std::uint32_t slices) { unit->pwm().watch_wraps(static_cast<std::uint8_t>(slices)); }
double unit_pwm_duty(Unit* unit, std::uint32_t slice, std::uint32_t channel) {
    return unit->pwm().duty(slice, channel);
}
void unit_record(Unit* unit, std::uint32_t pins) {
    unit->recorder.mask = pins;
    unit->pins().watch_changed();
}
std::uint32_t unit_edges(Unit* unit, std::uint64_t* out, std::uint32_t room) {
    unit->pins().catch_up(unit->cycles() + 1);
    std::uint32_t n = 0;
    for (const Edge& e : unit->recorder.edges) {
        if (n == room) break;
        out[3 * n] = e.when;
        out[3 * n + 1] = e.pin;
        out[3 * n++ + 2] = e.level;
    }
    unit->recorder.edges.clear();
    return n;
}
void unit_wire(Unit* unit, std::uint32_t a, std::uint32_t b) {
    unit->wires.push_back(std::make_unique<Jumper>("wire" + std::to_string(unit->wires.size())));
    unit->attach(*unit->wires.back(), {{"a", a}, {"b", b}});
}
void unit_drive(Unit* unit, std::uint32_t pin, bool level) {
    unit->pins().drive(pin, level ? Gpio::Drive::high : Gpio::Drive::low, unit->cycles());
}
std::uint32_t unit_usb_take(Unit* unit, std::uint8_t* values, std::uint64_t* cycles, std::uint32_t room) {
    return copy_bytes(unit->usb().host().take_received(), values, cycles, room);
}
void unit_usb_send(Unit* unit, const std::uint8_t* bytes, std::uint32_t size) {
    unit->usb().host().send({bytes, size});
}
bool unit_usb_open(Unit* unit) { return unit->usb().host().serial_open(); }
void unit_count_bus(Unit* unit, std::uint32_t event, std::uint32_t accesses) {
    unit->busctrl().count(static_cast<BusEvent>(event), accesses);
}
void unit_save(Unit* unit) { unit->snapshot = unit->save(); }
bool unit_restore(Unit* unit) {
    return guarded(unit, [&] { unit->restore(unit->snapshot); });
}
}
