// Bus priority and performance counters (datasheet 2.1.5).
#pragma once

#include <array>
#include <functional>

#include "base/peripheral.hpp"
#include "regs/busctrl.hpp"

namespace rp2040 {

/// PERFSELx values, in datasheet order.
enum class BusEvent : std::uint8_t {
    apb_contested,
    apb,
    fastperi_contested,
    fastperi,
    sram5_contested,
    sram5,
    sram4_contested,
    sram4,
    sram3_contested,
    sram3,
    sram2_contested,
    sram2,
    sram1_contested,
    sram1,
    sram0_contested,
    sram0,
    xip_main_contested,
    xip_main,
    rom_contested,
    rom,
    none = 0x1f
};

struct BusctrlState {
    std::uint32_t bus_priority = 0;
    std::array<std::uint32_t, 4> perfctr{};
    std::array<std::uint32_t, 4> perfsel{0x1f, 0x1f, 0x1f, 0x1f};
};

class Busctrl final : public StatefulPeripheral<BusctrlState> {
  public:
    explicit Busctrl(Fabric& fabric) : StatefulPeripheral(regs::kBusctrl, fabric) {}
    std::uint32_t read(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
    void restore(StateReader& in) override;
    void reset() override;

    /// True when the master's port has the high level in BUS_PRIORITY; the DMA has one bit for reads, one for writes.
    [[nodiscard]] bool high_priority(Master master, bool is_write = false) const;
    /// Bit n: some counter counts BusEvent n. The bus asks before it does any work for count().
    [[nodiscard]] std::uint32_t counted_events() const { return counted_; }
    /// Adds to the counters that select the event; they saturate at 2^24 - 1.
    void count(BusEvent event, std::uint32_t accesses = 1);
    /// What was on the bus before is settled by the priorities, and counted as selected, of then.
    std::function<void()> before_change;

  private:
    void update_counted();
    std::uint32_t counted_ = 0;
};

}  // namespace rp2040
