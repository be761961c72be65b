// A wire between two pins.
#pragma once

#include <string>

#include "device/device.hpp"

namespace rp2040 {

class Jumper final : public Device {
  public:
    explicit Jumper(std::string name) : name_(std::move(name)) {}
    [[nodiscard]] std::string_view name() const override { return name_; }
    [[nodiscard]] std::vector<std::string_view> lines() const override { return {"a", "b"}; }
    void connect(DevicePort& port) override { port.join(0, 1, true); }

  private:
    std::string name_;
};

}  // namespace rp2040
