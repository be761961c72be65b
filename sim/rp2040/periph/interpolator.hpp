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
        std::array<std::uint32_t, 3> result;   // LANE0, LANE1, FULL on the internal datapath.
        std::array<std::uint32_t, 2> shifted;  // Shifted, masked and sign-extended, before BASE is added.
        std::array<bool, 2> overflow;
    };
    [[nodiscard]] Results evaluate(bool has_blend) const;
    /// FORCE_MSB is ORed in on the bus only.
    [[nodiscard]] std::uint32_t on_bus(unsigned lane, std::uint32_t result) const;
    [[nodiscard]] bool blends(bool has_blend) const { return has_blend && ((ctrl_[0] >> 21) & 1u) != 0; }
    std::array<std::uint32_t, 2> accum_{};
    std::array<std::uint32_t, 3> base_{};
    std::array<std::uint32_t, 2> ctrl_{};
};

}  // namespace rp2040
