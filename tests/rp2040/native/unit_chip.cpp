// UnitChip behind a C ABI, driven from Python.
#include "unit_chip.hpp"

using namespace rp2040;

extern "C" {
UnitChip* unit_new() { return new UnitChip; }
void unit_delete(UnitChip* chip) { delete chip; }
void unit_reset(UnitChip* chip) { chip->reset(); }
std::uint64_t unit_now(UnitChip* chip) { return chip->events().now(); }
void unit_run(UnitChip* chip, std::uint64_t cycles) { chip->events().advance_to(chip->events().now() + cycles); }
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
    chip->pins.drive(pin, static_cast<Gpio::Drive>(drive), chip->events().now() + delay);
}
int unit_level(UnitChip* chip, unsigned pin) { return chip->pins.level(pin, chip->events().now()) ? 1 : 0; }
std::uint32_t unit_inputs(UnitChip* chip, std::uint32_t bypass) {
    return chip->pins.inputs(chip->events().now(), bypass);
}
/// As SIO would: driven from the cycle after the current one.
void unit_sio(UnitChip* chip, std::uint32_t mask, std::uint32_t value, std::uint32_t enable) {
    chip->pins.set_output(PinFunction::sio, mask, value, enable, chip->events().now() + 1);
}
void unit_watch(UnitChip* chip, std::uint32_t mask) {
    chip->recorder.mask = mask;
    chip->pins.watch_changed();
}
std::size_t unit_edges(UnitChip* chip, const Edge** edges) {
    chip->pins.catch_up(chip->events().now());
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
/// Bits that data sources were asked for many at a time.
std::uint64_t unit_answered_at_once(UnitChip* chip) {
    std::uint64_t sum = 0;
    for (const auto& source : chip->sources) sum += source->answered_at_once;
    return sum;
}
std::uint32_t unit_irq(UnitChip* chip, unsigned core) { return core == 0 ? chip->irq : chip->irq1; }
void unit_dreq(UnitChip* chip, unsigned dreq, std::uint32_t transfers) {
    chip->dma.set_dreq(static_cast<Dreq>(dreq), transfers);
}
void unit_log_accesses(UnitChip* chip, int on) {
    chip->log_accesses = on != 0;
    chip->accesses.clear();
}
std::size_t unit_accesses(UnitChip* chip, const Access** accesses) {
    *accesses = chip->accesses.data();
    return chip->accesses.size();
}
std::uint64_t unit_due(UnitChip* chip, unsigned event) { return chip->events().due(static_cast<EventId>(event)); }
void unit_save(UnitChip* chip) { chip->snapshot = chip->save(); }
void unit_restore(UnitChip* chip) { chip->restore(chip->snapshot); }
}
