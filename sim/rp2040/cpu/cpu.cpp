#include "cpu/cpu.hpp"

#include <algorithm>
#include <utility>

#include "bus/bus.hpp"
#include "bus/memory_map.hpp"
#include "bus/xip.hpp"
#include "cpu/pair_handlers.hpp"
#include "cpu/timing.hpp"

namespace rp2040 {

Cpu::Cpu(Fabric& fabric, Bus& bus, Xip& xip_, CodeCache& code_, unsigned core)
    : xip(xip_),
      code(code_),
      tracer(code_, core),
      fabric_(fabric),
      bus_(bus),
      crossbar_(bus.crossbar),
      core_(core),
      yields_at_(core == 0 ? 1 : 0),
      system_(fabric, core) {
    sram = bus.sram();
    sram_code_map = code.sram_code_map();
    sram_code_words = code.sram_code_words();
    unmapped_->ops.fill(Op{&op_fetch_fault, 0, 0, 0, 0, Operation::undecoded});
    unmapped_->pair_ops.fill({pair::kAlone[static_cast<std::size_t>(Operation::undecoded)], Port::none, 0});
    page = unmapped_.get();
    op = page->ops.data();
}

void Cpu::reset(std::uint32_t stack, std::uint32_t entry, Cycles now) {
    system_.reset();
    r.fill(0);
    r[13] = stack & ~3u;
    r[14] = 0xffffffff;
    other_sp_ = 0;
    nz = 1;
    carry = overflow = 0;
    ipsr_ = 0;
    primask_ = control_spsel_ = control_npriv_ = false;
    asleep_ = waiting_for_event_ = event_register_ = false;
    stop_ = CpuStop::none;
    thumb_ = true;
    tracer.forget_calls();
    cycles = now;
    jump(entry);
    if (profiler) profiler->restart();
    attend();
}

void Cpu::release(Cycles now) {
    held_ = false;
    cycles = std::max(cycles, now);
    if (profiler) profiler->skip();
    attend();
    if (peer != nullptr) peer->yield();
}

void Cpu::run(Cycles limit) {
    limit_ = limit;
    yielded_ = false;
    while (stop_ == CpuStop::none && !asleep_ && !held_) {
        wait_for_bus(crossbar_.take_owed(core_));  // an interrupt is taken after what it has lost before
        // An entry, like an instruction, comes after the events up to its cycle and what the other core begins before.
        if (cycles >= std::min(limit_, fabric_.events().next())) return;
        if (attention_) {
            attention_ = false;
            take_pending();
            continue;
        }
        if (profiler) [[unlikely]] {
            execute_profiled();
            continue;
        }
        if (observer.active()) [[unlikely]] {
            execute_observed();
            continue;
        }
        if (one_by_one()) [[unlikely]] {
            if (!run_shared()) execute_shared();
            continue;
        }
        if (watch_round_) {
            watch_round();
            continue;
        }
        deadline = next_deadline();
        poll_.at = nullptr;
        op->handler(*this, op, cycles, nz, carry, overflow);
    }
}

/// One instruction on its own: with a deadline in the past its handler returns instead of going on.
void Cpu::execute_observed() {
    const Op* const at = op;
    const auto index = static_cast<std::uint32_t>(at - page->ops.data());
    const Unchained unchained(*this);
    deadline = 0;
    if (index >= kPageOps) {  // leads into the next page
        at->handler(*this, at, cycles, nz, carry, overflow);
        return;
    }
    if (at->operation == Operation::undecoded && page != unmapped_.get()) code.decode_op(*page, index);
    const std::uint64_t faults_before = hardfaults();
    observer.before(*this, at, depth());
    try {
        execute_one(at);
    } catch (...) {
        observer.after(*this, true);
        throw;
    }
    // Interrupted before it was over, it has not happened: it starts again later.
    const bool abandoned = op == at && attention_ && transfers_list(at->operation);
    if (stop_ == CpuStop::breakpoint || stop_ == CpuStop::bkpt || abandoned) return;
    const bool stepped = observer.after(*this, stop_ == CpuStop::lockup || hardfaults() != faults_before);
    if (stop_ != CpuStop::none) return;
    if (observer.hit())
        stop_ = CpuStop::watchpoint;
    else if (stepped)
        stop_ = CpuStop::step;
}

void Cpu::execute_profiled() {
    const Op* const at = op;
    const bool instruction = at - page->ops.data() < static_cast<std::ptrdiff_t>(kPageOps);
    if (instruction) profiler->begin(pc());
    try {
        observer.active() ? execute_observed() : execute_shared();
    } catch (...) {
        if (instruction) profiler->end(at->operation, false);
        throw;
    }
    if (instruction) profiler->end(at->operation, stop_ != CpuStop::breakpoint);
}

void Cpu::after_access() {
    // The access may have brought an event closer, pended an interrupt, or started another master.
    deadline = attention_ || one_by_one() ? 0 : next_deadline();
}

/// Why the core itself refuses a data access; no_memory, the bus's reason, if it does not.
FaultCause Cpu::refused(std::uint32_t address, unsigned bytes) const {
    if ((address & (bytes - 1)) != 0) return FaultCause::unaligned;
    if (address >> 20 == kPpbBase >> 20 && !privileged()) return FaultCause::protection;  // Arm ARM B3.1
    return FaultCause::no_memory;
}

bool Cpu::load(std::uint32_t address, unsigned bytes) {
    const FaultCause cause = refused(address, bytes);
    const bool ok = cause == FaultCause::no_memory && bus_.load(*this, address, bytes);
    after_access();
    if (!ok) hard_fault(cause, address, false);
    return ok;
}

bool Cpu::load_steady(std::uint32_t address, unsigned bytes, Cycles until) {
    return bus_.load_steady(*this, address, bytes, until);
}

bool Cpu::store(std::uint32_t address, unsigned bytes, std::uint32_t data) {
    const FaultCause cause = refused(address, bytes);
    const bool ok = cause == FaultCause::no_memory && bus_.store(*this, address, bytes, data);
    after_access();
    if (!ok) hard_fault(cause, address, true);
    return ok;
}

void Cpu::go_to(std::uint32_t address) {
    if (page->base != (address & ~(kPageBytes - 1)) || page == unmapped_.get()) {
        DecodedPage* found = code.find(address);
        if (found == nullptr) {
            unmapped_->lie_at(address & ~(kPageBytes - 1));
            found = unmapped_.get();
        }
        page = found;
    }
    op = &page->ops[(address - page->base) / 2];
}

void Cpu::jump(std::uint32_t address) {
    address &= ~1u;
    go_to(address);
    // A target in mid-word: no op_fetch stands before it, so its word is fetched here.
    if (page->xip && (address & 2) != 0) cycles += xip.fetch(address & ~3u, cycles, master());
}

void Cpu::jump_exchange(std::uint32_t address) {
    if (address >= kExceptionReturns && ipsr_ != 0) {
        exception_return(address);
        return;
    }
    const std::uint32_t from = pc();
    thumb_ = (address & 1) != 0;
    jump(address);
    record(from, address & ~1u);
    if (!thumb_)
        hard_fault(FaultCause::thumb_bit_clear);  // EPSR.T is 0: the next instruction faults before it executes
}

bool Cpu::abandon_for_interrupt(Cycles end) {
    Scheduler& events = fabric_.events();
    while (events.next() < end && !attention_) come_to(events.next());
    const bool abandon = attention_ && would_preempt(false);
    if (abandon) cycles = std::max(cycles, events.now());
    after_access();
    return abandon;
}

// ---------------------------------------------------------------------------------------------- sleep

void Cpu::wait_for_interrupt() {
    if (would_preempt(true)) return;
    asleep_ = true;
    waiting_for_event_ = false;
    sleep_start_ = cycles;
    deadline = 0;
    if (recorder != nullptr) recorder->record(cycles, signal::kAsleep + core_, 1);
}

void Cpu::wait_for_event() {
    if (event_register_) {
        event_register_ = false;
        return;
    }
    if (would_preempt(false)) return;
    asleep_ = true;
    waiting_for_event_ = true;
    sleep_start_ = cycles;
    deadline = 0;
    if (recorder != nullptr) recorder->record(cycles, signal::kAsleep + core_, 1);
}

void Cpu::account_sleep(Cycles now) {
    if (!asleep_ || now <= sleep_start_) return;
    sleep_cycles_ += now - sleep_start_;
    sleep_start_ = now;
    cycles = std::max(cycles, now);
}

void Cpu::wake(Cycles now) {
    account_sleep(now);
    asleep_ = false;
    cycles = std::max(cycles, now);
    if (recorder != nullptr) recorder->record(cycles, signal::kAsleep + core_, 0);
    attend();
    if (peer != nullptr) peer->yield();
}

void Cpu::check_wake(Cycles now) {
    if (asleep_ && would_preempt(!waiting_for_event_)) wake(now);
}

void Cpu::receive_event(Cycles now) {
    if (asleep_ && waiting_for_event_) {
        wake(now);
        return;
    }
    event_register_ = true;
}

void Cpu::set_irq(unsigned line, bool level, Cycles now) {
    const std::uint64_t before = system_.pending();
    system_.set_irq(line, level);
    if (level) pending_changed(before, now);
}

void Cpu::set_nmi_mask(std::uint32_t mask, Cycles now) {
    const std::uint64_t before = system_.pending();
    system_.set_nmi_mask(mask);
    if (system_.pending() != before) pending_changed(before, now);
}

void Cpu::systick_due(Cycles now) {
    const std::uint64_t before = system_.pending();
    system_.systick_due(now);
    pending_changed(before, now);
}

/// With SCR.SEVONPEND each exception that becomes pending is an event, even one that is disabled (B1.5.18).
void Cpu::pending_changed(std::uint64_t before, Cycles now) {
    attend();
    if (system_.sev_on_pend() && (system_.pending() & ~before) != 0) receive_event(now);
    check_wake(now);
}

// ---------------------------------------------------------------------------------------------- system registers

std::uint32_t Cpu::ppb_read(std::uint32_t offset, Cycles now) {
    if (offset < 0xe000 || offset >= 0xf000) return 0;
    system_.set_ipsr(ipsr_);
    return system_.read(offset - 0xe000, now);
}

void Cpu::ppb_write(std::uint32_t offset, std::uint32_t data, Cycles now) {
    if (offset < 0xe000 || offset >= 0xf000) return;
    const std::uint64_t before = system_.pending();
    if (system_.write(offset - 0xe000, data, now)) fabric_.request_core_reset(core_);
    pending_changed(before, now);
}

// ---------------------------------------------------------------------------------------------- debug

bool Cpu::hook() {
    const std::uint32_t at = pc();
    if (tracer.enabled()) {
        const bool led_here = transfer_count_ != 0 && transfers_[(transfer_count_ - 1) % transfers_.size()].to == at;
        tracer.reached(at, r[13], r[14], cycles, led_here ? transfer_count_ : 0);
    }
    if (!bus_.is_breakpoint(at)) return false;
    if (resume_over_ == at) {
        resume_over_ = 1;
        return false;
    }
    resume_over_ = at;
    stop_ = CpuStop::breakpoint;
    deadline = 0;
    return true;
}

void Cpu::pass_breakpoint() {
    if (bus_.is_breakpoint(pc())) resume_over_ = pc();
}

std::vector<Transfer> Cpu::recent_transfers() const {
    std::vector<Transfer> out;
    const std::uint64_t n = std::min<std::uint64_t>(transfer_count_, 64);
    for (std::uint64_t i = transfer_count_ - n; i < transfer_count_; ++i)
        out.push_back(transfers_[i % transfers_.size()]);
    return out;
}

// ---------------------------------------------------------------------------------------------- snapshots

void Cpu::save(StateWriter& out) const {
    system_.save(out);
    out.put(r);
    out.put(pc());
    out.put(cycles);
    out.put(nz);
    out.put(carry);
    out.put(overflow);
    out.put(ipsr_);
    out.put(other_sp_);
    for (bool flag : {primask_, control_spsel_, control_npriv_, thumb_, asleep_, waiting_for_event_, event_register_,
                      held_, attention_})
        out.put(flag);
    out.put(sleep_start_);
    out.put(sleep_cycles_);
    out.put(stop_);
    out.put(exception_counts_);
    out.put(hardfault_returns_);
}

void Cpu::restore(StateReader& in) {
    std::uint32_t address;
    Cycles at;
    system_.restore(in);
    in.get(r);
    in.get(address);
    in.get(at);
    in.get(nz);
    in.get(carry);
    in.get(overflow);
    in.get(ipsr_);
    in.get(other_sp_);
    for (bool* flag : {&primask_, &control_spsel_, &control_npriv_, &thumb_, &asleep_, &waiting_for_event_,
                       &event_register_, &held_, &attention_})
        in.get(*flag);
    in.get(sleep_start_);
    in.get(sleep_cycles_);
    in.get(stop_);
    in.get(exception_counts_);
    in.get(hardfault_returns_);
    tracer.forget_calls();
    faults_.clear();
    resume_over_ = 1;
    set_register(15, address);
    cycles = at;
    if (profiler) profiler->restart();
}

}  // namespace rp2040
