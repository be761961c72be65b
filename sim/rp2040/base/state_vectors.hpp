// Lists of plain values in snapshots.
#pragma once

#include <deque>
#include <vector>

#include "base/state.hpp"

namespace rp2040 {

template <class T>
void put_all(StateWriter& out, const std::vector<T>& values) {
    out.put(static_cast<std::uint64_t>(values.size()));
    out.bytes(values.data(), values.size() * sizeof(T));
}

/// A count that a snapshot names, of things that take at least `bytes` each.
inline std::uint64_t get_count(StateReader& in, std::size_t bytes) {
    std::uint64_t count = 0;
    in.get(count);
    if (count > in.left() / bytes) throw std::invalid_argument("the snapshot is damaged: a part of it is too short");
    return count;
}

template <class T>
void get_all(StateReader& in, std::vector<T>& values) {
    values.resize(get_count(in, sizeof(T)));
    in.bytes(values.data(), values.size() * sizeof(T));
}

inline void put_all(StateWriter& out, const std::deque<std::uint8_t>& values) {
    put_all(out, std::vector<std::uint8_t>(values.begin(), values.end()));
}

inline void get_all(StateReader& in, std::deque<std::uint8_t>& values) {
    std::vector<std::uint8_t> read;
    get_all(in, read);
    values.assign(read.begin(), read.end());
}

}  // namespace rp2040
