// SIO interpolators (datasheet 2.3.1.6).
#pragma once

#include <array>
#include <cstdint>

namespace rp2040 {

/// One of a core's two interpolators; INTERP0 has BLEND, INTERP1 has CLAMP. Plain data.
/// Register offsets are relative to ACCUM0 (0x00 .. 0x3c).
class Interpolator {
  public:
    [[nodiscard]] std::uint32_t peek(std::uint32_t offset, bool has_blend) const;
    /// As peek, but the POP registers write the lane results back to both accumulators.
    [[nodiscard]] std::uint32_t read(std::uint32_t offset, bool has_blend);
    void write(std::uint32_t offset, std::uint32_t value, bool has_blend);

  private:
    struct Results {
        std::array<std::uint32_t, 3> result;  // As seen by POP/PEEK: LANE0, LANE1, FULL.
        std::array<std::uint32_t, 2> raw;     // Shifted and masked, before the addition of BASE.
        bool overflow0, overflow1;
    };
    [[nodiscard]] Results evaluate(bool has_blend) const;
    std::array<std::uint32_t, 2> accum_{};
    std::array<std::uint32_t, 3> base_{};
    std::array<std::uint32_t, 2> ctrl_{};
};

}  // namespace rp2040
