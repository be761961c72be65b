// A transfer of the SSI in its enhanced formats, as SPI_CTRLR0 describes it (datasheet 4.10.13).
#pragma once

#include <cstdint>

#include "regs/ssi.hpp"

namespace rp2040 {

constexpr unsigned instruction_bits(std::uint32_t spi_ctrlr0) {
    constexpr unsigned bits[4] = {0, 4, 8, 16};
    return bits[regs::kXipSsi.bits("SPI_CTRLR0.INST_L").of(spi_ctrlr0)];
}
constexpr unsigned address_bits(std::uint32_t spi_ctrlr0) {
    return regs::kXipSsi.bits("SPI_CTRLR0.ADDR_L").of(spi_ctrlr0) * 4;
}
constexpr unsigned wait_cycles(std::uint32_t spi_ctrlr0) {
    return regs::kXipSsi.bits("SPI_CTRLR0.WAIT_CYCLES").of(spi_ctrlr0);
}

/// SCK periods of one transfer: instruction and address on one lane or all, dummies, data on all lanes.
[[nodiscard]] constexpr unsigned transfer_clocks(std::uint32_t spi_ctrlr0, unsigned lanes, unsigned data_bits) {
    const unsigned trans_type = spi_ctrlr0 & 3;
    const unsigned instruction_lanes = trans_type >= 2 ? lanes : 1, address_lanes = trans_type >= 1 ? lanes : 1;
    return instruction_bits(spi_ctrlr0) / instruction_lanes + address_bits(spi_ctrlr0) / address_lanes +
           wait_cycles(spi_ctrlr0) + data_bits / lanes;
}

}  // namespace rp2040
