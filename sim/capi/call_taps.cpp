#include "capi/call_taps.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "capi/shell.hpp"

using rp2040::answered, rp2040::guarded, rp2040::invalid;

namespace rp2040 {

namespace {

constexpr std::int32_t kStack = 13, kLink = 14;
constexpr std::size_t kMostCalls = 1024;  // under way: more are the calls of a program that never returns
constexpr std::size_t kMostKept = 65536;  // finished, which nobody takes

}  // namespace

void CallTaps::set(std::span<const rp2040_tap> taps) {
    taps_.assign(taps.begin(), taps.end());
    for (rp2040_tap& tap : taps_) tap.function &= ~1u;
    calls_.clear();
    left_.clear();
}

void CallTaps::follow(unsigned core, std::uint32_t next, Register read, const ReadByte& memory) {
    const std::uint32_t stack = read(kStack);
    for (std::size_t n = calls_.size(); n-- > 0;) {
        const Call call = calls_[n];
        if (call.returns_to != next || call.stack != stack || call.core != core) continue;
        calls_.erase(calls_.begin() + static_cast<std::ptrdiff_t>(n));
        std::vector<std::uint8_t> bytes(call.bytes);
        std::size_t got = 0;
        while (got < bytes.size() && memory(call.address + static_cast<std::uint32_t>(got), bytes[got])) ++got;
        bytes.resize(got);
        if (left_.size() == kMostKept) left_.pop_front();
        left_.push_back({call.tap, std::move(bytes)});
    }
    for (std::size_t n = 0; n < taps_.size(); ++n) {
        const rp2040_tap& tap = taps_[n];
        if (tap.function != next) continue;
        const std::uint32_t times = tap.count < RP2040_TAP_REGISTERS ? read(static_cast<std::int32_t>(tap.count)) : 1;
        const std::uint64_t bytes = std::uint64_t{times} * tap.bytes;
        if (calls_.size() == kMostCalls) calls_.erase(calls_.begin());
        calls_.push_back({n, core, read(kLink) & ~1u, stack, read(static_cast<std::int32_t>(tap.pointer)),
                          static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes, RP2040_TAP_BYTES))});
    }
}

std::int32_t CallTaps::take(std::uint8_t* data, std::size_t room, std::uint32_t& size) {
    if (left_.empty()) return -1;
    const Left oldest = std::move(left_.front());
    left_.pop_front();
    size = static_cast<std::uint32_t>(std::min(room, oldest.bytes.size()));
    std::copy_n(oldest.bytes.begin(), size, data);
    return static_cast<std::int32_t>(oldest.tap);
}

}  // namespace rp2040

extern "C" {

rp2040_status rp2040_taps(rp2040_chip* chip, const rp2040_tap* taps, uint32_t count) {
    return guarded(chip, [&] {
        if ((taps == nullptr && count != 0) || count > RP2040_TAPS)
            return invalid(chip, "at most " + std::to_string(RP2040_TAPS) + " taps, which must not be NULL");
        for (const rp2040_tap& tap : std::span(taps, count))
            if (tap.pointer >= RP2040_TAP_REGISTERS || tap.count > RP2040_TAP_REGISTERS)
                return invalid(chip, "a tap's memory is where R0 to R3 point");
        if (count != 0 && chip->chip->cores[0].stop_host.read == nullptr)
            return invalid(chip, "taps need rp2040_take_stops");
        chip->chip->taps.set({taps, count});
        return RP2040_OK;
    });
}
int32_t rp2040_tap_take(rp2040_chip* chip, uint8_t* data, uint32_t room, uint32_t* size) {
    if (size == nullptr || (data == nullptr && room != 0)) return -1;
    return answered(chip, int32_t{-1}, [&] { return chip->chip->taps.take(data, room, *size); });
}
}
