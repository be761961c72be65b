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

#include "bindings/py_chip.hpp"
#include "bindings/usb.hpp"
#include "cpu/decoder.hpp"
#include "link.hpp"

namespace nb = nanobind;
using namespace nb::literals;
using namespace rp2040;

namespace {

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
    bind_run(chip);
    bind_debug(chip);
    bind_wires(chip);
    bind_profiles(m, chip);

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
