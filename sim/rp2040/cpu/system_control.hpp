// The private peripherals of one core: SysTick, NVIC, System Control Block, MPU (Arm ARM B3).
#pragma once

#include <array>
#include <cstdint>

#include "base/fabric.hpp"
#include "base/state.hpp"
#include "base/types.hpp"
#include "cpu/mpu.hpp"
#include "cpu/systick.hpp"

namespace rp2040 {

/// Exception numbers (Arm ARM B1.5.2). External interrupt n is exception 16 + n.
enum Exception : unsigned {
    kReset = 1,
    kNmi = 2,
    kHardFault = 3,
    kSvCall = 11,
    kPendSv = 14,
    kSysTick = 15,
    kIrq0 = 16
};

inline constexpr unsigned kExceptions = 48;

struct SystemControlState {
    std::uint64_t pending = 0;  // Bit per exception number.
    std::uint64_t active = 0;
    std::uint32_t enabled = 0;                         // NVIC_ISER.
    std::uint32_t irq_lines = 0;                       // Levels of the interrupt inputs.
    std::uint32_t nmi_mask = 0;                        // Those that make up NMI.
    std::array<std::uint8_t, kExceptions> priority{};  // 0..3; fixed ones are not stored here.
    std::uint32_t vtor = 0, scr = 0;
};

class SystemControl {
  public:
    SystemControl(Fabric& fabric, unsigned core) : systick_(fabric, core) {}

    std::uint32_t read(std::uint32_t offset, Cycles now);
    /// Reading without the side effect on SYST_CSR.COUNTFLAG.
    [[nodiscard]] std::uint32_t peek(std::uint32_t offset, Cycles now) const;
    /// True if the write asked for a system reset (AIRCR.SYSRESETREQ).
    [[nodiscard]] bool write(std::uint32_t offset, std::uint32_t value, Cycles now);
    void reset();

    void set_irq(unsigned line, bool level);
    /// SYSCFG.PROCn_NMI_MASK: the lines that NMI is made of.
    void set_nmi_mask(std::uint32_t mask);
    /// The watchdog's ticks come otherwise from now on.
    void ticks_changed(Cycles now) { systick_.ticks_changed(now); }
    [[nodiscard]] bool line(unsigned number) const { return (s_.irq_lines >> number & 1) != 0; }
    /// The event handler for EventId::systick0 / systick1.
    void systick_due(Cycles when);

    /// Highest-priority exception that is pending and enabled, 0 if none.
    [[nodiscard]] unsigned best_pending() const;
    /// Priority of an exception: -3..3, lower is more urgent.
    [[nodiscard]] int priority(unsigned exception) const;
    /// Priority at which the core executes now (Arm ARM ExecutionPriority), PRIMASK included if asked for.
    [[nodiscard]] int execution_priority(bool primask) const;
    /// Bit n: exception n is pending, enabled or not.
    [[nodiscard]] std::uint64_t pending() const { return s_.pending; }

    void pend(unsigned exception) { s_.pending |= bit(exception); }
    void activate(unsigned exception);
    void deactivate(unsigned exception);
    [[nodiscard]] bool is_active(unsigned exception) const { return (s_.active & bit(exception)) != 0; }
    [[nodiscard]] bool nested() const { return (s_.active & (s_.active - 1)) != 0; }
    [[nodiscard]] std::uint64_t active() const { return s_.active; }

    [[nodiscard]] const Mpu& mpu() const { return mpu_; }
    [[nodiscard]] std::uint32_t vtor() const { return s_.vtor; }
    void set_vtor(std::uint32_t address) { s_.vtor = address & 0xffffff00u; }
    [[nodiscard]] bool sleep_on_exit() const { return (s_.scr >> 1 & 1) != 0; }
    [[nodiscard]] bool sev_on_pend() const { return (s_.scr >> 4 & 1) != 0; }
    /// The exception number in IPSR, for ICSR.VECTACTIVE.
    void set_ipsr(unsigned number) { ipsr_ = number; }

    void save(StateWriter& out) const {
        out.put(s_);
        systick_.save(out);
        out.put(mpu_);
        out.put(ipsr_);
    }
    void restore(StateReader& in) {
        in.get(s_);
        systick_.restore(in);
        in.get(mpu_);
        in.get(ipsr_);
    }

  private:
    static constexpr std::uint64_t bit(unsigned exception) { return std::uint64_t{1} << exception; }
    [[nodiscard]] std::uint32_t icsr() const;
    [[nodiscard]] bool nmi_line() const { return (s_.irq_lines & s_.nmi_mask) != 0; }
    /// Pends what a line that was at `before` brings now: a rising edge in any case, a level while its handler is not
    /// active (Arm DUI 0662B 4.2.6).
    void take_line(unsigned exception, bool before, bool level) {
        if (level && (!before || !is_active(exception))) pend(exception);
    }

    unsigned ipsr_ = 0;
    SystemControlState s_{};
    SysTick systick_;
    Mpu mpu_;
};

}  // namespace rp2040
