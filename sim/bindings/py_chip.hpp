// The chip as module _native has it, and what its parts share.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <string>
#include <vector>

#include "bindings/bytes.hpp"
#include "bindings/py_device.hpp"
#include "chip.hpp"
#include "io/pin_recorder.hpp"

inline unsigned check_index(unsigned index, unsigned count, const char* what) {
    if (index >= count)
        throw nanobind::index_error((std::string(what) + " is 0 to " + std::to_string(count - 1)).c_str());
    return index;
}

/// The chip as Python owns it, with its logic analyser.
struct PyChip : rp2040::Chip {
    PyChip(std::uint32_t flash_bytes, std::uint32_t xosc_hz) : Chip(flash_bytes, xosc_hz), recorder(gpio()) {
        usb().host().keep_packets(true);
    }
    rp2040::PinRecorder recorder;
    std::shared_ptr<rp2040::Coverage> coverage;
    std::vector<nanobind::object> attached;  ///< Keeps the devices that Python made; Chip does not own them.

    /// Runs, then hands over to devices what they take in batches.
    template <class Run>
    rp2040::Stop run(Run&& function) {
        rp2040::Stop stop = function();
        for (rp2040::Device* device : devices().devices())
            if (auto* python = dynamic_cast<PyDevice*>(device)) python->settle();
        return stop.reason == rp2040::StopReason::time && failed() ? run_until(cycles()) : stop;
    }
};

// The methods of class Chip: run.cpp, debug.cpp, wires.cpp.
void bind_run(nanobind::class_<PyChip>& chip);
void bind_debug(nanobind::class_<PyChip>& chip);
void bind_wires(nanobind::class_<PyChip>& chip);
/// What the chip counts and records of a program: calls, profiles, coverage, signals.
void bind_profiles(nanobind::module_& m, nanobind::class_<PyChip>& chip);
void bind_microphones(nanobind::module_& m);
