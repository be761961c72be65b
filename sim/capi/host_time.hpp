// The time of a host that counts instructions, each of the same length, and what a Cortex-M0+ takes beyond that.
//
// The host's clock lags behind the chip's by what is owed to it. What is owed is paid by letting the host skip time:
// when it has grown to `skip`, or when something of the chip's is due, whichever comes first. Until then nobody can
// tell the difference, because every access and every event is dated with what is owed.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/types.hpp"

namespace rp2040 {

class HostTime {
  public:
    /// Length of an instruction in the host, and how much may be owed at most.
    void set_pace(std::uint32_t picoseconds_per_instruction, std::uint64_t skip_picoseconds) {
        instruction_ = picoseconds_per_instruction * kFemto;
        skip_ = static_cast<std::int64_t>(skip_picoseconds) * kFemto;
        room_ = 0;
    }
    void set_clock(std::uint32_t hz) {
        cycle_ = (1'000'000'000'000'000 + hz / 2) / hz;
        room_ = 0;
    }
    /// Power-on: the host's clock is at zero.
    void restart() {
        owed_ = 0;
        due_ = kNever;
        rebase(0);
    }

    /// Instructions that the host executed, or none, and the cycles that they took.
    void charge(std::uint32_t cycles, std::uint32_t instructions, std::uint64_t times = 1) {
        instructions_ += instructions * times;
        const std::int64_t chip = cycles * cycle_, host = instructions * instruction_;
        owed_ += (chip - host) * static_cast<std::int64_t>(times);
        room_ -= std::max(chip, host) * static_cast<std::int64_t>(times);
    }
    /// Whether after the last charges there may be something to skip, or something due; seldom true, and quickly told.
    [[nodiscard]] bool to_be_looked_at() const { return room_ <= 0; }
    /// One of many equal charges to come has been seen, and nothing is to be looked at for them yet.
    bool foresee(std::int64_t longest) {
        room_ -= longest;
        return room_ > 0;
    }
    /// The longer of what the chip and the host take for one.
    [[nodiscard]] std::int64_t longest(std::uint32_t cycles, std::uint32_t instructions) const {
        return std::max(cycles * cycle_, instructions * instruction_);
    }
    /// Nothing was: how much may be charged until it has to be looked at again.
    void looked_at() {
        const std::uint64_t next = std::min(due_, limit_), now = chip_picoseconds();
        const std::uint64_t left = next > now ? std::min(next - now, kMost) : 0;
        room_ = std::min(skip_ - owed_, static_cast<std::int64_t>(left) * kFemto);
    }
    /// Whether the host should skip time now.
    [[nodiscard]] bool skip_due() const {
        return owed_ >= skip_ || (owed_ >= instruction_ && chip_picoseconds() >= std::min(due_, limit_));
    }
    /// Whether what is due has come.
    [[nodiscard]] bool reached_due() const { return chip_picoseconds() >= due_; }
    /// Picoseconds to skip, whole instructions; from now on they are the host's.
    std::uint64_t pay() {
        if (owed_ < instruction_) return 0;
        const std::int64_t whole = owed_ / instruction_ * instruction_;
        owed_ -= whole;
        room_ = 0;
        // The host skips before it executes anything else.
        rebase(host_picoseconds() + static_cast<std::uint64_t>(whole / kFemto));
        return static_cast<std::uint64_t>(whole / kFemto);
    }

    /// The host's clock shows this time, and until the host says so again nothing but instructions moves it.
    void rebase(std::uint64_t picoseconds) {
        base_ = picoseconds;
        began_ = instructions_;
        room_ = 0;
    }
    /// The chip's time when the host's clock shows `picoseconds`, or now.
    [[nodiscard]] std::uint64_t chip_picoseconds(std::uint64_t picoseconds) const { return picoseconds + owed(); }
    [[nodiscard]] std::uint64_t chip_picoseconds() const { return host_picoseconds() + owed(); }
    /// Something is due at this time of the chip's; returns what the host's clock shows then, as things stand.
    std::uint64_t expect(std::uint64_t picoseconds) {
        due_ = picoseconds;
        room_ = 0;
        return picoseconds == kNever ? kNever : picoseconds - std::min(picoseconds, owed());
    }
    /// The host wants to stop at this time of the chip's.
    void set_limit(std::uint64_t picoseconds) {
        limit_ = picoseconds;
        room_ = 0;
    }
    [[nodiscard]] std::uint64_t limit() const { return limit_; }
    /// Instructions charged so far: they stand still when the host has lost the hook that reports them.
    [[nodiscard]] std::uint64_t instructions() const { return instructions_; }

  private:
    static constexpr std::int64_t kFemto = 1000;
    static constexpr std::uint64_t kMost = 1'000'000'000'000;  ///< A second.
    [[nodiscard]] std::uint64_t owed() const {
        return static_cast<std::uint64_t>(std::max(owed_, std::int64_t{0}) / kFemto);
    }
    [[nodiscard]] std::uint64_t host_picoseconds() const {
        return base_ + (instructions_ - began_) * static_cast<std::uint64_t>(instruction_ / kFemto);
    }

    // In femtoseconds, for a cycle at 133 MHz is no whole number of picoseconds.
    std::int64_t instruction_ = 8000 * kFemto;
    std::int64_t cycle_ = 1'000'000'000'000'000 / 6'500'000;
    std::int64_t skip_ = 500 * instruction_;
    std::int64_t owed_ = 0;
    std::int64_t room_ = 0;   ///< What may be charged at least before anything is to be skipped or due.
    std::uint64_t base_ = 0;  ///< What the host's clock showed after `began_` instructions, in picoseconds.
    std::uint64_t began_ = 0;
    std::uint64_t instructions_ = 0;
    std::uint64_t due_ = kNever, limit_ = kNever;
};

}  // namespace rp2040
