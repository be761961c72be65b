// Function profiler: cycles per call from hooks at function entries and at the return addresses seen there.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/signal_recorder.hpp"
#include "base/types.hpp"

namespace rp2040 {

class CodeCache;

struct FunctionProfile {
    std::uint64_t calls = 0;
    Cycles total = 0;  ///< Inclusive of callees, exclusive of interrupts taken meanwhile.
    Cycles min = kNever, max = 0, last = 0;
};

class FunctionTracer {
  public:
    FunctionTracer(CodeCache& code, unsigned core) : code_(code), core_(core) {}

    struct Function {
        std::uint32_t address, size;
    };
    /// Replaces the set of traced functions and clears all counts; an empty set switches tracing off.
    void trace(const std::vector<Function>& functions);
    [[nodiscard]] bool enabled() const { return !functions_.empty(); }
    [[nodiscard]] const std::vector<FunctionProfile>& profiles() const { return profiles_; }
    void clear_counts();

    /// Execution reached a hooked address. `transfer` numbers the call or far branch that led here, 0 if none did.
    void reached(std::uint32_t pc, std::uint32_t sp, std::uint32_t lr, Cycles now, std::uint64_t transfer);
    /// An exception is recognised; its handler's calls nest above the interrupted ones.
    void exception_entered(Cycles now);
    /// The handler returned; another handler may follow without unstacking (tail-chaining).
    void handler_returned(Cycles now);
    /// The interrupted code goes on.
    void exception_returned(Cycles now);
    /// Records when each function is entered and left; null stops it.
    void record_to(SignalRecorder* recorder) { recorder_ = recorder; }
    /// Records which functions are in progress now.
    void record_present(Cycles now);
    /// Forgets all calls in progress (reset, restored snapshot).
    void forget_calls();

  private:
    struct Frame {
        std::uint32_t function, return_address, sp;
        Cycles start, interrupts;  ///< `interrupts`: interrupt_cycles_ when the call began.
        std::uint64_t transfer;
    };
    struct Interrupted {
        std::size_t depth;
        Cycles when, interrupts;
    };
    static constexpr std::size_t kMaxDepth = 4096;

    void finish(const Frame& frame, Cycles now);
    void mark(std::uint32_t function, Cycles now, bool running);
    [[nodiscard]] std::size_t floor() const { return interrupted_.empty() ? 0 : interrupted_.back().depth; }

    CodeCache& code_;
    unsigned core_;
    SignalRecorder* recorder_ = nullptr;
    std::vector<Function> functions_;
    std::unordered_map<std::uint32_t, std::uint32_t> by_entry_;
    std::vector<FunctionProfile> profiles_;
    std::vector<Frame> frames_;
    std::vector<Interrupted> interrupted_;
    std::unordered_map<std::uint32_t, bool> return_hooks_;
    Cycles interrupt_cycles_ = 0;  ///< Cycles spent in interrupts below the current level.
};

}  // namespace rp2040
