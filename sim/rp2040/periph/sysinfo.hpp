// SYSINFO, SYSCFG, TBMAN, VREG_AND_CHIP_RESET: small register files (datasheet 2.20, 2.21, 2.10, 2.12).
#pragma once

#include <functional>

#include "base/peripheral.hpp"
#include "regs/syscfg.hpp"
#include "regs/sysinfo.hpp"
#include "regs/tbman.hpp"
#include "regs/vreg.hpp"

namespace rp2040 {

/// Datasheet 2.20: identifies a B2 chip and the platform "ASIC".
class Sysinfo final : public Peripheral {
  public:
    explicit Sysinfo(Fabric& fabric) : Peripheral(regs::kSysinfo, fabric) {}
    std::uint32_t read(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
    void reset() override {}
    void save(StateWriter&) const override {}
    void restore(StateReader&) override {}
};

struct SyscfgState {
    std::uint32_t proc0_nmi_mask = 0, proc1_nmi_mask = 0, proc_config = regs::kSyscfg.reset("PROC_CONFIG"),
                  proc_in_sync_bypass = 0, proc_in_sync_bypass_hi = 0, dbgforce = regs::kSyscfg.reset("DBGFORCE");
};

/// Datasheet 2.21.
class Syscfg final : public StatefulPeripheral<SyscfgState> {
  public:
    explicit Syscfg(Fabric& fabric) : StatefulPeripheral(regs::kSyscfg, fabric) {}
    std::uint32_t read(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
    [[nodiscard]] std::uint32_t nmi_mask(unsigned core) const {
        return core == 0 ? s_.proc0_nmi_mask : s_.proc1_nmi_mask;
    }
    [[nodiscard]] std::uint32_t in_sync_bypass() const { return s_.proc_in_sync_bypass; }
    void reset() override;
    /// Called after an NMI mask or the synchroniser bypass changed (Sio::set_input_bypass wants the latter).
    std::function<void()> on_change;
};

/// Testbench manager: tells software that it runs on silicon.
class Tbman final : public Peripheral {
  public:
    explicit Tbman(Fabric& fabric) : Peripheral(regs::kTbman, fabric) {}
    std::uint32_t read(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
    void reset() override {}
    void save(StateWriter&) const override {}
    void restore(StateReader&) override {}
};

struct VregState {
    std::uint32_t vreg = regs::kVregAndChipReset.reset("VREG"), bod = regs::kVregAndChipReset.reset("BOD"),
                  chip_reset = regs::kVregAndChipReset.reset("CHIP_RESET");
};

/// Datasheet 2.10.6; the regulator is always in regulation.
class VregAndChipReset final : public StatefulPeripheral<VregState> {
  public:
    explicit VregAndChipReset(Fabric& fabric) : StatefulPeripheral(regs::kVregAndChipReset, fabric) {}
    std::uint32_t read(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
};

}  // namespace rp2040
