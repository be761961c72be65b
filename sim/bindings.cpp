// Python module emberwatch._native: librp2040 and the microphone, as they are. sim/_native.pyi documents it.
#include <nanobind/nanobind.h>
#include <nanobind/stl/array.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <map>
#include <optional>
#include <tuple>

#include "bindings_chip.hpp"
#include "bindings_usb.hpp"
#include "cpu/decoder.hpp"
#include "link.hpp"

namespace nb = nanobind;
using namespace nb::literals;
using namespace rp2040;

namespace {

template <class Byte>
nb::tuple timed_bytes(const std::vector<Byte>& received) {
    std::vector<std::uint8_t> values;
    std::vector<Cycles> cycles;
    for (const Byte& byte : received) {
        values.push_back(byte.value);
        cycles.push_back(byte.when);
    }
    return nb::make_tuple(to_bytes(values), cycles);
}

ClockId clock_id(const std::string& name) {
    static const std::map<std::string, ClockId> ids = {{"gpout0", ClockId::gpout0}, {"gpout1", ClockId::gpout1},
                                                       {"gpout2", ClockId::gpout2}, {"gpout3", ClockId::gpout3},
                                                       {"ref", ClockId::ref},       {"sys", ClockId::sys},
                                                       {"peri", ClockId::peri},     {"usb", ClockId::usb},
                                                       {"adc", ClockId::adc},       {"rtc", ClockId::rtc}};
    const auto found = ids.find(name);
    if (found == ids.end()) throw nb::key_error(("no clock named " + name).c_str());
    return found->second;
}

/// Chips side by side, as Python owns them.
struct PyLink : Link {
    using Link::Link;
    std::vector<PyChip*> chips;

    Result run(std::size_t leader, Cycles limit) {
        Result result = Link::run(leader, limit);
        for (std::size_t i = 0; i < chips.size(); ++i)
            if (Stop stop = chips[i]->run([] { return Stop{}; }); stop.reason != StopReason::time)
                result = {i, std::move(stop)};
        return result;
    }
};

constexpr const char* kRegisterNames[] = {"r0", "r1", "r2",  "r3",  "r4",  "r5", "r6", "r7",
                                          "r8", "r9", "r10", "r11", "r12", "sp", "lr", "pc"};

nb::dict registers(PyChip& chip, unsigned core) {
    const CpuRegisters values = chip.core(check_index(core, 2, "core")).registers();
    nb::dict out;
    for (unsigned i = 0; i < 16; ++i) out[kRegisterNames[i]] = values.r[i];
    out["xpsr"] = values.xpsr;
    out["msp"] = values.msp;
    out["psp"] = values.psp;
    out["primask"] = values.primask;
    out["control"] = values.control;
    return out;
}

void set_register(PyChip& chip, unsigned core, const std::string& name, std::uint32_t value) {
    Cpu& cpu = chip.core(check_index(core, 2, "core"));
    static const std::map<std::string, unsigned> special = {{"msp", 8}, {"psp", 9}, {"primask", 16}, {"control", 20}};
    for (unsigned i = 0; i < 16; ++i)
        if (name == kRegisterNames[i]) return cpu.set_register(i, value);
    if (name == "xpsr") return cpu.set_xpsr(value);
    if (const auto found = special.find(name); found != special.end()) return cpu.write_special(found->second, value);
    throw nb::key_error(("no register named " + name).c_str());
}

}  // namespace

NB_MODULE(_native, m) {
    m.doc() = "librp2040: the RP2040 in emulated time";

    nb::enum_<StopReason>(m, "StopReason")
        .value("TIME", StopReason::time)
        .value("BREAKPOINT", StopReason::breakpoint)
        .value("BKPT", StopReason::bkpt)
        .value("LOCKUP", StopReason::lockup)
        .value("UNMODELLED", StopReason::unmodelled)
        .value("BOOT_ERROR", StopReason::boot_error)
        .value("WATCHPOINT", StopReason::watchpoint)
        .value("STEP", StopReason::step)
        .value("HARD_FAULT", StopReason::hard_fault)
        .value("DEVICE", StopReason::device);

    nb::enum_<FaultCause>(m, "FaultCause")
        .value("UNALIGNED", FaultCause::unaligned)
        .value("NO_MEMORY", FaultCause::no_memory)
        .value("FETCH", FaultCause::fetch)
        .value("PROTECTION", FaultCause::protection)
        .value("EXECUTE_NEVER", FaultCause::execute_never)
        .value("UNDEFINED_INSTRUCTION", FaultCause::undefined_instruction)
        .value("THUMB_BIT_CLEAR", FaultCause::thumb_bit_clear)
        .value("EXCEPTION_RETURN", FaultCause::exception_return)
        .value("BKPT", FaultCause::bkpt)
        .value("SVC", FaultCause::svc)
        .value("STACKING", FaultCause::stacking)
        .value("UNSTACKING", FaultCause::unstacking)
        .value("VECTOR", FaultCause::vector);

    nb::class_<Stop>(m, "Stop")
        .def_ro("reason", &Stop::reason)
        .def_ro("core", &Stop::core)
        .def_ro("pc", &Stop::pc)
        .def_ro("address", &Stop::address)
        .def_ro("detail", &Stop::detail)
        .def("__repr__", [](const Stop& s) {
            return "Stop(reason=" + nb::cast<std::string>(nb::str(nb::cast(s.reason))) +
                   ", core=" + std::to_string(s.core) + ", detail='" + s.detail + "')";
        });

    bind_devices(m);
    bind_usb_host(m);
    bind_microphones(m);
    nb::class_<PyChip> chip(m, "Chip");
    bind_profiles(m, chip);
    chip.def(nb::init<std::uint32_t, std::uint32_t>(), "flash_bytes"_a = 2u << 20, "xosc_hz"_a = 12'000'000)
        .def(
            "load",
            [](PyChip& self, std::uint32_t address, const nb::bytes& data) {
                if (!self.load(address, view(data))) throw nb::value_error("no memory at some of these addresses");
            },
            "address"_a, "data"_a)
        .def(
            "power_on_memory", [](PyChip& self, std::uint64_t seed) { self.power_on_memory(seed); }, "seed"_a)
        .def(
            "load_rom", [](PyChip& self, const nb::bytes& image) { self.load_rom(view(image)); }, "image"_a)
        .def(
            "reset", [](PyChip& self, std::optional<std::uint32_t> ram_entry) { self.reset(ram_entry); },
            "ram_entry"_a = nb::none())
        .def(
            "power_cycle",
            [](PyChip& self, std::uint64_t off, std::optional<std::uint64_t> seed,
               std::optional<std::uint32_t> ram_entry) { self.power_cycle(off, seed, ram_entry); },
            "off"_a, "seed"_a = nb::none(), "ram_entry"_a = nb::none())
        .def(
            "connect_usb", [](PyChip& self, bool connected) { self.usb().connect_host(connected); }, "connected"_a)
        .def(
            "answer_semihosting",
            [](PyChip& self, bool answered) {
                for (unsigned i = 0; i < 2; ++i) self.core(i).semihosting = answered;
            },
            "answered"_a)
        .def(
            "run_until", [](PyChip& self, Cycles cycle) { return self.run([&] { return self.run_until(cycle); }); },
            "cycle"_a, nb::call_guard<nb::gil_scoped_release>())
        .def_prop_ro("cycles", [](const PyChip& self) { return self.cycles(); })
        .def_prop_ro("picoseconds", [](const PyChip& self) { return self.picoseconds(self.cycles()); })
        .def(
            "picoseconds_at", [](const PyChip& self, Cycles cycle) { return self.picoseconds(cycle); }, "cycle"_a)
        .def(
            "cycles_at", [](const PyChip& self, std::uint64_t picoseconds) { return self.cycle_at(picoseconds); },
            "picoseconds"_a)
        .def(
            "clock_hz", [](const PyChip& self, const std::string& name) { return self.clock_hz(clock_id(name)); },
            "name"_a)
        .def(
            "read_memory",
            [](PyChip& self, std::uint32_t address, std::size_t size) {
                std::vector<std::uint8_t> out(size);
                if (!self.bus().debug_read(address, out))
                    throw nb::value_error("nothing to read at some of these addresses");
                return to_bytes(out);
            },
            "address"_a, "size"_a)
        .def(
            "write_memory",
            [](PyChip& self, std::uint32_t address, const nb::bytes& data) {
                if (!self.bus().debug_write(address, view(data)))
                    throw nb::value_error("no memory at some of these addresses");
            },
            "address"_a, "data"_a)
        .def("registers", &registers, "core"_a = 0)
        .def("set_register", &set_register, "core"_a, "name"_a, "value"_a)
        .def(
            "add_breakpoint", [](PyChip& self, std::uint32_t address) { self.add_breakpoint(address); }, "address"_a)
        .def(
            "remove_breakpoint", [](PyChip& self, std::uint32_t address) { self.remove_breakpoint(address); },
            "address"_a)
        .def(
            "attach_debugger",
            [](PyChip& self, bool attached) {
                for (unsigned i = 0; i < 2; ++i) self.core(i).debugger_attached = attached;
            },
            "attached"_a)
        .def(
            "step",
            [](PyChip& self, unsigned core, Cycles limit) {
                return self.run([&] { return self.step(check_index(core, 2, "core"), limit); });
            },
            "core"_a, "limit"_a, nb::call_guard<nb::gil_scoped_release>())
        .def(
            "add_watchpoint",
            [](PyChip& self, std::uint32_t address, std::uint32_t size, bool read, bool write) {
                self.add_watchpoint({address, size, read, write});
            },
            "address"_a, "size"_a, "read"_a, "write"_a)
        .def(
            "remove_watchpoint",
            [](PyChip& self, std::uint32_t address, std::uint32_t size, bool read, bool write) {
                self.remove_watchpoint({address, size, read, write});
            },
            "address"_a, "size"_a, "read"_a, "write"_a)
        .def(
            "catch_hard_fault",
            [](PyChip& self, bool caught) {
                for (unsigned i = 0; i < 2; ++i) self.core(i).catch_hard_fault = caught;
            },
            "caught"_a)
        .def(
            "faults",
            [](PyChip& self, unsigned core) {
                std::vector<std::tuple<FaultCause, std::uint32_t, std::uint32_t, bool, Cycles>> out;
                for (const Fault& f : self.core(check_index(core, 2, "core")).faults())
                    out.emplace_back(f.cause, f.pc, f.address, f.write, f.when);
                return out;
            },
            "core"_a = 0)
        .def(
            "hardfault_returns",
            [](PyChip& self, unsigned core) { return self.core(check_index(core, 2, "core")).hardfault_returns(); },
            "core"_a = 0)
        .def(
            "record_instructions",
            [](PyChip& self, std::size_t depth) {
                for (unsigned i = 0; i < 2; ++i) self.core(i).observer.record(depth);
            },
            "depth"_a)
        .def(
            "recent_instructions",
            [](PyChip& self, unsigned core) {
                std::vector<std::tuple<Cycles, std::uint32_t, unsigned>> out;
                for (const ExecutedInstruction& i : self.core(check_index(core, 2, "core")).observer.instructions())
                    out.emplace_back(i.when, i.pc, i.depth);
                return out;
            },
            "core"_a = 0)
        .def(
            "recent_accesses",
            [](PyChip& self, unsigned core) {
                std::vector<
                    std::tuple<Cycles, std::uint32_t, std::uint32_t, std::uint32_t, bool, std::optional<std::uint32_t>>>
                    out;
                for (const DataAccess& a : self.core(check_index(core, 2, "core")).observer.accesses())
                    out.emplace_back(a.when, a.pc, a.address, a.bytes, a.write,
                                     a.has_value ? std::optional(a.value) : std::nullopt);
                return out;
            },
            "core"_a = 0)
        .def(
            "watchpoint_hit",
            [](PyChip& self, unsigned core) -> std::optional<std::tuple<Cycles, std::uint32_t, std::uint32_t, bool>> {
                const auto& hit = self.core(check_index(core, 2, "core")).observer.hit();
                if (!hit) return std::nullopt;
                return std::make_tuple(hit->when, hit->pc, hit->address, hit->write);
            },
            "core"_a = 0)
        .def(
            "core_state",
            [](PyChip& self, unsigned core) {
                const Cpu& cpu = self.core(check_index(core, 2, "core"));
                return cpu.held() ? "held" : cpu.asleep() ? "asleep" : "running";
            },
            "core"_a = 0)
        .def(
            "exception_depth",
            [](PyChip& self, unsigned core) { return self.core(check_index(core, 2, "core")).depth(); }, "core"_a = 0)
        .def(
            "read_system",
            [](PyChip& self, unsigned core, std::uint32_t offset) {
                return self.core(check_index(core, 2, "core")).system().peek(offset & 0xffc, self.cycles());
            },
            "core"_a, "offset"_a)
        .def(
            "write_bus",
            [](PyChip& self, std::uint32_t address, unsigned bytes, std::uint32_t value) {
                if ((bytes != 1 && bytes != 2 && bytes != 4) || (address & (bytes - 1)) != 0 ||
                    !self.bus().master_write(address, bytes, value))
                    throw nb::value_error("the bus does not take this write");
            },
            "address"_a, "bytes"_a, "value"_a)
        .def(
            "set_terminal",
            [](PyChip& self, unsigned i, unsigned tx, unsigned rx, std::uint32_t baud) {
                self.uart(check_index(i, 2, "uart"))
                    .set_terminal({check_index(tx, kPins, "pin"), check_index(rx, kPins, "pin"), std::max(1u, baud)});
            },
            "uart"_a, "tx"_a, "rx"_a, "baud"_a)
        .def(
            "uart_note", [](PyChip& self, unsigned i) { return self.uart(check_index(i, 2, "uart")).note(); }, "uart"_a)
        .def("absent_note", &PyChip::absent_note)
        .def(
            "set_erratum",
            [](PyChip& self, unsigned number, bool on) {
                if (!self.set_erratum(number, on))
                    throw std::invalid_argument("erratum RP2040-E" + std::to_string(number) +
                                                " cannot be switched; E1 and E13 can");
            },
            "number"_a, "on"_a)
        .def(
            "watch_never_written", [](PyChip& self, bool on) { self.watch_never_written(on); }, "on"_a)
        .def("never_written",
             [](PyChip& self) {
                 nb::list found;
                 for (const NeverWritten::Read& r : self.take_never_written())
                     found.append(nb::make_tuple(r.master, r.pc, r.address, r.bytes, r.when));
                 return found;
             })
        .def(
            "uart_take",
            [](PyChip& self, unsigned i) {
                return timed_bytes(self.uart(check_index(i, 2, "uart")).take_transmitted());
            },
            "uart"_a)
        .def(
            "uart_send",
            [](PyChip& self, unsigned i, const nb::bytes& data) {
                self.uart(check_index(i, 2, "uart")).host_send(view(data));
            },
            "uart"_a, "data"_a)
        .def_prop_ro("in_usb_boot", [](PyChip& self) { return self.usb().in_usb_boot(); })
        .def_prop_ro(
            "usb_host", [](PyChip& self) -> UsbHost& { return self.usb().host(); }, nb::rv_policy::reference_internal)
        .def(
            "usb_take",
            [](PyChip& self, unsigned port) {
                return timed_bytes(self.usb().host().take_received(check_index(port, kMostSerialPorts, "USB port")));
            },
            "port"_a = 0)
        .def(
            "usb_send",
            [](PyChip& self, const nb::bytes& data, unsigned port) {
                self.usb().host().send(view(data), check_index(port, kMostSerialPorts, "USB port"));
            },
            "data"_a, "port"_a = 0)
        .def_prop_ro("usb_open", [](PyChip& self) { return self.usb().host().serial_open(); })
        .def(
            "pin_level",
            [](PyChip& self, unsigned pin) { return self.gpio().level(check_index(pin, kPins, "pin"), self.cycles()); },
            "pin"_a)
        .def(
            "drive_pin",
            [](PyChip& self, unsigned pin, std::optional<bool> level) {
                const Gpio::Drive drive = !level   ? Gpio::Drive::released
                                          : *level ? Gpio::Drive::high
                                                   : Gpio::Drive::low;
                self.gpio().drive(check_index(pin, kPins, "pin"), drive, self.cycles());
            },
            "pin"_a, "level"_a.none())
        .def(
            "short_pin",
            [](PyChip& self, unsigned pin, std::optional<bool> level) {
                const std::uint32_t bit = 1u << check_index(pin, kPins, "pin");
                PinMatrix& pins = self.pins();
                const std::uint32_t levels = pins.shorted_levels() & ~bit;
                pins.short_pins(level ? pins.shorted() | bit : pins.shorted() & ~bit,
                                level.value_or(false) ? levels | bit : levels);
            },
            "pin"_a, "level"_a.none())
        .def(
            "set_crystal",
            [](PyChip& self, std::uint32_t hz) {
                if (hz == 0) throw nb::value_error("a crystal has at least 1 Hz");
                self.set_crystal(hz);
            },
            "hz"_a)
        .def(
            "attach",
            [](PyChip& self, const nb::object& device, const std::vector<std::pair<std::string, unsigned>>& lines) {
                self.attach(nb::cast<Device&>(device), lines);
                self.attached.push_back(device);
            },
            "device"_a, "lines"_a)
        .def(
            "detach",
            [](PyChip& self, const nb::object& device) {
                self.detach(nb::cast<Device&>(device));
                std::erase_if(self.attached, [&](const nb::object& o) { return o.is(device); });
            },
            "device"_a)
        .def_prop_ro("devices",
                     [](const PyChip& self) {
                         std::vector<std::string> names;
                         for (const Device* device : self.devices().devices()) names.emplace_back(device->name());
                         return names;
                     })
        .def(
            "record_pins", [](PyChip& self, std::uint32_t mask) { self.recorder.record(mask); }, "mask"_a)
        .def("take_edges",
             [](PyChip& self) {
                 std::vector<std::tuple<Cycles, unsigned, bool>> out;
                 self.gpio().settle(self.cycles());
                 for (const auto& e : self.recorder.take()) out.emplace_back(e.when, e.pin, e.level);
                 return out;
             })
        .def(
            "pwm_duty",
            [](PyChip& self, unsigned slice, unsigned channel) {
                return self.pwm().duty(check_index(slice, 8, "slice"), check_index(channel, 2, "channel"));
            },
            "slice"_a, "channel"_a)
        .def(
            "pwm_period_q4",
            [](PyChip& self, unsigned slice) { return self.pwm().period_q4(check_index(slice, 8, "slice")); },
            "slice"_a)
        .def(
            "set_adc",
            [](PyChip& self, unsigned input, std::uint16_t value) {
                self.adc().set_input(check_index(input, 5, "input"), value);
            },
            "input"_a, "value"_a)
        .def(
            "set_adc_voltage",
            [](PyChip& self, unsigned input, double volts) {
                self.adc().set_voltage(check_index(input, 5, "input"), volts);
            },
            "input"_a, "volts"_a)
        .def(
            "press_bootsel", [](PyChip& self, bool pressed) { self.press_bootsel(pressed); }, "pressed"_a)
        .def("save", [](const PyChip& self) { return to_bytes(self.save()); })
        .def(
            "restore",
            [](PyChip& self, const nb::bytes& snapshot, bool power_on_others) {
                self.restore(view(snapshot), power_on_others);
            },
            "snapshot"_a, "power_on_others"_a = false)
        .def(
            "differences",
            [](const PyChip& self, const nb::bytes& snapshot) { return self.differences(view(snapshot)); },
            "snapshot"_a)
        .def_prop_ro("xip_hits", [](PyChip& self) { return self.xip().hits(); })
        .def_prop_ro("xip_accesses", [](PyChip& self) { return self.xip().accesses(); });

    nb::class_<PyLink>(m, "Link")
        .def(nb::init<std::uint64_t>(), "latency"_a)
        .def(
            "add",
            [](PyLink& self, PyChip& chip) {
                self.add(chip);
                self.chips.push_back(&chip);
            },
            "chip"_a, nb::keep_alive<1, 2>())
        .def(
            "wire",
            [](PyLink& self, std::size_t one, unsigned pin, std::size_t other, unsigned other_pin) {
                self.wire({one, pin}, {other, other_pin});
            },
            "one"_a, "pin"_a, "other"_a, "other_pin"_a)
        .def(
            "run",
            [](PyLink& self, std::size_t leader, Cycles limit) {
                const Link::Result result = self.run(leader, limit);
                return std::make_pair(result.chip, result.stop);
            },
            "leader"_a, "limit"_a, nb::call_guard<nb::gil_scoped_release>());

    m.def(
        "encoding_name",
        [](std::uint16_t first, std::uint16_t second) { return std::string(encoding_name(first, second)); }, "first"_a,
        "second"_a = 0);
    m.def("encodings", [] {
        std::vector<std::pair<std::string, std::string>> out;
        for (const Encoding& e : kEncodings16) out.emplace_back(e.name, e.pattern);
        for (const Encoding& e : kEncodings32) out.emplace_back(e.name, e.pattern);
        return out;
    });
}
