#include "bindings/py_device.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <algorithm>

#include "bindings/bytes.hpp"
#include "bus/flash.hpp"
#include "device/jumper.hpp"

namespace nb = nanobind;
using namespace nb::literals;
using rp2040::Cycles;

namespace {

constexpr std::size_t kEdgesAtOnce = 65536;

constexpr const char* kMethodNames[] = {"power_on",  "wake",     "edges",         "uart_received", "i2c_start",
                                        "i2c_write", "i2c_read", "i2c_read_done", "spi",           "spi_end",
                                        "adc_volts", "save",     "restore"};

std::vector<std::uint8_t> from_python(const nb::object& object) {
    if (object.is_none()) return {};
    Py_buffer view;
    if (PyObject_GetBuffer(object.ptr(), &view, PyBUF_SIMPLE) != 0) nb::raise_python_error();
    const auto* data = static_cast<const std::uint8_t*>(view.buf);
    std::vector<std::uint8_t> bytes(data, data + view.len);
    PyBuffer_Release(&view);
    return bytes;
}

void put_bytes(rp2040::StateWriter& out, const std::vector<std::uint8_t>& data) {
    out.put(static_cast<std::uint64_t>(data.size()));
    out.bytes(data.data(), data.size());
}

std::vector<std::uint8_t> get_bytes(rp2040::StateReader& in) {
    std::uint64_t size = 0;
    in.get(size);
    if (size > in.left()) throw std::invalid_argument("the snapshot is damaged: a part of it is too short");
    std::vector<std::uint8_t> data(size);
    in.bytes(data.data(), size);
    return data;
}

}  // namespace

PyDevice::PyDevice(nb::handle self, Description description, const std::vector<std::string>& methods)
    : about_(std::move(description)), self_(nb::weakref(self)), volts_(about_.lines.size()) {
    for (int i = 0; i < kMethods; ++i)
        overridden_[i] = std::find(methods.begin(), methods.end(), kMethodNames[i]) != methods.end();
    for (const std::string& line : about_.lines) line_names_.push_back(nb::str(line.c_str()));
}

std::vector<std::string_view> PyDevice::lines() const { return {about_.lines.begin(), about_.lines.end()}; }

unsigned PyDevice::line(const std::string& name) const {
    const auto found = std::find(about_.lines.begin(), about_.lines.end(), name);
    if (found == about_.lines.end())
        throw nb::key_error(("device '" + about_.name + "' has no line '" + name + "'").c_str());
    return static_cast<unsigned>(found - about_.lines.begin());
}

rp2040::DevicePort& PyDevice::bound() const {
    if (port() == nullptr) throw nb::value_error(("device '" + about_.name + "' is not attached").c_str());
    return *port();
}

/// Runs `body` with the GIL; what Python raises becomes the device's failure.
template <class Body>
void PyDevice::guarded(Body&& body) {
    const nb::gil_scoped_acquire gil;
    std::string what;
    try {
        body();
        return;
    } catch (nb::python_error& raised) {
        error_ = nb::borrow(raised.value());
        what = raised.what();
    } catch (const std::exception& error) {
        what = error.what();
        error_ = nb::steal(PyObject_CallFunction(PyExc_TypeError, "s", error.what()));
    }
    // The last line is the exception's own; the traceback travels with the object.
    while (!what.empty() && what.back() == '\n') what.pop_back();
    if (const auto at = what.rfind('\n'); at != std::string::npos) what.erase(0, at + 1);
    if (port() != nullptr) port()->fail(what);
}

/// Calls a method if the class has it, None else. Edges that came before are handed over first.
template <class... Args>
nb::object PyDevice::call(Method method, Cycles when, Args&&... args) {
    if (!edges_.empty() && method != kEdges) flush();
    if (!has(method)) return nb::none();
    const nb::object self = self_();
    if (self.is_none()) return nb::none();
    const bool was = std::exchange(calling_, true);
    const Cycles outer = std::exchange(when_, when);
    struct Restore {
        PyDevice& device;
        bool was;
        Cycles outer;
        ~Restore() {
            device.calling_ = was;
            device.when_ = outer;
        }
    } const restore{*this, was, outer};
    return self.attr(kMethodNames[method])(std::forward<Args>(args)...);
}

void PyDevice::wake_as_told(const nb::object& answer) {
    if (!answer.is_none()) bound().wake_at(nb::cast<std::uint64_t>(answer));
}

void PyDevice::power_on() {
    guarded([&] {
        edges_.clear();
        received_.clear();
        answer_.clear();
        reading_ = writing_ = more_ = false;
        wake_as_told(call(kPowerOn, bound().now()));
    });
}

void PyDevice::wake(Cycles when) {
    guarded([&] { wake_as_told(call(kWake, when, bound().picoseconds(when))); });
}

void PyDevice::line_changed(unsigned line, bool level, Cycles when) {
    edges_.push_back({when, static_cast<std::uint8_t>(line), level});
    if (about_.prompt || edges_.size() >= kEdgesAtOnce) flush();
}

void PyDevice::settle() {
    if (port() == nullptr) return;
    for (unsigned line = 0; line < about_.lines.size(); ++line)
        if ((about_.watched >> line & 1) != 0 && port()->connected(line)) {
            static_cast<void>(port()->level(line));
            break;
        }
    flush();
}

void PyDevice::flush() {
    if (edges_.empty()) return;
    guarded([&] {
        const auto edges = std::exchange(edges_, {});
        nb::list list;
        for (const Edge& e : edges)
            list.append(nb::make_tuple(line_names_[e.line], e.level, bound().picoseconds(e.when)));
        wake_as_told(call(kEdges, edges.back().when, list));
    });
}

void PyDevice::uart_received(std::uint8_t value, bool bad, Cycles when) {
    if (bad) {
        ++framing_errors_;
        return;
    }
    guarded([&] { wake_as_told(call(kUart, when, to_bytes({value}), bound().picoseconds(when))); });
}

// ---------------------------------------------------------------------------------------------- I2C

void PyDevice::finish_write(Cycles when) {
    if (!std::exchange(writing_, false)) return;
    const auto data = std::exchange(received_, {});
    wake_as_told(call(kWrite, when, to_bytes(data), bound().picoseconds(when)));
}

bool PyDevice::i2c_start(std::uint16_t address, bool read, Cycles when) {
    if (std::find(about_.addresses.begin(), about_.addresses.end(), address) == about_.addresses.end()) return false;
    bool acknowledged = true;
    guarded([&] {
        finish_write(when);
        if (has(kStart)) acknowledged = nb::cast<bool>(call(kStart, when, address, read, bound().picoseconds(when)));
    });
    if (!acknowledged) return false;
    reading_ = false;
    writing_ = !read;
    received_.clear();
    return true;
}

bool PyDevice::i2c_ten_bit() const {
    return std::any_of(about_.addresses.begin(), about_.addresses.end(), [](auto address) { return address > 0x7f; });
}

bool PyDevice::i2c_write(std::uint8_t value, Cycles) {
    received_.push_back(value);
    return true;
}

std::uint8_t PyDevice::i2c_read(Cycles when) {
    if (!reading_) {
        reading_ = true;
        answered_ = 0;
        answer_.clear();
        guarded([&] { answer_ = from_python(call(kRead, when, bound().picoseconds(when))); });
    }
    const std::uint64_t at = answered_++;
    return at < answer_.size() ? answer_[at] : std::uint8_t{0xff};
}

void PyDevice::i2c_stop(Cycles when) {
    guarded([&] {
        finish_write(when);
        if (std::exchange(reading_, false) && has(kReadDone))
            wake_as_told(call(kReadDone, when, answered_, bound().picoseconds(when)));
    });
}

// ---------------------------------------------------------------------------------------------- SPI

void PyDevice::more_to_send(Cycles when) {
    guarded([&] {
        const auto data = std::exchange(received_, {});
        answer_ = from_python(call(kSpi, when, to_bytes(data), bound().picoseconds(when)));
        answered_ = 0;
    });
    more_ = !answer_.empty();
}

void PyDevice::spi_select(bool selected, Cycles when) {
    answer_.clear();
    answered_ = 0;
    if (selected) {
        received_.clear();
        more_ = false;
        if (has(kSpi)) more_to_send(when);
        return;
    }
    guarded([&] {
        const auto data = std::exchange(received_, {});
        wake_as_told(call(kSpiEnd, when, to_bytes(data), bound().picoseconds(when)));
    });
}

std::uint16_t PyDevice::spi_send(unsigned bits, Cycles when) {
    std::uint16_t value = 0;
    for (unsigned byte = 0; byte < (bits > 8 ? 2u : 1u); ++byte) {
        if (answered_ == answer_.size() && more_) more_to_send(when);
        const std::uint8_t next = answered_ < answer_.size() ? answer_[answered_++] : std::uint8_t{0xff};
        value = static_cast<std::uint16_t>(value << 8 | next);
    }
    return value;
}

void PyDevice::spi_receive(std::uint16_t value, unsigned bits, Cycles) {
    if (bits > 8) received_.push_back(static_cast<std::uint8_t>(value >> 8));
    received_.push_back(static_cast<std::uint8_t>(value));
}

// ---------------------------------------------------------------------------------------------- ADC

void PyDevice::set_volts(unsigned line, std::vector<std::pair<std::uint64_t, double>> points) {
    if (!std::is_sorted(points.begin(), points.end(), [](auto a, auto b) { return a.first < b.first; }))
        throw nb::value_error("the points of a voltage must be in order of time");
    volts_.at(line) = std::move(points);
}

double PyDevice::adc_volts(unsigned line, Cycles when) {
    double volts = 0;
    if (has(kVolts)) {
        guarded([&] { volts = nb::cast<double>(call(kVolts, when, line_names_[line], bound().picoseconds(when))); });
        return volts;
    }
    const auto& points = volts_[line];
    if (points.empty()) return 0;
    const std::uint64_t ps = port()->picoseconds(when);
    const auto after = std::upper_bound(points.begin(), points.end(), ps, [](auto t, auto p) { return t < p.first; });
    if (after == points.begin()) return points.front().second;
    if (after == points.end()) return points.back().second;
    const auto& [t0, v0] = *(after - 1);
    const auto& [t1, v1] = *after;
    return v0 + (v1 - v0) * static_cast<double>(ps - t0) / static_cast<double>(t1 - t0);
}

// ---------------------------------------------------------------------------------------------- snapshots

void PyDevice::save(rp2040::StateWriter& out) const {
    std::vector<std::uint8_t> state;
    auto& self = const_cast<PyDevice&>(*this);  // handing edges over changes nothing that is saved
    self.settle();
    {
        const nb::gil_scoped_acquire gil;
        state = from_python(self.call(kSave, bound().now()));
    }
    out.put(reading_);
    out.put(writing_);
    out.put(more_);
    out.put(answered_);
    out.put(framing_errors_);
    put_bytes(out, received_);
    put_bytes(out, answer_);
    for (const auto& points : volts_) {
        out.put(static_cast<std::uint64_t>(points.size()));
        for (const auto& point : points) {
            out.put(point.first);
            out.put(point.second);
        }
    }
    put_bytes(out, state);
}

void PyDevice::restore(rp2040::StateReader& in) {
    edges_.clear();
    in.get(reading_);
    in.get(writing_);
    in.get(more_);
    in.get(answered_);
    in.get(framing_errors_);
    received_ = get_bytes(in);
    answer_ = get_bytes(in);
    for (auto& points : volts_) {
        std::uint64_t size = 0;
        in.get(size);
        points.clear();
        for (; size != 0; --size) {
            std::pair<std::uint64_t, double> point;
            in.get(point.first);
            in.get(point.second);
            points.push_back(point);
        }
    }
    const auto state = get_bytes(in);
    const nb::gil_scoped_acquire gil;
    call(kRestore, bound().now(), to_bytes(state));
}
