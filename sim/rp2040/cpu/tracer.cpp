#include "cpu/tracer.hpp"

#include <algorithm>

#include "cpu/code_cache.hpp"

namespace rp2040 {

void FunctionTracer::trace(const std::vector<Function>& functions) {
    for (const Function& f : functions_) code_.remove_hook(f.address);
    for (const auto& [address, installed] : return_hooks_) code_.remove_hook(address);
    functions_ = functions;
    by_entry_.clear();
    return_hooks_.clear();
    for (std::uint32_t i = 0; i < functions_.size(); ++i) {
        by_entry_[functions_[i].address] = i;
        code_.add_hook(functions_[i].address);
    }
    clear_counts();
}

void FunctionTracer::clear_counts() {
    profiles_.assign(functions_.size(), FunctionProfile{});
    forget_calls();
}

void FunctionTracer::forget_calls() {
    frames_.clear();
    interrupted_.clear();
    interrupt_cycles_ = 0;
}

void FunctionTracer::finish(const Frame& frame, Cycles now) {
    FunctionProfile& p = profiles_[frame.function];
    const Cycles taken = now - frame.start - (interrupt_cycles_ - frame.interrupts);
    ++p.calls;
    p.total += taken;
    p.last = taken;
    p.min = std::min(p.min, taken);
    p.max = std::max(p.max, taken);
    if (recorder_ != nullptr) mark(frame.function, now, false);
}

void FunctionTracer::record_present(Cycles now) {
    for (std::uint32_t i = 0; i < functions_.size(); ++i) mark(i, now, false);
    for (const Frame& frame : frames_) mark(frame.function, now, true);
}

void FunctionTracer::mark(std::uint32_t function, Cycles now, bool running) {
    recorder_->record(now, signal::kFunction + 2 * function + core_, running);
}

void FunctionTracer::reached(std::uint32_t pc, std::uint32_t sp, std::uint32_t lr, Cycles now, std::uint64_t transfer) {
    // A return: the innermost call that comes back here with its stack pointer; calls above it were left by a tail
    // call, or unwound by something like longjmp, and end with it.
    for (std::size_t i = frames_.size(); i > floor(); --i) {
        if (frames_[i - 1].return_address != pc || frames_[i - 1].sp != sp) continue;
        // A tail call shares return address and stack pointer with its caller: both end.
        std::size_t first = i - 1;
        while (first > floor() && frames_[first - 1].return_address == pc && frames_[first - 1].sp == sp) --first;
        while (frames_.size() > first) {
            finish(frames_.back(), now);
            frames_.pop_back();
        }
        break;
    }
    const auto entry = by_entry_.find(pc);
    if (entry == by_entry_.end()) return;

    const std::uint32_t return_address = lr & ~1u;
    // Frames deeper than this call's stack pointer can never return.
    while (frames_.size() > floor() && frames_.back().sp < sp) {
        finish(frames_.back(), now);
        frames_.pop_back();
    }
    if (frames_.size() > floor()) {
        const Frame& top = frames_.back();
        if (top.function == entry->second && top.sp == sp && top.return_address == return_address) {
            // A loop back to the first instruction is no call; a call from the same place replaces one left for good.
            if (transfer == 0 || transfer == top.transfer) return;
            finish(top, now);
            frames_.pop_back();
        }
    }
    if (frames_.size() >= kMaxDepth) return;
    frames_.push_back({entry->second, return_address, sp, now, interrupt_cycles_, transfer});
    if (recorder_ != nullptr) mark(entry->second, now, true);
    const bool exception_handler = lr >= 0xf0000000u;
    if (!exception_handler && return_hooks_.emplace(return_address, true).second) code_.add_hook(return_address);
}

void FunctionTracer::exception_entered(Cycles now) {
    if (interrupted_.size() >= kMaxDepth) return;
    interrupted_.push_back({frames_.size(), now, interrupt_cycles_});
}

void FunctionTracer::handler_returned(Cycles now) {
    if (interrupted_.empty()) return;
    while (frames_.size() > interrupted_.back().depth) {
        finish(frames_.back(), now);
        frames_.pop_back();
    }
}

void FunctionTracer::exception_returned(Cycles now) {
    if (interrupted_.empty()) return;
    const Interrupted marker = interrupted_.back();
    interrupted_.pop_back();
    interrupt_cycles_ = marker.interrupts + (now - marker.when);
}

}  // namespace rp2040
