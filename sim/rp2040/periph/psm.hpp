// Power-on state machine (datasheet 2.13).
#pragma once

#include <functional>

#include "base/peripheral.hpp"
#include "regs/psm.hpp"

namespace rp2040 {

struct PsmState {
    std::uint32_t frce_on = 0;
    std::uint32_t frce_off = 0;
    std::uint32_t wdsel = 0;
};

class Psm final : public StatefulPeripheral<PsmState> {
  public:
    static constexpr std::uint32_t kMask = regs::kPsm.mask("DONE");
    static constexpr unsigned kProc0 = regs::kPsm.bits("DONE.PROC0").lsb, kProc1 = regs::kPsm.bits("DONE.PROC1").lsb;

    explicit Psm(Fabric& fabric) : StatefulPeripheral(regs::kPsm, fabric) {}
    std::uint32_t read(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;

    [[nodiscard]] std::uint32_t wdsel() const { return s_.wdsel; }
    /// Called when FRCE_OFF starts (true) or stops (false) holding a processor in reset.
    std::function<void(unsigned core, bool held)> on_core_held;
};

}  // namespace rp2040
