// Subsystem resets (datasheet 2.14).
#pragma once

#include "base/peripheral.hpp"
#include "regs/resets.hpp"

namespace rp2040 {

struct ResetsState {
    static constexpr std::uint32_t kAll = regs::kResets.mask("RESET");
    std::uint32_t reset = kAll;
    std::uint32_t wdsel = 0;
};

/// Fabric::reset_blocks is called with the bits whose reset line rises and again when it falls, so that
/// a block's time starts at its release.
class Resets final : public StatefulPeripheral<ResetsState> {
  public:
    explicit Resets(Fabric& fabric) : StatefulPeripheral(regs::kResets, fabric) {}
    std::uint32_t read(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;

    [[nodiscard]] bool held(ResetBit bit) const { return (s_.reset >> static_cast<unsigned>(bit)) & 1u; }
    [[nodiscard]] std::uint32_t wdsel() const { return s_.wdsel; }
    /// The watchdog fired: blocks selected by WDSEL go back into reset.
    void watchdog_fired();
};

}  // namespace rp2040
