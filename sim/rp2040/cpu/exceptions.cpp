// Exception entry, return, priorities (Arm ARM B1.5).
#include <algorithm>

#include "bus/bus.hpp"
#include "cpu/cpu.hpp"
#include "cpu/timing.hpp"

namespace rp2040 {

namespace {
constexpr std::uint32_t kReturnToHandler = 0xfffffff1, kReturnToThreadMain = 0xfffffff9,
                        kReturnToThreadProcess = 0xfffffffd;
}

bool Cpu::would_preempt(bool ignore_primask) const {
    const unsigned best = system_.best_pending();
    return best != 0 && system_.priority(best) < system_.execution_priority(primask_ && !ignore_primask);
}

void Cpu::take_pending() {
    if (asleep_) check_wake(cycles);
    if (asleep_ || held_ || !would_preempt(false)) return;
    enter_exception(system_.best_pending(), pc(), cycles);
}

void Cpu::enter_exception(unsigned number, std::uint32_t return_address, Cycles at) {
    tracer.exception_entered(at);
    if (profiler) profiler->exception_entered(r[13], return_address);
    // Stack frame: B1.5.6. Bit 9 of the stacked xPSR remembers the alignment padding.
    const bool padded = (r[13] & 4) != 0;
    const std::uint32_t frame = (r[13] - 0x20) & ~7u;
    const std::array<std::uint32_t, 8> words = {r[0],  r[1],  r[2],           r[3],
                                                r[12], r[14], return_address, xpsr() | (padded ? 1u << 9 : 0)};
    r[13] = frame;
    bool stacked = true;
    for (unsigned i = 0; i < 8 && stacked; ++i) {
        stacked = (frame & 3) == 0 && may_access(frame + i * 4, 4, AccessType::write, privileged()) &&
                  bus_.store(*this, frame + i * 4, 4, words[i]);
        if (!stacked) note_fault(FaultCause::stacking, frame + i * 4, true);
    }
    at += share_frame(frame, at);
    const std::uint32_t lr = ipsr_ != 0       ? kReturnToHandler
                             : control_spsel_ ? kReturnToThreadProcess
                                              : kReturnToThreadMain;
    if (!stacked) {
        // A fault while stacking escalates: the frame is lost and HardFault is entered. So it is when HardFault was
        // being entered anyway, for a stack that has overflowed; above its priority the core locks up (B1.5.14).
        if (number == kNmi || beyond_hard_fault()) {
            lockup();
            return;
        }
        number = kHardFault;
    }
    // Late arrival: a more urgent interrupt that comes while the frame is written is served first (B1.5.12).
    if (number != kHardFault) {
        Scheduler& events = fabric_.events();
        constexpr Cycles kVector = timing::kExceptionEntry - timing::kVectorFetch;
        while (events.next() <= at + kVector) {
            come_to(events.next());
            const Cycles lost = crossbar_.take_owed(core_);  // words of the frame, to the DMA
            at += lost;
            bus_waits_ += lost;
        }
        const unsigned best = system_.best_pending();
        if (best != 0 && system_.priority(best) < system_.priority(number)) {
            system_.pend(number);
            number = best;
        }
    }
    cycles = at + timing::kExceptionEntry;
    begin_handler(number, lr);
}

void Cpu::begin_handler(unsigned number, std::uint32_t lr) {
    system_.activate(number);
    ++exception_counts_[number];
    use_stack(false);
    ipsr_ = number;
    r[14] = lr;
    event_register_ = true;
    const std::uint32_t from = pc();
    std::uint32_t vector = 0;
    if (const std::uint32_t entry = system_.vtor() + number * 4; !bus_.read_vector(entry, vector)) {
        note_fault(FaultCause::vector, entry, false);
        if (number == kHardFault || number == kNmi) {
            lockup();
            return;
        }
        system_.deactivate(number);
        begin_handler(kHardFault, lr);
        return;
    }
    cycles += share_vector(system_.vtor() + number * 4, cycles - timing::kVectorFetch);
    thumb_ = (vector & 1) != 0;
    jump(vector);
    record(from, vector & ~1u);
    if (profiler) profiler->handler_started(number, lr == kReturnToThreadProcess);
    if (recorder != nullptr) recorder->record(cycles, signal::kException + core_, number);
    attend();
    if (number == kHardFault && catch_hard_fault) {
        stop_ = CpuStop::hard_fault;
        deadline = 0;
    }
    if (!thumb_) hard_fault(FaultCause::thumb_bit_clear);
}

void Cpu::exception_return(std::uint32_t exc_return) {
    const unsigned returning = ipsr_;
    const bool to_handler = exc_return == kReturnToHandler, to_process = exc_return == kReturnToThreadProcess;
    const bool legal = system_.is_active(returning) && (to_handler ? system_.nested() : !system_.nested()) &&
                       (to_handler || to_process || exc_return == kReturnToThreadMain);
    if (!legal) {  // ExceptionReturn integrity checks, B1.5.8: UNPREDICTABLE; we fault
        hard_fault(FaultCause::exception_return, exc_return);
        return;
    }
    system_.deactivate(returning);
    if (returning == kHardFault) ++hardfault_returns_;
    tracer.handler_returned(cycles);
    if (profiler) profiler->handler_returned();
    event_register_ = true;
    attend();

    // Tail-chaining: the next handler starts without unstacking (B1.5.12).
    come_to(cycles);
    const unsigned best = system_.best_pending();
    const int target_priority = system_.execution_priority(primask_);
    if (best != 0 && system_.priority(best) < target_priority) {
        cycles += timing::kTailChain;
        begin_handler(best, exc_return);
        return;
    }

    const std::uint32_t from = pc();
    if (to_process) use_stack(true);
    const std::uint32_t frame = r[13];
    std::array<std::uint32_t, 8> words{};
    for (unsigned i = 0; i < 8; ++i) {
        const bool loaded = (frame & 3) == 0 &&
                            may_access(frame + i * 4, 4, AccessType::read, to_handler || !control_npriv_) &&
                            bus_.load(*this, frame + i * 4, 4);
        if (!loaded) {  // a fault while unstacking is a HardFault of the returning context
            ipsr_ = to_handler ? returning : 0;
            hard_fault(FaultCause::unstacking, frame + i * 4, false);
            return;
        }
        words[i] = value;
    }
    r[0] = words[0];
    r[1] = words[1];
    r[2] = words[2];
    r[3] = words[3];
    r[12] = words[4];
    r[14] = words[5];
    r[13] = (frame + 0x20) | ((words[7] >> 9 & 1) << 2);
    set_xpsr(words[7]);
    thumb_ = (words[7] >> 24 & 1) != 0;
    if (!to_handler) ipsr_ = 0;
    cycles += timing::kExceptionReturn + share_frame(frame, cycles);
    jump(words[6]);
    record(from, words[6]);
    tracer.exception_returned(cycles);
    if (profiler) profiler->exception_returned();
    if (recorder != nullptr) recorder->record(cycles, signal::kException + core_, ipsr_);
    if (!thumb_) {
        hard_fault(FaultCause::thumb_bit_clear);
        return;
    }
    if (!to_handler && system_.sleep_on_exit()) wait_for_interrupt();
}

void Cpu::note_fault(FaultCause cause, std::uint32_t address, bool write) {
    if (faults_.size() == 4) faults_.erase(faults_.begin());
    faults_.push_back({cause, pc(), address, write, cycles});
}

void Cpu::hard_fault(FaultCause cause, std::uint32_t address, bool write) {
    note_fault(cause, address, write);
    if (beyond_hard_fault()) {
        lockup();
        return;
    }
    enter_exception(kHardFault, pc(), cycles);
}

void Cpu::lockup() {
    stop_ = CpuStop::lockup;
    deadline = 0;
}

void Cpu::supervisor_call() {
    // The return address is the next instruction; `op` is already there.
    if (system_.priority(kSvCall) < system_.execution_priority(primask_)) {
        enter_exception(kSvCall, pc(), cycles);
        return;
    }
    // SVC that cannot be taken escalates (B1.5.4). The stacked address is that of the next instruction all the same:
    // NuttX makes its system calls so, and its handler looks for the SVC before that address and returns to it.
    --op;
    note_fault(FaultCause::svc, 0, false);
    if (beyond_hard_fault()) {
        lockup();
        return;
    }
    ++op;
    enter_exception(kHardFault, pc(), cycles);
}

void Cpu::breakpoint_instruction() {
    constexpr std::array<std::uint8_t, 2> kSemihosting = {0xab, 0xbe};
    std::array<std::uint8_t, 2> code{};
    const bool call = semihosting && bus_.debug_read(pc(), code) && code == kSemihosting;
    if (debugger_attached || call || pc() < kRomSize) {  // the boot ROM has something to say
        stop_ = CpuStop::bkpt;
        deadline = 0;
        return;
    }
    hard_fault(FaultCause::bkpt);
}

}  // namespace rp2040
