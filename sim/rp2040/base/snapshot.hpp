// A snapshot: named, sized sections behind a header with a checksum, so that what is damaged or of another machine is
// refused before anything is changed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/state.hpp"

namespace rp2040 {

/// 64 bits that differ for contents that differ, but for chance.
[[nodiscard]] std::uint64_t checksum(std::span<const std::uint8_t> bytes, std::uint64_t seed = 0);

/// Writes one. `layout` tells builds apart whose raw states differ.
class SnapshotWriter {
  public:
    explicit SnapshotWriter(std::uint32_t layout);
    /// Begins a section; what is put into state() until the next one belongs to it.
    void section(std::string_view name);
    StateWriter& state() { return out_; }
    [[nodiscard]] std::vector<std::uint8_t> take();

  private:
    void end_section();
    StateWriter out_;
    std::size_t size_at_ = 0;  ///< Where the size of the section in progress stands; 0: none.
};

/// Reads one: the constructor throws std::invalid_argument, one line, for anything but a whole snapshot of this layout.
class Snapshot {
  public:
    Snapshot(std::span<const std::uint8_t> bytes, std::uint32_t layout);
    /// Names in order.
    [[nodiscard]] std::vector<std::string> names() const;
    /// Names of sections that `other` has otherwise or that only one of the two has.
    [[nodiscard]] std::vector<std::string> differences(const Snapshot& other) const;
    /// Gives `read` a StateReader of the section; throws std::invalid_argument if it does not read all of it.
    template <class Read>
    void read(std::string_view name, Read&& read) const {
        StateReader in = open(name);
        read(in);
        if (in.left() != 0) misread(name);
    }

  private:
    [[nodiscard]] StateReader open(std::string_view name) const;
    [[noreturn]] static void misread(std::string_view name);
    std::vector<std::pair<std::string, std::span<const std::uint8_t>>> sections_;
};

}  // namespace rp2040
