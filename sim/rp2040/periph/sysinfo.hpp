// SYSINFO, SYSCFG, TBMAN, VREG_AND_CHIP_RESET: small register files (datasheet 2.20, 2.21, 2.10, 2.12).
#pragma once

#include <functional>

#include "base/peripheral.hpp"

namespace rp2040 {

/// Datasheet 2.20: identifies a B2 chip and the platform "ASIC".
class Sysinfo final : public Peripheral {
  public:
    explicit Sysinfo(Fabric& fabric) : Peripheral("SYSINFO", fabric) {}
    std::uint32_t read(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
    void reset() override {}
    void save(StateWriter&) const override {}
    void restore(StateReader&) override {}
};

struct SyscfgState {
    std::uint32_t proc0_nmi_mask = 0, proc1_nmi_mask = 0, proc_config = 0x10000000, proc_in_sync_bypass = 0,
                  proc_in_sync_bypass_hi = 0, dbgforce = 0x66, mempowerdown = 0;
};

/// Datasheet 2.21.
class Syscfg final : public StatefulPeripheral<SyscfgState> {
  public:
    explicit Syscfg(Fabric& fabric) : StatefulPeripheral("SYSCFG", fabric) {}
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
    explicit Tbman(Fabric& fabric) : Peripheral("TBMAN", fabric) {}
    std::uint32_t read(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
    void reset() override {}
    void save(StateWriter&) const override {}
    void restore(StateReader&) override {}
};

struct VregState {
    std::uint32_t vreg = 0xb1, bod = 0x91, chip_reset = 0x00000100;
};

/// Datasheet 2.10.6; the regulator is always in regulation.
class VregAndChipReset final : public StatefulPeripheral<VregState> {
  public:
    explicit VregAndChipReset(Fabric& fabric) : StatefulPeripheral("VREG_AND_CHIP_RESET", fabric) {}
    std::uint32_t read(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
    void write_alias(std::uint32_t offset, std::uint32_t value, unsigned alias) override;
};

}  // namespace rp2040
