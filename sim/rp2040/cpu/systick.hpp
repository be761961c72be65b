// SysTick, a core's timer (Arm ARM B3.3): a 24-bit down counter, computed from the time of its last change instead of
// stepped.
#pragma once

#include <cstdint>

#include "base/fabric.hpp"
#include "base/state.hpp"
#include "base/types.hpp"

namespace rp2040 {

/// Where the system control space begins, which SysTick is a part of (datasheet 2.4.8).
inline constexpr std::uint32_t kSystemControlSpace = 0xe000e000;

class SysTick {
  public:
    SysTick(Fabric& fabric, unsigned core) : fabric_(fabric), core_(core) {}

    /// Whether an offset within the system control space is one of its registers.
    [[nodiscard]] static bool has(std::uint32_t offset);
    [[nodiscard]] std::uint32_t read(std::uint32_t offset, Cycles now);
    /// Reading without the side effect on SYST_CSR.COUNTFLAG.
    [[nodiscard]] std::uint32_t peek(std::uint32_t offset, Cycles now) const;
    void write(std::uint32_t offset, std::uint32_t value, Cycles now);
    void reset();
    /// The watchdog's ticks, its reference, come otherwise from now on.
    void ticks_changed(Cycles now);
    /// The event handler for EventId::systick0 / systick1; true: its exception becomes pending.
    [[nodiscard]] bool due(Cycles when);

    void save(StateWriter& out) const { out.put(s_); }
    void restore(StateReader& in) { in.get(s_); }

  private:
    struct State {
        std::uint32_t csr = 0;     // ENABLE, TICKINT, CLKSOURCE.
        std::uint32_t reload = 0;  // SYST_RVR.
        std::uint32_t base = 0;    // Counter at base_ticks.
        bool count_flag = false;   // Wraps before base_ticks that nobody has read.
        std::uint64_t base_ticks = 0;
    };

    [[nodiscard]] std::uint64_t ticks(Cycles now) const;
    [[nodiscard]] std::uint64_t elapsed(Cycles now) const;
    [[nodiscard]] std::uint32_t value(Cycles now) const;
    [[nodiscard]] std::uint64_t wraps(Cycles now) const;
    void rebase(Cycles now);
    void schedule(Cycles now);

    Fabric& fabric_;
    unsigned core_;
    State s_;
};

}  // namespace rp2040
