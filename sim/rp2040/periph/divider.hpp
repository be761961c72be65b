// SIO integer divider (datasheet 2.3.1.5): 8 cycles, one per core.
#pragma once

#include "base/types.hpp"

namespace rp2040 {

/// Plain data; offsets are those of SIO_DIV_*. Results written by software make the divider dirty and ready.
class HardwareDivider {
  public:
    static constexpr Cycles kCycles = 8;
    [[nodiscard]] std::uint32_t read(std::uint32_t offset, Cycles now);
    [[nodiscard]] std::uint32_t peek(std::uint32_t offset, Cycles now) const;
    void write(std::uint32_t offset, std::uint32_t value, Cycles now);

  private:
    void start(bool is_signed, Cycles now);
    [[nodiscard]] bool ready(Cycles now) const { return now >= done_; }
    std::uint32_t dividend_ = 0, divisor_ = 0;
    std::uint32_t quotient_ = 0, remainder_ = 0;  // Visible results.
    std::uint32_t next_quotient_ = 0, next_remainder_ = 0;
    Cycles done_ = 0;
    bool dirty_ = false;
};

}  // namespace rp2040
