// Power-on state machine (datasheet 2.13).
#pragma once

#include <functional>

#include "base/peripheral.hpp"

namespace rp2040 {

struct PsmState {
    std::uint32_t frce_on = 0;
    std::uint32_t frce_off = 0;
    std::uint32_t wdsel = 0;
};

class Psm final : public StatefulPeripheral<PsmState> {
  public:
    static constexpr std::uint32_t kMask = 0x0001ffff;
    static constexpr unsigned kProc0 = 15, kProc1 = 16;

    explicit Psm(Fabric& fabric) : StatefulPeripheral("PSM", fabric) {}
    std::uint32_t read(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;

    [[nodiscard]] std::uint32_t wdsel() const { return s_.wdsel; }
    /// Called when FRCE_OFF starts (true) or stops (false) holding a processor in reset.
    std::function<void(unsigned core, bool held)> on_core_held;
};

}  // namespace rp2040
