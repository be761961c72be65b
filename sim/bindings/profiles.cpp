// What the chip counts and records of a program, in module _native.
#include <nanobind/stl/array.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <tuple>

#include "bindings/py_chip.hpp"

namespace nb = nanobind;
using namespace nb::literals;
using namespace rp2040;

namespace {

/// Everything that one core's profiler knows; see _native.pyi.
nb::dict profile(PyChip& chip, unsigned core) {
    Cpu& cpu = chip.core(check_index(core, 2, "core"));
    cpu.account_sleep(chip.cycles());
    if (!cpu.profiler) throw nb::value_error("profiling is off");
    Profiler& profiler = *cpu.profiler;
    profiler.flush();
    using Row =
        std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint64_t, Cycles, std::uint64_t, Cycles, Cycles>;
    std::vector<Row> nodes;
    for (const CallNode& n : profiler.nodes())
        nodes.emplace_back(n.parent, n.function, n.call_site, n.calls, n.own.cycles, n.own.xip_misses, n.own.xip_stalls,
                           n.own.bus_waits);
    std::vector<std::tuple<std::uint32_t, std::uint64_t, Cycles, std::uint64_t, Cycles, Cycles>> instructions;
    for (const auto& [address, i] : profiler.instructions())
        instructions.emplace_back(address, i.executed, i.spent.cycles, i.spent.xip_misses, i.spent.xip_stalls,
                                  i.spent.bus_waits);
    std::vector<std::tuple<std::uint32_t, std::uint64_t, Cycles, Cycles, Cycles, std::uint32_t, std::uint32_t>> calls;
    for (const FunctionCalls& f : profiler.functions())
        calls.emplace_back(f.address, f.calls, f.total, f.min, f.max, f.own_stack, f.stack);
    const Profiler::HighWater& high = profiler.high_water();
    nb::dict out;
    out["nodes"] = nodes;
    out["instructions"] = instructions;
    out["functions"] = calls;
    out["high_water"] = std::make_tuple(high.top, high.lowest, high.when, high.node);
    return out;
}

nb::list coverage_pages(const Coverage& coverage) {
    nb::list out;
    for (const auto& [base, page] : coverage.pages())
        out.append(nb::make_tuple(base, nb::bytes(page->data(), page->size())));
    return out;
}

}  // namespace

void bind_profiles(nb::module_& m, nb::class_<PyChip>& chip) {
    nb::class_<Coverage>(m, "Coverage").def(nb::init<>()).def("pages", &coverage_pages);

    chip.def(
            "trace_functions",
            [](PyChip& self, const std::vector<std::pair<std::uint32_t, std::uint32_t>>& functions) {
                std::vector<FunctionTracer::Function> list;
                for (const auto& [address, size] : functions) list.push_back({address & ~1u, size});
                for (unsigned i = 0; i < 2; ++i) self.core(i).tracer.trace(list);
            },
            "functions"_a)
        .def(
            "profiles",
            [](PyChip& self, unsigned core) {
                std::vector<std::tuple<std::uint64_t, Cycles, Cycles, Cycles, Cycles>> out;
                for (const FunctionProfile& p : self.core(check_index(core, 2, "core")).tracer.profiles())
                    out.emplace_back(p.calls, p.total, p.calls != 0 ? p.min : 0, p.max, p.last);
                return out;
            },
            "core"_a = 0)
        .def("clear_profiles",
             [](PyChip& self) {
                 for (unsigned i = 0; i < 2; ++i) self.core(i).tracer.clear_counts();
             })
        .def(
            "sleep_cycles", [](PyChip& self, unsigned core) { return self.sleep_cycles(check_index(core, 2, "core")); },
            "core"_a = 0)
        .def(
            "exception_counts",
            [](PyChip& self, unsigned core) { return self.core(check_index(core, 2, "core")).exception_counts(); },
            "core"_a = 0)
        .def(
            "recent_transfers",
            [](PyChip& self, unsigned core) {
                std::vector<std::tuple<std::uint32_t, std::uint32_t, Cycles>> out;
                for (const Transfer& t : self.core(check_index(core, 2, "core")).recent_transfers())
                    out.emplace_back(t.from, t.to, t.when);
                return out;
            },
            "core"_a = 0)
        .def(
            "start_profile",
            [](PyChip& self, const std::vector<std::pair<std::uint32_t, std::uint32_t>>& functions) {
                std::vector<FunctionRange> ranges;
                for (const auto& [address, size] : functions) ranges.push_back({address & ~1u, size});
                self.profile(&ranges);
            },
            "functions"_a)
        .def("count_profile_from_now", [](PyChip& self) { self.count_profile_from_now(); })
        .def("stop_profile", [](PyChip& self) { self.profile(nullptr); })
        .def("profile", &profile, "core"_a = 0)
        .def(
            "cover",
            [](PyChip& self, std::shared_ptr<Coverage> coverage) {
                self.cover(coverage.get());
                self.coverage = std::move(coverage);
            },
            "coverage"_a.none())
        .def(
            "record_signals",
            [](PyChip& self, const std::vector<std::string>& groups) {
                Chip::SignalGroups chosen;
                for (const std::string& name : groups) {
                    if (name == "irq")
                        chosen.irq = true;
                    else if (name == "cores")
                        chosen.cores = true;
                    else if (name == "dma")
                        chosen.dma = true;
                    else if (name == "pio")
                        chosen.pio = true;
                    else if (name == "functions")
                        chosen.functions = true;
                    else
                        throw nb::key_error(("no signals named " + name).c_str());
                }
                self.record_signals(chosen);
            },
            "groups"_a)
        .def("take_signals", [](PyChip& self) {
            const std::vector<SignalChange> changes = self.take_signals();
            return nb::bytes(changes.data(), changes.size() * sizeof(SignalChange));
        });
}
