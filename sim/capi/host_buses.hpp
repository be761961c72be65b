// I2C and SPI targets that the host brings: they hang on a block of the chip, whichever of its pins the program uses.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "capi/rp2040.h"
#include "device/device.hpp"
#include "periph/spi.hpp"

namespace rp2040 {

/// On the pins that ExternalChip has last put it on.
class HostI2c final : public Device {
  public:
    HostI2c(unsigned instance, const rp2040_i2c_target& target)
        : name_("host's I2C" + std::to_string(instance)), target_(target) {}
    [[nodiscard]] std::string_view name() const override { return name_; }
    [[nodiscard]] std::vector<std::string_view> lines() const override { return {"sda", "scl"}; }
    bool i2c_start(std::uint16_t address, bool read, Cycles) override {
        return target_.start(target_.context, address, read ? 1 : 0) != 0;
    }
    bool i2c_write(std::uint8_t value, Cycles) override { return target_.write(target_.context, value) != 0; }
    std::uint8_t i2c_read(Cycles) override { return static_cast<std::uint8_t>(target_.read(target_.context)); }
    void i2c_stop(Cycles) override { target_.stop(target_.context); }

    std::uint32_t sda = 0, scl = 0;  ///< Pins that the program has given the block.

  private:
    std::string name_;
    rp2040_i2c_target target_;
};

class HostSpi final : public SpiDevice {
  public:
    HostSpi(const Spi& block, const rp2040_spi_target& target) : block_(block), target_(target) {}
    std::optional<std::uint16_t> begin(std::uint16_t value, unsigned bits, Cycles) override {
        if (block_.pins(Spi::kPinSck) == 0) return std::nullopt;
        return static_cast<std::uint16_t>(target_.transfer(target_.context, value, bits));
    }
    void end(std::uint16_t, unsigned, Cycles) override {
        // A chip select that the program drives itself says by itself when the transfer ends.
        if (block_.pins(Spi::kPinCsn) != 0 && !block_.goes_on()) target_.finish(target_.context);
    }

  private:
    const Spi& block_;
    rp2040_spi_target target_;
};

}  // namespace rp2040
