#include "bindings/usb.hpp"

#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <tuple>

#include "bindings/bytes.hpp"
#include "usb/host.hpp"

namespace nb = nanobind;
using namespace nb::literals;
using namespace rp2040;

namespace {

const char* outcome_name(UsbOutcome outcome) {
    switch (outcome) {
        case UsbOutcome::pending: return "pending";
        case UsbOutcome::done: return "done";
        case UsbOutcome::stalled: return "stalled";
        case UsbOutcome::timed_out: return "timed out";
        default: return "gone";
    }
}

/// Endpoint, setup packet, data, wanted bytes, may stall; see _native.pyi.
using Transfer = std::tuple<std::uint8_t, nb::bytes, nb::bytes, std::uint32_t, bool>;

std::uint32_t submit(UsbHost& host, const std::vector<Transfer>& wanted, std::uint8_t lane, std::uint32_t frames) {
    std::vector<UsbTransfer> transfers;
    for (const auto& [endpoint, setup, data, length, may_stall] : wanted) {
        UsbTransfer& t = transfers.emplace_back();
        t.endpoint = endpoint;
        if (endpoint == 0) {
            if (setup.size() != t.setup.size()) throw nb::value_error("a setup packet has 8 bytes");
            std::ranges::copy(view(setup), t.setup.begin());
        }
        t.data.assign(view(data).begin(), view(data).end());
        t.length = length;
        t.may_stall = may_stall;
    }
    return host.jobs().submit(std::move(transfers), lane, frames);
}

nb::object take_job(UsbHost& host, std::uint32_t id) {
    if (!host.jobs().ended(id)) return nb::none();
    const UsbJob job = host.jobs().take(id);
    nb::list transfers;
    for (const UsbTransfer& t : job.transfers)
        transfers.append(nb::make_tuple(outcome_name(t.outcome), to_bytes(t.data), t.when));
    return nb::make_tuple(outcome_name(job.outcome), transfers);
}

}  // namespace

void bind_usb_host(nb::module_& m) {
    nb::class_<UsbHost, Device>(m, "UsbHost")
        .def_prop_ro("attached", &UsbHost::attached)
        .def_prop_ro("configured", &UsbHost::configured)
        .def(
            "serial_open",
            [](const UsbHost& self, unsigned port) { return port < kMostSerialPorts && self.serial_open(port); },
            "port"_a = 0)
        .def("identity",
             [](const UsbHost& self) {
                 const UsbIdentity& known = self.identity();
                 nb::dict out;
                 out["device"] = to_bytes(known.device);
                 out["configuration"] = to_bytes(known.configuration);
                 out["bos"] = to_bytes(known.bos);
                 out["manufacturer"] = to_bytes(known.manufacturer);
                 out["product"] = to_bytes(known.product);
                 out["serial"] = to_bytes(known.serial);
                 return out;
             })
        .def(
            "opening_answer",
            [](const UsbHost& self, std::uint8_t interface) { return to_bytes(self.opening_answer(interface)); },
            "interface"_a)
        .def("take_packets",
             [](UsbHost& self) {
                 nb::list out;
                 for (const UsbHost::Packet& packet : self.take_packets())
                     out.append(nb::make_tuple(packet.endpoint, packet.when, to_bytes(packet.data)));
                 return out;
             })
        .def("listen", &UsbHost::listen, "endpoint"_a, "listening"_a = true)
        .def("submit", &submit, "transfers"_a, "lane"_a, "milliseconds"_a)
        .def("take_job", &take_job, "job"_a);
}
