// What calls leave in memory, kept for a host that would otherwise have to stop the core at each of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <vector>

#include "capi/rp2040.h"

namespace rp2040 {

class CallTaps {
  public:
    using Register = std::uint32_t (*)(std::int32_t number);
    /// Reads a byte of memory; false where there is none.
    using ReadByte = std::function<bool(std::uint32_t address, std::uint8_t& value)>;

    /// Instead of those before; what they kept and the calls under way are forgotten.
    void set(std::span<const rp2040_tap> taps);
    /// Calls under way are forgotten: the cores begin anew.
    void forget_calls() { calls_.clear(); }
    [[nodiscard]] bool active() const { return !taps_.empty(); }
    /// Whether a call may begin or end where a core goes on at the end of a block.
    [[nodiscard]] bool concerns(std::uint32_t next) const {
        bool concerned = false;
        for (const rp2040_tap& tap : taps_) concerned |= tap.function == next;
        for (const Call& call : calls_) concerned |= call.returns_to == next;
        return concerned;
    }
    /// Does what then is to be done.
    void follow(unsigned core, std::uint32_t next, Register read, const ReadByte& memory);
    /// What the oldest finished call left, at most `room` bytes of it; its tap, or -1 when there is none.
    std::int32_t take(std::uint8_t* data, std::size_t room, std::uint32_t& size);

  private:
    struct Call {
        std::size_t tap;
        unsigned core;
        std::uint32_t returns_to, stack, address, bytes;
    };
    struct Left {
        std::size_t tap;
        std::vector<std::uint8_t> bytes;
    };

    std::vector<rp2040_tap> taps_;
    std::vector<Call> calls_;  ///< Under way, the newest last.
    std::deque<Left> left_;
};

}  // namespace rp2040
