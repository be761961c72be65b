// What the Cortex-M0+ needs for code that another simulator executes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/types.hpp"

namespace rp2040 {

/// Static knowledge about a run of instructions.
struct BlockCost {
    std::uint32_t cycles = 0;                   ///< No wait states; a conditional branch at the end not taken.
    std::uint32_t end = 0;                      ///< Address after the last instruction.
    bool conditional = false;                   ///< Ends with a conditional branch.
    bool links = false;                         ///< Ends with BL or BLX.
    bool plain = false;                         ///< Fetches and reads nothing from flash.
    mutable bool accesses = false;              ///< It has been seen to access the bus.
    std::vector<std::uint32_t> flash_words;     ///< Words fetched through the XIP cache, in order.
    std::vector<std::uint32_t> words_after;     ///< Cycles of the instructions before each of those,
    std::vector<std::uint32_t> flash_literals;  ///< Words of flash that its loads relative to the PC read,
    std::vector<std::uint32_t> literals_after;  ///< and the same for them.
};

/// Reads the instruction halfword at an address; false where there is none.
using FetchHalfword = std::function<bool(std::uint32_t address, std::uint16_t& halfword)>;

/// Cost of `instructions` instructions from `pc` on, fewer where the code cannot be read.
BlockCost block_cost(std::uint32_t pc, std::uint32_t instructions, const FetchHalfword& fetch);

/// Whole cycles of a load or store at `address`, without XIP stalls.
std::uint32_t access_cost(std::uint32_t address, bool is_write);

/// Counts finished calls of chosen functions from the blocks that a processor executes.
class CallCounter {
  public:
    struct Counts {
        std::uint64_t calls = 0, total = 0, least = 0, most = 0;
        Counts operator+(const Counts& other) const {
            if (calls == 0) return other;
            if (other.calls == 0) return *this;
            return {calls + other.calls, total + other.total, std::min(least, other.least), std::max(most, other.most)};
        }
    };

    void trace(std::span<const std::uint32_t> addresses);
    [[nodiscard]] bool active() const { return !index_.empty(); }
    [[nodiscard]] const std::vector<Counts>& counts() const { return counts_; }
    /// A block begins at `pc`; `now` excludes time in exceptions. `returns_to`: address after a BL that led here, or 0.
    void block_begins(std::uint32_t pc, std::uint32_t returns_to, std::uint64_t now);
    /// What is called from here on ends with the exception at the latest.
    void exception_begins();
    void exception_ends(std::uint64_t now);

  private:
    void finish(std::uint64_t now);
    struct Frame {
        std::size_t function;
        std::uint32_t returns_to;
        std::uint64_t start;
        bool tail;
    };
    std::unordered_map<std::uint32_t, std::size_t> index_;
    std::vector<Counts> counts_;
    std::vector<Frame> frames_;
    std::vector<std::size_t> handlers_;  ///< How many frames there were when each exception under way began.
    bool handler_begins_ = false;
    std::uint32_t called_ = 0;  ///< Where the block before returns to, if it was called and is not traced: a veneer.
};

}  // namespace rp2040
