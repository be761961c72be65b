// IO_QSPI (datasheet 2.19.6.2): function select, overrides and interrupts of the six flash pins.
//
// The flash itself is modelled behind the XIP block, so these pins have no wave forms: levels are what the board
// sets (SS is the BOOTSEL button's pin) unless an output override forces them.
#pragma once

#include <array>
#include <functional>

#include "base/peripheral.hpp"
#include "regs/io_qspi.hpp"

namespace rp2040 {

struct IoQspiState {
    struct Destination {
        std::uint32_t inte = 0, intf = 0;
    };
    static constexpr std::uint32_t kCtrlReset = regs::kIoQspi.reset("GPIO_QSPI_SCLK_CTRL");
    std::array<std::uint32_t, 6> ctrl{kCtrlReset, kCtrlReset, kCtrlReset,
                                      kCtrlReset, kCtrlReset, kCtrlReset};  // SCLK, SS, SD0..SD3
    std::uint32_t edges = 0;
    std::uint32_t external = 0x3e;    // Levels the board puts on the pins, SCLK lowest.
    std::uint32_t levels = 0x3e;      // Behind INOVER.
    std::uint32_t irq_levels = 0x3e;  // Behind IRQOVER.
    std::array<Destination, 3> destination{};
};

class IoQspi final : public StatefulPeripheral<IoQspiState> {
  public:
    explicit IoQspi(Fabric& fabric) : StatefulPeripheral(regs::kIoQspi, fabric) {}
    std::uint32_t read(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
    void reset() override;

    /// Levels from outside (bit 1, SS, is low while BOOTSEL is pressed).
    void set_external(std::uint32_t levels);
    /// Levels of the six pins, SCLK lowest, as SIO's GPIO_HI_IN reads them.
    [[nodiscard]] std::uint32_t levels() const { return s_.levels; }

    /// OUTOVER of the flash chip select: 0 and 1 leave it to the SSI, 2 drives it low, 3 high.
    [[nodiscard]] unsigned select_override() const;
    /// Whether an enabled DORMANT_WAKE event is pending.
    [[nodiscard]] bool dormant_wake() const;
    /// Called when dormant_wake() may have become true.
    std::function<void()> on_change;
    /// Called after a control register was written: select_override() and levels() may have changed.
    std::function<void()> on_control;

  private:
    [[nodiscard]] std::uint32_t intr() const;
    [[nodiscard]] std::uint32_t status(unsigned pin) const;
    [[nodiscard]] bool pad(unsigned pin) const;
    void update_levels();
    void update_irq();
};

}  // namespace rp2040
