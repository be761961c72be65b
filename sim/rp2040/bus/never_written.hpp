// Which bytes of SRAM anybody has written since the power came: what a program reads of the others is chance.
#pragma once

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "base/types.hpp"
#include "bus/memory_map.hpp"

namespace rp2040 {

class NeverWritten {
  public:
    /// A read of such bytes: by core 0, core 1 or (2) the DMA.
    struct Read {
        unsigned master;
        std::uint32_t pc, address, bytes;
        Cycles when;
    };

    /// Starts anew: all of SRAM is unwritten.
    void begin() {
        written_.assign(kSramSize, false);
        reads_.clear();
        seen_.clear();
        on_ = true;
    }
    void end() { on_ = false; }
    [[nodiscard]] bool on() const { return on_; }

    void write(std::uint32_t address, std::uint32_t bytes) {
        for (std::uint32_t n = 0; n < bytes; ++n)
            if (const std::uint32_t at = offset(address + n); at < kSramSize) written_[at] = true;
    }
    /// Keeps the first read of each place in the program and in memory.
    void read(const Read& read) {
        for (std::uint32_t n = 0; n < read.bytes; ++n) {
            const std::uint32_t at = offset(read.address + n);
            if (at >= kSramSize || written_[at]) continue;
            if (seen_.size() < kMost && seen_.insert({read.pc, read.address}).second) reads_.push_back(read);
            return;
        }
    }
    [[nodiscard]] std::vector<Read> take() { return std::exchange(reads_, {}); }

  private:
    static constexpr std::size_t kMost = 10'000;
    static std::uint32_t offset(std::uint32_t address) {
        if (find_target(address) == Target::sram) return address - kSramBase;
        return find_target(address) == Target::sram_banks ? striped_offset(address) : kSramSize;
    }
    bool on_ = false;
    std::vector<bool> written_;
    std::vector<Read> reads_;
    std::set<std::pair<std::uint32_t, std::uint32_t>> seen_;
};

}  // namespace rp2040
