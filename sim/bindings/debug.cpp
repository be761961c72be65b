// Of Chip: what debuggers and crash reports ask the processors for.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <map>
#include <optional>
#include <tuple>

#include "bindings/py_chip.hpp"

namespace nb = nanobind;
using namespace nb::literals;
using namespace rp2040;

namespace {

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

void bind_debug(nb::class_<PyChip>& chip) {
    chip.def(
            "answer_semihosting",
            [](PyChip& self, bool answered) {
                for (unsigned i = 0; i < 2; ++i) self.core(i).semihosting = answered;
            },
            "answered"_a)
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
            "watch_never_written", [](PyChip& self, bool on) { self.watch_never_written(on); }, "on"_a)
        .def("never_written",
             [](PyChip& self) {
                 nb::list found;
                 for (const NeverWritten::Read& r : self.take_never_written())
                     found.append(nb::make_tuple(r.master, r.pc, r.address, r.bytes, r.when));
                 return found;
             })
        .def_prop_ro("xip_hits", [](PyChip& self) { return self.xip().hits(); })
        .def_prop_ro("xip_accesses", [](PyChip& self) { return self.xip().accesses(); });
}
