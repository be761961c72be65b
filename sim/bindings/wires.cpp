// Of Chip: pins, and what is connected to them and to USB.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <optional>
#include <tuple>

#include "bindings/py_chip.hpp"
#include "bindings/usb.hpp"

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

}  // namespace

void bind_wires(nb::class_<PyChip>& chip) {
    chip.def(
            "connect_usb", [](PyChip& self, bool connected) { self.usb().connect_host(connected); }, "connected"_a)
        .def(
            "set_terminal",
            [](PyChip& self, unsigned i, unsigned tx, unsigned rx, std::uint32_t baud) {
                self.uart(check_index(i, 2, "uart"))
                    .set_terminal({check_index(tx, kPins, "pin"), check_index(rx, kPins, "pin"), std::max(1u, baud)});
            },
            "uart"_a, "tx"_a, "rx"_a, "baud"_a)
        .def(
            "uart_note", [](PyChip& self, unsigned i) { return self.uart(check_index(i, 2, "uart")).note(); }, "uart"_a)
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
            "input"_a, "volts"_a);
}
