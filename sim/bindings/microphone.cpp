// The microphones in module _native.
#include "mic/microphone.hpp"

#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>

#include <map>
#include <tuple>

#include "bindings/py_chip.hpp"
#include "mic/i2s.hpp"

namespace nb = nanobind;
using namespace nb::literals;
using namespace rp2040;

namespace {

mic::Fault fault(const std::string& name) {
    static const std::map<std::string, mic::Fault> faults = {{"none", mic::Fault::none},
                                                             {"missing", mic::Fault::missing},
                                                             {"stuck_low", mic::Fault::stuck_low},
                                                             {"stuck_high", mic::Fault::stuck_high}};
    const auto found = faults.find(name);
    if (found == faults.end()) throw nb::key_error(("no microphone fault named " + name).c_str());
    return found->second;
}

}  // namespace

void bind_microphones(nb::module_& m) {
    nb::class_<mic::PdmMicrophone, Device>(m, "Microphone")
        .def(
            "__init__",
            [](mic::PdmMicrophone* self, bool right, std::uint32_t seed, std::string name) {
                new (self) mic::PdmMicrophone(right ? mic::Channel::right : mic::Channel::left, seed, std::move(name));
            },
            "right"_a = false, "seed"_a = 1, "name"_a = "microphone")
        .def(
            "push",
            [](mic::PdmMicrophone& self,
               nb::ndarray<const std::int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu> samples) {
                self.push(samples.data(), samples.size());
            },
            "samples"_a)
        .def("push_silence", &mic::PdmMicrophone::push_silence, "count"_a)
        .def_prop_ro("supplied", &mic::PdmMicrophone::supplied)
        .def("withdraw", &mic::PdmMicrophone::withdraw, "index"_a)
        .def_prop_ro("bits", &mic::PdmMicrophone::bits)
        .def("clock",
             [](const mic::PdmMicrophone& self) {
                 const auto c = self.clock();
                 return std::make_tuple(c.first_ps, c.last_ps, c.edges);
             })
        .def(
            "set_fault", [](mic::PdmMicrophone& self, const std::string& name) { self.set_fault(fault(name)); },
            "fault"_a)
        .def("set_timebase", &mic::PdmMicrophone::set_timebase, "hz"_a)
        .def("set_analog", &mic::PdmMicrophone::set_analog, "gain_q12"_a, "offset_q23"_a);

    nb::class_<mic::I2sMicrophone, Device>(m, "I2sMicrophone")
        .def(
            "__init__",
            [](mic::I2sMicrophone* self, bool right, std::string name) {
                new (self) mic::I2sMicrophone(right ? mic::Channel::right : mic::Channel::left, std::move(name));
            },
            "right"_a = false, "name"_a = "i2s_microphone")
        .def(
            "push",
            [](mic::I2sMicrophone& self,
               nb::ndarray<const std::int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu> samples) {
                self.push(samples.data(), samples.size());
            },
            "samples"_a)
        .def_prop_ro("words", &mic::I2sMicrophone::words);
}
