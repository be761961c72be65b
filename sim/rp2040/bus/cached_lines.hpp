// What the XIP cache has of a stretch of flash, as whoever fetches one word after the other looks it up (xip.hpp).
#pragma once

#include <cstdint>

namespace rp2040 {

/// Lines in the order of their addresses: what the cache has of each, and the way that its set used last.
struct CachedLines {
    static constexpr std::uint32_t kBytes = 8;

    const std::uint8_t* cached = nullptr;
    std::uint8_t* recent = nullptr;

    /// The line that holds the byte at that offset.
    [[nodiscard]] CachedLines at(std::uint32_t offset) const {
        return {cached + offset / kBytes, recent + offset / kBytes};
    }
};

}  // namespace rp2040
