// PADS_BANK0 and PADS_QSPI (datasheet 2.19.6.3, 2.19.6.4): pulls, drive strength, input enable, output disable.
#pragma once

#include <array>

#include "base/peripheral.hpp"
#include "io/pin_matrix.hpp"
#include "regs/pads_bank0.hpp"
#include "regs/pads_qspi.hpp"

namespace rp2040 {

struct PadsBank0State {
    std::uint32_t voltage_select = 0;
    std::array<std::uint32_t, kPins> gpio{};
    std::uint32_t swclk = regs::kPadsBank0.reset("SWCLK"), swd = regs::kPadsBank0.reset("SWD");
};

class PadsBank0 final : public StatefulPeripheral<PadsBank0State> {
  public:
    PadsBank0(Fabric& fabric, PinMatrix& pins);
    std::uint32_t read(std::uint32_t offset) override;
    std::uint32_t peek(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
    void reset() override;

  private:
    PinMatrix& pins_;
};

struct PadsQspiState {
    std::array<std::uint32_t, 7> reg{regs::kPadsQspi.reset("VOLTAGE_SELECT"), regs::kPadsQspi.reset("GPIO_QSPI_SCLK"),
                                     regs::kPadsQspi.reset("GPIO_QSPI_SD0"),  regs::kPadsQspi.reset("GPIO_QSPI_SD1"),
                                     regs::kPadsQspi.reset("GPIO_QSPI_SD2"),  regs::kPadsQspi.reset("GPIO_QSPI_SD3"),
                                     regs::kPadsQspi.reset("GPIO_QSPI_SS")};
};

class PadsQspi final : public StatefulPeripheral<PadsQspiState> {
  public:
    explicit PadsQspi(Fabric& fabric) : StatefulPeripheral(regs::kPadsQspi, fabric) {}
    std::uint32_t read(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
};

}  // namespace rp2040
