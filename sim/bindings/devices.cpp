// Devices as module _native has them: those of the chip's side, and the one that asks Python.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>

#include "bindings/py_device.hpp"
#include "bus/flash.hpp"
#include "device/jumper.hpp"

namespace nb = nanobind;
using namespace nb::literals;
using rp2040::Cycles;

void bind_devices(nb::module_& m) {
    using rp2040::DevicePort;
    nb::class_<rp2040::Device>(m, "Device", nb::is_weak_referenceable())
        .def_prop_ro("name", [](const rp2040::Device& self) { return std::string(self.name()); })
        .def_prop_ro("lines", [](const rp2040::Device& self) {
            std::vector<std::string> names;
            for (const auto line : self.lines()) names.emplace_back(line);
            return names;
        });

    nb::class_<rp2040::Jumper, rp2040::Device>(m, "Jumper").def(nb::init<std::string>(), "name"_a);

    nb::class_<rp2040::Flash, rp2040::Device>(m, "Flash")
        .def(
            "__init__",
            [](rp2040::Flash* self, std::uint32_t bytes, std::string name) {
                if (bytes < 0x10000 || bytes > 0x1000000 || (bytes & (bytes - 1)) != 0)
                    throw nb::value_error("a flash chip has a power of two of bytes, 65536 to 16777216");
                new (self) rp2040::Flash(bytes, std::move(name));
            },
            "bytes"_a, "name"_a)
        .def(
            "load",
            [](rp2040::Flash& self, std::uint32_t offset, const nb::bytes& data) {
                if (offset > self.size() || data.size() > self.size() - offset)
                    throw nb::value_error("the data do not fit the flash chip");
                self.load(offset, {static_cast<const std::uint8_t*>(data.data()), data.size()});
            },
            "offset"_a, "data"_a)
        .def(
            "read",
            [](const rp2040::Flash& self, std::uint32_t offset, std::uint32_t size) {
                if (offset > self.size() || size > self.size() - offset)
                    throw nb::value_error("the flash chip ends before");
                return nb::bytes(self.data() + offset, size);
            },
            "offset"_a, "size"_a);

    nb::class_<PyDevice, rp2040::Device>(m, "PyDevice")
        .def(
            "__init__",
            [](PyDevice* self, nb::handle owner, std::string name, std::vector<std::string> lines,
               const std::vector<std::string>& optional, const std::vector<std::string>& watched,
               const std::vector<std::string>& driven, bool prompt, std::vector<std::uint16_t> addresses, unsigned baud,
               unsigned spi_mode, const std::vector<std::string>& methods) {
                const auto mask = [&](const std::vector<std::string>& names) {
                    std::uint32_t bits = 0;
                    for (std::size_t i = 0; i < lines.size(); ++i)
                        if (std::find(names.begin(), names.end(), lines[i]) != names.end()) bits |= 1u << i;
                    return bits;
                };
                if (lines.size() > rp2040::kPins) throw nb::value_error("a device has at most 30 lines");
                if (baud == 0) throw nb::value_error("baud must be positive");
                const auto optional_bits = mask(optional), watched_bits = mask(watched), driven_bits = mask(driven);
                new (self) PyDevice(owner,
                                    {std::move(name), std::move(lines), optional_bits, watched_bits, driven_bits,
                                     prompt, std::move(addresses), baud, spi_mode & 3},
                                    methods);
            },
            "owner"_a, "name"_a, "lines"_a, "optional"_a, "watched"_a, "driven"_a, "prompt"_a, "addresses"_a, "baud"_a,
            "spi_mode"_a, "methods"_a)
        .def("take_error", &PyDevice::take_error)
        .def("settle", &PyDevice::settle)
        .def_prop_ro("framing_errors", &PyDevice::framing_errors)
        .def_prop_ro("now", [](const PyDevice& self) { return self.bound().picoseconds(self.moment()); })
        .def_prop_ro("attached", [](const PyDevice& self) { return self.port() != nullptr; })
        .def(
            "connected",
            [](const PyDevice& self, const std::string& line) { return self.bound().connected(self.line(line)); },
            "line"_a)
        .def(
            "drive",
            [](PyDevice& self, const std::string& line, std::optional<bool> level, std::optional<std::uint64_t> at) {
                DevicePort& port = self.bound();
                const Cycles when = at ? std::max(port.cycle_at(*at), self.moment()) : self.moment();
                port.drive(self.line(line),
                           !level   ? DevicePort::Drive::released
                           : *level ? DevicePort::Drive::high
                                    : DevicePort::Drive::low,
                           when);
            },
            "line"_a, "level"_a.none(), "at"_a = nb::none())
        .def(
            "level", [](PyDevice& self, const std::string& line) { return self.bound().level(self.line(line)); },
            "line"_a)
        .def(
            "share", [](PyDevice& self, const std::string& line) { return self.bound().share(self.line(line)); },
            "line"_a)
        .def(
            "uart_send",
            [](PyDevice& self, const nb::bytes& data) {
                self.bound().uart_send({static_cast<const std::uint8_t*>(data.data()), data.size()});
            },
            "data"_a)
        .def(
            "wake_at",
            [](PyDevice& self, std::optional<std::uint64_t> at) { self.bound().wake_at(at.value_or(rp2040::kNever)); },
            "at"_a.none())
        .def(
            "join",
            [](PyDevice& self, const std::string& line, const std::string& other, bool joined) {
                self.bound().join(self.line(line), self.line(other), joined);
            },
            "line"_a, "other"_a, "joined"_a)
        .def(
            "set_volts",
            [](PyDevice& self, const std::string& line, std::vector<std::pair<std::uint64_t, double>> points) {
                self.set_volts(self.line(line), std::move(points));
            },
            "line"_a, "points"_a);
}
