// Real-time clock (datasheet 4.8).
#pragma once

#include "base/peripheral.hpp"
#include "base/rate_counter.hpp"

namespace rp2040 {

struct RtcDateTime {
    std::uint16_t year = 0;
    std::uint8_t month = 1, day = 1, dotw = 0, hour = 0, minute = 0, second = 0;
};

/// A bit of a register as the side of clk_rtc has it: a change arrives after two of its edges.
struct RtcSynchronised {
    bool before = false, value = false;
    Cycles arrives = 0;
    [[nodiscard]] bool at(Cycles when) const { return when < arrives ? before : value; }
};

struct RtcState {
    std::uint32_t clkdiv_m1 = 0, setup_0 = 0, setup_1 = 0, ctrl = 0, irq_setup_0 = 0, irq_setup_1 = 0;
    std::uint32_t inte = 0, intf = 0;
    RtcDateTime time{};
    std::uint32_t latched_rtc_1 = 0;
    RateCounter seconds;        // Seconds since `time` was true.
    std::uint64_t applied = 0;  // Seconds already added to `time`.
    RtcSynchronised enabled{}, matching{};
    bool request = false;  // A second that matches has begun since MATCH_ENA was set.
};

class Rtc final : public StatefulPeripheral<RtcState> {
  public:
    explicit Rtc(Fabric& fabric);
    std::uint32_t read(std::uint32_t offset) override;
    std::uint32_t peek(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
    void clocks_changed() override;
    void reset() override;

  private:
    void advance();
    void set_running();
    void update_irq();
    void reschedule();
    void synchronise(RtcSynchronised& bit, bool value);
    [[nodiscard]] bool match() const;
    [[nodiscard]] bool leap_year(unsigned year) const;
    void add_second();
};

}  // namespace rp2040
