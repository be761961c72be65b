// Changes of internal signals, for wave forms. Blocks hold a pointer to the recorder that is null while nobody records
// their signals.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/types.hpp"

namespace rp2040 {

/// Numbers of signals. Changes come in order within one signal; blocks that run behind report late.
namespace signal {
inline constexpr std::uint32_t kIrq = 0;           ///< + interrupt number: the line's level
inline constexpr std::uint32_t kException = 32;    ///< + core: active exception number, IPSR
inline constexpr std::uint32_t kAsleep = 34;       ///< + core
inline constexpr std::uint32_t kDmaBusy = 40;      ///< + channel: CTRL.BUSY
inline constexpr std::uint32_t kDmaTransfer = 56;  ///< + channel: a read is issued in this cycle
inline constexpr std::uint32_t kPioPc = 72;        ///< + 4 * block + state machine: the next instruction's address
inline constexpr std::uint32_t kFunction = 128;    ///< + 2 * index of the traced function + core: a call is in progress
}  // namespace signal

struct SignalChange {
    Cycles when;
    std::uint32_t signal, value;
};

class SignalRecorder {
  public:
    void record(Cycles when, std::uint32_t signal, std::uint32_t value) { changes_.push_back({when, signal, value}); }
    [[nodiscard]] std::vector<SignalChange> take() { return std::exchange(changes_, {}); }
    void clear() { changes_.clear(); }

  private:
    std::vector<SignalChange> changes_;
};

}  // namespace rp2040
