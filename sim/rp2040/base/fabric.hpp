// What a peripheral may ask of the chip around it. Peripherals hold a reference to this interface and
// to nothing else, so each can be built and tested alone (tests supply a fake) and driven by any engine.
#pragma once

#include "base/scheduler.hpp"
#include "base/types.hpp"

namespace rp2040 {

class Gpio;

class Fabric {
  public:
    virtual ~Fabric() = default;

    /// The event queue; events().now() is the time of the access or event being handled.
    Scheduler& events() { return events_; }

    /// Drives one interrupt line (level-sensitive) towards both NVICs.
    virtual void set_irq(Irq line, bool level) = 0;
    /// As set_irq, for one core only (SIO FIFO interrupts share numbers per core).
    virtual void set_core_irq(unsigned core, Irq line, bool level) = 0;

    /// Tells the DMA how many transfers `dreq` could satisfy now (RX words waiting or TX slots free).
    virtual void set_dreq(Dreq dreq, std::uint32_t transfers) = 0;
    /// The PIO blocks' requests, a bit each, that must be told of in the cycle in which they change: channels wait for
    /// them.
    [[nodiscard]] virtual std::uint32_t paced_by_pio() const { return ~0u; }

    /// Frequency of a clock generator in hertz; 0 when stopped.
    virtual std::uint32_t clock_hz(ClockId clock) const = 0;
    /// Emulated time of a cycle count in picoseconds since power-on (clk_sys may have changed on the way).
    virtual std::uint64_t picoseconds(Cycles at) const = 0;
    /// First cycle at or after a time, clk_sys staying as it is.
    virtual Cycles cycle_at(std::uint64_t picoseconds) const = 0;

    /// Ticks of the watchdog up to `at`, which SysTick's reference is, and the cycle in which so many have come; kNever
    /// while there are none.
    virtual std::uint64_t ticks(Cycles at) const = 0;
    virtual Cycles tick_time(std::uint64_t count) const = 0;

    /// Pins: function outputs, inputs, external drivers.
    virtual Gpio& gpio() = 0;

    /// Bus-master access, as the DMA makes it. Returns false on a bus error. `bytes` is 1, 2 or 4.
    virtual bool bus_read(Master master, std::uint32_t address, unsigned bytes, std::uint32_t& value) = 0;
    virtual bool bus_write(Master master, std::uint32_t address, unsigned bytes, std::uint32_t value) = 0;

    /// Reset lines of blocks, by the bits of RESETS.
    virtual void reset_blocks(std::uint32_t resets_mask) = 0;
    /// The watchdog fired: what PSM and RESETS select is reset.
    virtual void request_chip_reset() = 0;
    /// AIRCR.SYSRESETREQ: resets the core that asks, nothing else (datasheet 2.4.2.9).
    virtual void request_core_reset(unsigned core) = 0;
    /// SEV / event lines: wakes cores waiting in WFE.
    virtual void send_event() = 0;

  protected:
    Scheduler events_;
};

}  // namespace rp2040
