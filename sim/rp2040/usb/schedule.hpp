// When endpoints with a period are due: an interrupt or isochronous endpoint gets one transaction in its interval.
#pragma once

#include <array>

#include "usb/descriptors.hpp"

namespace rp2040 {

struct UsbSchedule {
    std::uint64_t frame = 0;
    std::array<std::uint64_t, 32> next{};  ///< First frame in which an endpoint may be served again.

    [[nodiscard]] bool due(const UsbEndpoint& e) const { return !e.periodic() || frame >= next[place(e)]; }
    /// A transaction was tried, whatever the device answered.
    void tried(const UsbEndpoint& e) {
        if (e.periodic()) next[place(e)] = frame + e.interval;
    }

  private:
    static std::size_t place(const UsbEndpoint& e) { return e.number() + (e.in() ? 16u : 0u); }
};

}  // namespace rp2040
