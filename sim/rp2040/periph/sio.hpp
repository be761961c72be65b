// Single-cycle I/O block (datasheet 2.3.1): one per chip, seen by each core through its own port.
#pragma once

#include <array>

#include "base/peripheral.hpp"
#include "periph/divider.hpp"
#include "periph/fifo.hpp"
#include "periph/interpolator.hpp"
#include "regs/sio.hpp"

namespace rp2040 {

struct SioState {
    struct PerCore {
        HardwareDivider divider;
        std::array<Interpolator, 2> interp;
        Fifo<std::uint32_t, 8> fifo;  // Words waiting for this core.
        bool roe = false, wof = false;
    };
    std::array<PerCore, 2> core;
    std::uint32_t gpio_out = 0, gpio_oe = 0;
    std::uint32_t gpio_hi_out = 0, gpio_hi_oe = 0;
    std::uint32_t spinlocks = 0;
};

/// No atomic aliases and no DMA access. Only 32-bit stores; narrow ones act as 32-bit (datasheet 2.3.1).
class Sio final : public StatefulPeripheral<SioState> {
  public:
    explicit Sio(Fabric& fabric) : StatefulPeripheral(regs::kSio, fabric) {}
    /// The cores' ports; `core` is 0 or 1, `offset` within 0x000..0x17c.
    std::uint32_t read(unsigned core, std::uint32_t offset);
    std::uint32_t peek(unsigned core, std::uint32_t offset);
    void write(unsigned core, std::uint32_t offset, std::uint32_t value);
    /// Peripheral interface: core 0's view.
    std::uint32_t read(std::uint32_t offset) override { return read(0, offset); }
    std::uint32_t peek(std::uint32_t offset) override { return peek(0, offset); }
    void write(std::uint32_t offset, std::uint32_t value) override { write(0, offset, value); }
    [[nodiscard]] Cycles steady_until(std::uint32_t offset) const override;
    void reset() override;

    /// Levels of the six QSPI pins (SCLK, SS, SD0..SD3 in GPIO_HI order) as an input; SS high is "BOOTSEL not pressed".
    void set_gpio_hi_in(std::uint32_t levels) { gpio_hi_in_ = levels & 0x3f; }

    /// SYSCFG.PROC_IN_SYNC_BYPASS: pins read without the input synchroniser.
    void set_input_bypass(std::uint32_t pins) { input_bypass_ = pins; }

    /// Words in the FIFO to a core.
    [[nodiscard]] std::uint32_t waiting_words(unsigned core) const {
        return static_cast<std::uint32_t>(s_.core[core].fifo.size());
    }

    /// Where each core's own time is kept: its divider counts by it. The chip's time may be some cycles later, that of
    /// an access of the other core that had to wait. Without it the chip's counts.
    std::array<const Cycles*, 2> core_time{};

  private:
    [[nodiscard]] Cycles time_of(unsigned core) const { return core_time[core] != nullptr ? *core_time[core] : now(); }
    void fifo_irq(unsigned core);
    void drive(std::uint32_t changed);
    [[nodiscard]] std::uint32_t fifo_status(unsigned core) const;
    [[nodiscard]] std::uint32_t gpio_in();
    bool write_gpio(std::uint32_t offset, std::uint32_t value);
    std::uint32_t gpio_hi_in_ = 0x3e;
    std::uint32_t input_bypass_ = 0;
};

}  // namespace rp2040
