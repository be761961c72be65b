// Python's bytes and ours, for all parts of module _native.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <span>
#include <vector>

inline std::span<const std::uint8_t> view(const nanobind::bytes& data) {
    return {static_cast<const std::uint8_t*>(data.data()), data.size()};
}

inline nanobind::bytes to_bytes(const std::vector<std::uint8_t>& data) {
    return nanobind::bytes(data.data(), data.size());
}
