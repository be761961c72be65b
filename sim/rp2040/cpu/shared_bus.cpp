// Instructions beside other bus masters: which cycles of an instruction use which port of the crossbar.
//
// While nobody else can be on the bus, instructions run in chains and this file costs nothing. When the DMA may
// transfer within the next cycles, the other core runs too, or bus accesses are counted, every instruction tells the
// crossbar of its accesses: data in its first cycles, the fetch of the next word in its last one, after a branch that
// of the target two cycles before the target executes. Those that do no more than that do so in chains of their own
// (pair_execute.cpp), the others here.
#include <algorithm>
#include <utility>

#include "bus/bus.hpp"
#include "bus/xip.hpp"
#include "cpu/cpu.hpp"
#include "cpu/pair.hpp"
#include "cpu/timing.hpp"

namespace rp2040 {

namespace {

/// Cycles for which one data access keeps its port busy.
Cycles bus_cycles(const Bus& bus, std::uint32_t address, bool write) {
    if (port_of(address) != Port::apb) return timing::kBusCycle;
    return (write ? timing::kApbWrite + bus.alias_penalty(address) : timing::kApbRead) - timing::kBusCycle;
}

}  // namespace

Cycles Cpu::share_data(const Op* at) {
    if (!accesses_data(at->operation)) return 0;
    const auto access = access_of(*this, at);
    Cycles lost = 0;
    for (std::uint32_t n = 0; n < std::max(access->bytes, 4u); n += 4) {
        const std::uint32_t address = access->address + n;
        lost += crossbar_.access(master(), cycles + lost + n / 4, port_of(address),
                                 bus_cycles(bus_, address, access->write));
    }
    return lost;
}

Cycles Cpu::effect_of(const Op* at) const {
    if (!accesses_data(at->operation) || transfers_list(at->operation) || misses(at)) return kNever;
    const auto access = access_of(*this, at);
    const Cycles after = bus_.effect_after(access->address, access->write);
    return after == kNever ? kNever : cycles + after;
}

/// Whether the word of an instruction in flash has yet to be read from there.
bool Cpu::misses(const Op* at) const {
    if (!page->xip) return false;
    const std::uint32_t address = address_of(at);
    return !xip.has(address & ~3u) || (is_wide(at->operation) && !xip.has((address + 2) & ~3u));
}

/// Whether the next instruction comes before an access that takes effect in cycle `at`, and has `port` until then. An
/// exception's entry does not, nor a list of registers that an interrupt may abandon: the other core's fetch, which
/// their words may have to wait for, is told of first.
bool Cpu::passes(Cycles at, Port port) {
    if (attention_ && would_preempt(false)) return false;
    decode_next();
    if (misses(op)) return false;
    if (!accesses_data(op->operation)) return true;
    const auto access = access_of(*this, op);
    const Cycles after = bus_.effect_after(access->address, access->write);
    if (transfers_list(op->operation)) return after == kNever && cycles + kLongestInstruction < fabric_.events().next();
    return after == kNever || (cycles + after < at && (port == Port::none || port_of(access->address) != port));
}

/// The next instruction, in the midst of one of the other core's.
void Cpu::pass() {
    stop_polling();
    if (profiler) [[unlikely]]
        return execute_profiled();
    observer.active() ? execute_observed() : execute_shared();
}

/// An access takes some cycles, in which the other core goes on: what it begins in them, and is done earlier, comes
/// first, one instruction after the other. So accesses take effect in the order of their times, and those of a core
/// never share a cycle. What is slower than the access, or wants its port, comes after it.
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

void Cpu::share_fetches(const Op* at, std::uint32_t address) {
    const unsigned halfwords = is_wide(at->operation) ? 2 : 1;
    if (op == at + halfwords) {
        const std::uint32_t last = address + 2 * (halfwords - 1);
        const bool begins_word = (address & 2) == 0 || (last & 2) == 0;
        if (begins_word) wait_for_bus(crossbar_.access(master(), cycles - 1, port_of(address), 1));
        return;
    }
    const std::uint32_t target = pc();
    wait_for_bus(crossbar_.access(master(), cycles - 2, port_of(target & ~3u), 1));
    if ((target & 2) != 0) wait_for_bus(crossbar_.access(master(), cycles - 1, port_of(target + 2), 1));
}

/// One instruction, with the accesses that others may be waiting for.
void Cpu::execute_one(const Op* at) {
    if (system_.mpu().enabled() && !may_execute(at)) [[unlikely]]
        return;
    if (!contends()) {
        at->handler(*this, at, cycles, nz, carry, overflow);
        return;
    }
    const std::uint32_t address = address_of(at);
    wait_for_bus(share_data(at));
    const Cycles start = cycles;
    at->handler(*this, at, cycles, nz, carry, overflow);
    if (cycles > start) share_fetches(at, address);
}

/// Instructions in a chain as far as they may meet the DMA or are counted, the other core being at rest. False where
/// each needs more than that.
bool Cpu::run_shared() {
    static constinit auto kAllMine = [] {
        decltype(Pair::owners) owners{};
        owners.fill(owner::only(0) | owner::only(1));
        return owners;
    }();
    if (!simple() || peer->runnable()) return false;
    const Cycles event = fabric_.events().next();
    const bool near = crossbar_.dma_active() && cycles + kLongestInstruction >= event;
    const Cycles shared_until = near || crossbar_.counting() ? kNever : crossbar_.dma_busy_until();
    pair->end = std::min(limit_, event);
    crossbar_.begin_turns(cycles);
    ahead_from = kNever;
    undo.count = 0;
    deadline = std::min({pair->end, shared_until, crossbar_.turns_end()});
    const Unchained unchained(*this);
    std::uint8_t* const shared = std::exchange(owners, kAllMine.data());
    pair->execute(*this);
    owners = shared;
    return true;
}

void Cpu::execute_shared() {
    const Op* const at = op;
    const auto index = static_cast<std::uint32_t>(at - page->ops.data());
    deadline = 0;
    if (index >= kPageOps) {  // leads into the next page
        at->handler(*this, at, cycles, nz, carry, overflow);
        return;
    }
    if (at->operation == Operation::undecoded && page != unmapped_.get()) code.decode_op(*page, index);
    const Unchained unchained(*this);
    execute_one(at);
}

/// The eight words of an exception's stack frame, in consecutive cycles: returns those lost.
Cycles Cpu::share_frame(std::uint32_t frame, Cycles at) {
    if (!contends()) return 0;
    crossbar_.end_turns();  // the words come after what an instruction that was abandoned has told of
    Cycles lost = 0;
    for (std::uint32_t n = 0; n < 8; ++n) lost += crossbar_.access(master(), at + lost + n, port_of(frame + 4 * n));
    bus_waits_ += lost;
    return lost;
}

/// The read of an exception's vector: returns the cycles beyond those that are part of the entry.
Cycles Cpu::share_vector(std::uint32_t entry, Cycles at) {
    const Cycles lost = contends() ? crossbar_.access(master(), at, port_of(entry)) : 0;
    bus_waits_ += lost;
    return lost + (find_target(entry) == Target::xip ? xip.fetch(entry, at + lost + 1, master()) : 0);
}

}  // namespace rp2040
