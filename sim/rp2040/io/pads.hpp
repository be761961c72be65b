// PADS_BANK0 and PADS_QSPI (datasheet 2.19.6.3, 2.19.6.4): pulls, drive strength, input enable, output disable.
#pragma once

#include <array>

#include "base/peripheral.hpp"
#include "io/pin_matrix.hpp"

namespace rp2040 {

struct PadsBank0State {
    std::uint32_t voltage_select = 0;
    std::array<std::uint32_t, kPins> gpio{};
    std::uint32_t swclk = 0xca, swd = 0x5a;
};

class PadsBank0 final : public StatefulPeripheral<PadsBank0State> {
  public:
    PadsBank0(Fabric& fabric, PinMatrix& pins);
    std::uint32_t read(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
    void reset() override;

  private:
    PinMatrix& pins_;
};

struct PadsQspiState {
    // VOLTAGE_SELECT, SCLK, SD0..SD3, SS with their reset values.
    std::array<std::uint32_t, 7> reg{0, 0x56, 0x52, 0x52, 0x52, 0x52, 0x5a};
};

class PadsQspi final : public StatefulPeripheral<PadsQspiState> {
  public:
    explicit PadsQspi(Fabric& fabric) : StatefulPeripheral("PADS_QSPI", fabric) {}
    std::uint32_t read(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
};

}  // namespace rp2040
