// IO_BANK0 (datasheet 2.19.6.1): function select, overrides and interrupts of the 30 user pins.
#pragma once

#include <array>
#include <functional>

#include "base/peripheral.hpp"
#include "io/pin_matrix.hpp"

namespace rp2040 {

struct IoBank0State {
    /// Destination of the pins' interrupts: each core, and wake-up from dormant mode.
    struct Destination {
        std::array<std::uint32_t, 4> inte{}, intf{};
    };
    std::array<std::uint32_t, kPins> ctrl{};
    std::array<std::uint32_t, 4> edges{};  // INTR's latched EDGE_LOW/EDGE_HIGH bits, eight pins a word.
    std::uint32_t levels = 0;              // Behind the interrupt overrides, at the last look.
    std::array<Destination, 3> destination{};
};

class IoBank0 final : public StatefulPeripheral<IoBank0State>, public PinIrqListener {
  public:
    IoBank0(Fabric& fabric, PinMatrix& pins);
    std::uint32_t read(std::uint32_t offset) override;
    std::uint32_t peek(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
    void reset() override;
    void restore(StateReader& in) override;

    void irq_levels_changed() override;
    /// Whether an enabled DORMANT_WAKE event is pending (XOSC and ROSC stop until it is).
    [[nodiscard]] bool dormant_wake() const;
    /// Called when dormant_wake() may have become true.
    std::function<void()> on_change;

  private:
    [[nodiscard]] std::uint32_t intr(unsigned word) const;
    void latch_edges();
    void update_irq();
    PinMatrix& pins_;
    std::array<bool, 2> line_{};
};

}  // namespace rp2040
