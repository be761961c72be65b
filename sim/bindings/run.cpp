// Of Chip: power, time, memory, snapshots.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <map>
#include <optional>
#include <stdexcept>

#include "bindings/py_chip.hpp"

namespace nb = nanobind;
using namespace nb::literals;
using namespace rp2040;

namespace {

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

}  // namespace

void bind_run(nb::class_<PyChip>& chip) {
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
            "set_crystal",
            [](PyChip& self, std::uint32_t hz) {
                if (hz == 0) throw nb::value_error("a crystal has at least 1 Hz");
                self.set_crystal(hz);
            },
            "hz"_a)
        .def(
            "set_erratum",
            [](PyChip& self, unsigned number, bool on) {
                if (!self.set_erratum(number, on))
                    throw std::invalid_argument("erratum RP2040-E" + std::to_string(number) +
                                                " cannot be switched; E1 and E13 can");
            },
            "number"_a, "on"_a)
        .def(
            "press_bootsel", [](PyChip& self, bool pressed) { self.press_bootsel(pressed); }, "pressed"_a)
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
        .def(
            "write_bus",
            [](PyChip& self, std::uint32_t address, unsigned bytes, std::uint32_t value) {
                if ((bytes != 1 && bytes != 2 && bytes != 4) || (address & (bytes - 1)) != 0 ||
                    !self.bus().master_write(address, bytes, value))
                    throw nb::value_error("the bus does not take this write");
            },
            "address"_a, "bytes"_a, "value"_a)
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
        .def("absent_note", &PyChip::absent_note);
}
