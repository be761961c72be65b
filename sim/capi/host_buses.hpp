// I2C and SPI targets that the host brings: they hang on a block of the chip, whichever of its pins the program uses.
#pragma once

#include <cstdint>
#include <optional>

#include "capi/rp2040.h"
#include "periph/i2c.hpp"
#include "periph/spi.hpp"

namespace rp2040 {

class HostI2c final : public I2cBus {
  public:
    HostI2c(const I2c& block, const rp2040_i2c_target& target) : block_(block), target_(target) {}
    bool start(std::uint16_t address, bool read, Cycles) override {
        // Without pins there is no bus.
        return block_.pins(I2c::kSda) != 0 && block_.pins(I2c::kScl) != 0 &&
               target_.start(target_.context, address, read ? 1 : 0) != 0;
    }
    bool write(std::uint8_t value, Cycles) override { return target_.write(target_.context, value) != 0; }
    std::uint8_t read(Cycles) override { return static_cast<std::uint8_t>(target_.read(target_.context)); }
    void stop(Cycles) override { target_.stop(target_.context); }

  private:
    const I2c& block_;
    rp2040_i2c_target target_;
};

class HostSpi final : public SpiDevice {
  public:
    HostSpi(const Spi& block, const rp2040_spi_target& target) : block_(block), target_(target) {}
    std::optional<std::uint16_t> transfer(std::uint16_t value, unsigned bits, bool last, Cycles) override {
        if (block_.pins(Spi::kPinSck) == 0) return std::nullopt;
        // A chip select that the program drives itself says by itself when the transfer ends.
        const bool ends = last && block_.pins(Spi::kPinCsn) != 0;
        return static_cast<std::uint16_t>(target_.transfer(target_.context, value, bits, ends ? 1 : 0));
    }

  private:
    const Spi& block_;
    rp2040_spi_target target_;
};

}  // namespace rp2040
