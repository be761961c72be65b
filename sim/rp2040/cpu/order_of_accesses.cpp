// Accesses of registers by two cores, in the order in which they take effect.
//
// Cores are simulated by the order in which their instructions begin. An access of the APB ends three or four cycles
// later: what the other core does meanwhile, and is done earlier, must come first, or it would come late, and two
// stores of a core could share a cycle of the chip's time. So before an access takes effect the other core is let pass.
// Reads that find the same for a while need not wait for that, in turns (pair.cpp), if what the other core does before
// them is done when they can still be taken back.
#include <algorithm>
#include <utility>

#include "bus/bus.hpp"
#include "bus/xip.hpp"
#include "cpu/cpu.hpp"
#include "cpu/pair.hpp"

namespace rp2040 {

Cycles Cpu::effect_of(const Op* at) const {
    if (!accesses_data(at->operation) || transfers_list(at->operation) || misses(at)) return cycles;
    const auto access = access_of(*this, at);
    const Cycles after = bus_.effect_after(access->address, access->write);
    return after == kNever ? cycles : cycles + after;
}

/// Whether the word of an instruction in flash has yet to be read from there.
bool Cpu::misses(const Op* at) const {
    if (!page->xip) return false;
    const std::uint32_t address = address_of(at);
    return !xip.has(address & ~3u) || (is_wide(at->operation) && !xip.has((address + 2) & ~3u));
}

/// Whether the next instruction enters an exception or returns from one, as far as that is known before.
bool Cpu::enters_or_returns() const {
    if (attention_ && would_preempt(false)) return true;
    switch (op->operation) {
        case Operation::svc:
        case Operation::bkpt:
        case Operation::udf: return true;
        case Operation::bx:
        case Operation::blx: return ipsr_ != 0 && op->rm != 15 && r[op->rm] >= kExceptionReturns;
        default: return page == unmapped_.get();
    }
}

/// Whether the next instruction comes before an access that takes effect in cycle `at`, and has `port` until then. An
/// exception's entry and return do not, nor a list of registers that an interrupt may abandon: they take long, and the
/// other core's fetch, which their words may have to wait for, is told of first.
bool Cpu::passes(Cycles at, Port port) {
    decode_next();
    if (enters_or_returns() || misses(op)) return false;
    if (!accesses_data(op->operation)) return true;
    const auto access = access_of(*this, op);
    if (refused(access->address, std::min(access->bytes, 4u)) != FaultCause::no_memory) return false;
    const Cycles after = bus_.effect_after(access->address, access->write);
    if (transfers_list(op->operation)) {
        std::uint32_t last = 0;
        if (op->operation == Operation::pop_pc &&
            (!bus_.read_vector(access->address + access->bytes - 4, last) || last >= kExceptionReturns))
            return false;
        return after == kNever && undisturbed_until(op->rm) <= fabric_.events().next();
    }
    return after == kNever || (cycles + after < at && (port == Port::none || port_of(access->address) != port));
}

/// The next instruction, in the midst of one of the other core's.
void Cpu::pass() {
    stop_polling();
    if (profiler) [[unlikely]]
        return execute_profiled();
    observer.active() ? execute_observed() : execute_shared();
}

/// What the other core begins before an access takes effect, and is done earlier, one instruction after the other. What
/// is slower than the access, or wants its port, comes after it.
void Cpu::let_pass(Cycles at, Port port) {
    struct Accessing {
        bool& flag;
        explicit Accessing(bool& accessing) : flag(accessing) { flag = true; }
        ~Accessing() { flag = false; }
        Accessing(const Accessing&) = delete;
        Accessing& operator=(const Accessing&) = delete;
    } const accessing(accessing_);
    Scheduler& events = fabric_.events();
    Cpu& other = *peer;
    while (true) {
        if (other.runnable()) other.pay_owed();
        if (other.simple() && !crossbar_.counting()) pair->let_pass(other, at, port);
        const bool runs = other.runnable() && other.stop_ == CpuStop::none && other.cycles < at;
        if (const Cycles next = events.next(); next < at && (!runs || next <= other.cycles)) {
            events.advance_to(next);
            continue;
        }
        if (!runs) return;
        events.advance_to(other.cycles);
        if (!other.passes(at, port)) return;
        try {
            other.pass();
        } catch (Unmodelled& error) {
            if (!error.core) error.core = other.core_;
            throw;
        }
    }
}

/// Lets the core that is ahead go on before the other one does something that takes until cycle `until`. False: it
/// waits for its turn.
bool Pair::go_on(Cycles until) {
    if (ahead == nullptr || ahead->rest != nullptr || until > first_end || delayed >= kLongestDelay) return false;
    const std::uint64_t before = ahead->xip.hits();
    ahead->deadline = until;
    first_limit = std::max(first_limit, until);
    execute(*ahead);
    hits += ahead->xip.hits() - before;
    return ahead->cycles >= until && ahead->rest == nullptr;
}

/// The same as Cpu::let_pass(), as far as no event comes and no instruction is to be executed alone.
void Pair::let_pass(Cpu& other, Cycles at, Port port) {
    const Cycles next = events.next(), until = std::min(at, next), first = std::min(other.cycles, other.peer->cycles);
    if (other.cycles >= until) return;
    crossbar.begin_turns(first);
    if (until > other.turns.window + kRoom) return;
    const Cycles last = std::exchange(end, next);
    passing = at;
    passing_port = port;
    other.ahead_from = kNever;
    other.undo.count = 0;
    other.deadline = until;
    execute(other);
    passing = 0;
    end = last;
}

}  // namespace rp2040
