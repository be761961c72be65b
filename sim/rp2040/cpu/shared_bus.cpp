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
