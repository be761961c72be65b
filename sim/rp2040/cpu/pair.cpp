// Two cores that both run: they take turns of some dozen cycles, in chains of instructions (pair_execute.cpp).
//
// The core that comes first goes ahead, up to the end of the crossbar's window; then the other one follows. What only
// computes, branches, loads, or stores data that are the core's own cannot be told from what it would be in the order
// of the cycles, as long as the two meet at the ports of the crossbar alone: what it makes of the accesses does not
// depend on who tells of them first (bus/crossbar_turns.cpp). Everything else is done in order. The core that is ahead
// stops before it and lets the other one catch up. The core that follows sends the other one back to where it started,
// to come again just as far as the order has it: it finds everything as it was, for its memory, its registers and what
// it has told the crossbar are taken back, and the other core has touched nothing of its.
//
// Which words of SRAM are whose is learnt from the accesses; until it is known, or when it changes, they are done in
// order, and so are stores to what both use. It can be forgotten at any time, and is no part of the chip's state.
#include "cpu/pair.hpp"

#include <algorithm>
#include <utility>

#include "bus/bus.hpp"
#include "bus/crossbar_wait.hpp"
#include "bus/xip.hpp"

namespace rp2040 {

// ---------------------------------------------------------------------------------------------- one core

void Cpu::connect(Pair& two, Cpu& other) {
    peer = &other;
    told = other.turns.taken.data();
    pair = &two;
    owners = two.owners.data();
    may_load = owner::may_load(core_);
    may_store = owner::may_store(core_);
}

void Cpu::mark(CpuMark& mark) const {
    // One by one: several at once, of which one was just stored, make the host wait.
    const auto copy = [](auto& to, auto value) {
        asm("" : "+r"(value));
        to = value;
    };
    for (unsigned n = 0; n < r.size(); ++n) copy(mark.r[n], r[n]);
    copy(mark.op, op);
    copy(mark.cycles, cycles);
    copy(mark.nz, nz);
    copy(mark.carry, carry);
    copy(mark.overflow, overflow);
    copy(mark.page, page);
    copy(mark.transfers, transfer_count_);
    copy(mark.bus_waits, bus_waits_);
    mark.flash_hits = xip.hits();
}

void Cpu::take_back(const CpuMark& mark, std::uint64_t flash_hits) {
    r = mark.r;
    page = mark.page;
    rest = nullptr;
    data_from = kNever;
    spill(mark.op, mark.cycles, mark.nz, mark.carry, mark.overflow);
    transfer_count_ = mark.transfers;
    bus_waits_ = mark.bus_waits;
    xip.take_back_hits(flash_hits);
    while (undo.count > 0) {
        const UndoneStores::Word& word = undo.words[--undo.count];
        std::memcpy(sram + word.offset, &word.data, sizeof word.data);
    }
    crossbar_.take_back_turns(core_, mark.cycles);
}

Cycles Cpu::wait_for_port(Cycles at, Port port) {
    if (!crossbar_.settled_by_turns(core_, at, port)) [[unlikely]]
        return wait_for_history(at, port);
    const Cycles lost = crossbar_.wait_turn(core_, at, port);
    if (pair->beside_dma) [[unlikely]]
        deadline = 0;  // the DMA's next step may come later
    return note_lost(lost);
}

Cycles Cpu::wait_for_history(Cycles at, Port port) {
    if (goes_ahead(begun)) return kNever;
    pair->take_back(*this, begun, begun);
    pair->settled = true;
    deadline = 0;
    return note_lost(crossbar_.wait_history(core_, at, port));
}

/// Cycles that this core has lost, or the other one by it.
inline Cycles Cpu::note_lost(Cycles lost) {
    bus_waits_ += lost;
    if (const Cycles owed = crossbar_.owed(core_ ^ 1); owed != 0) {
        pair->delayed += owed;
        if (pair->delayed >= Pair::kLongestDelay) deadline = 0;
        if (peer->runnable() && !peer->accessing_) peer->pay_owed();  // another one does when it goes on
    }
    return lost;
}

void Cpu::decode_next() {
    const auto index = static_cast<std::uint32_t>(op - page->ops.data());
    if (op->operation == Operation::undecoded && index < kPageOps && page != unmapped_.get())
        code.decode_op(*page, index);
}

void Cpu::execute_next() {
    const Op* const at = op;
    if (at - page->ops.data() >= static_cast<std::ptrdiff_t>(kPageOps)) {  // leads into the next page
        at->handler(*this, at, cycles, nz, carry, overflow);
        return;
    }
    decode_next();
    execute_one(at);
}

// ---------------------------------------------------------------------------------------------- both

/// Runs a core until its deadline.
void Pair::execute(Cpu& cpu) {
    while (cpu.cycles < cpu.deadline) pair_op(cpu.op).handler(cpu, cpu.op, cpu.cycles, cpu.nz, cpu.carry, cpu.overflow);
}

/// Makes the access that an instruction has left open, others having come first.
void Pair::finish(Cpu& cpu) {
    if (cpu.rest == nullptr) return;
    const Handler rest = std::exchange(cpu.rest, nullptr);
    cpu.ahead_from = kNever;
    cpu.deadline = 0;
    // The window must not leave behind what the core that comes first has yet to meet.
    cpu.pair->crossbar.begin_turns(std::min(cpu.cycles, cpu.peer->cycles));
    rest(cpu, cpu.op, cpu.cycles, cpu.nz, cpu.carry, cpu.overflow);
}

/// The core that is ahead goes back to where that began, and comes again as far as `until`, but no further than it was,
/// nor than to a register that it reads after cycle `effect`.
void Pair::repeat(Cycles until, Cycles effect) {
    Cpu& other = *std::exchange(ahead, nullptr);
    other.deadline = std::min({until, end, other.cycles});
    other.take_back(start, hits);
    reads_until = effect;
    repeating = true;
    execute(other);
    repeating = false;
}

/// Before `behind` does something in order, in an instruction that began in cycle `begun`, and takes effect in cycle
/// `effect`: what the other core has done ahead of that is taken back, and what it has left open is done.
void Pair::take_back(Cpu& behind, Cycles begun, Cycles effect) {
    if (ahead == behind.peer) {
        reach = std::max(kNearest, begun - std::min(begun, start.cycles));
        repeat(ahead->first_until(begun), effect);
        behind.deadline = 0;
    }
    finish(*behind.peer);
}

/// Whether `cpu` may access the block at `offset` now; else others must come first.
bool Pair::own(Cpu& cpu, std::uint32_t offset, bool store) {
    std::uint8_t& block = owners[offset / kOwnedBlock];
    const unsigned core = cpu.core();
    if (block == owner::kFree) {
        block = owner::only(core);
        return true;
    }
    if (cpu.goes_ahead(cpu.cycles)) return false;
    take_back(cpu, cpu.cycles, cpu.cycles);  // it may have loaded this, or stored to it
    settled = true;
    cpu.deadline = 0;  // what comes next, comes after the other core has caught up
    if (block == owner::kShared) {
        // Perhaps the other core does not look there any more.
        if (++shared_stores % kTrial == 0) block = owner::only(core);
        return true;
    }
    ++claims;
    block = !store || (block & owner::kMoved) != 0 ? owner::kShared : owner::only(core) | owner::kMoved;
    return true;
}

/// How far the core that follows the other one must come, so that what that one has done comes before.
Cycles Pair::caught_up(const Cpu& first) const {
    // An access that is left open comes when its instruction does.
    if (first.rest != nullptr) return first.peer->first_until(first.begun);
    const Cycles until = first.peer->first_until();
    return ahead == nullptr ? until : std::min(until, std::max(first_limit, last_read) + delayed);
}

/// The same where one of them has priority: the other one may lose every cycle, as many as are lost in a turn.
Cycles Pair::before_end(Cycles until, Cycles half) const {
    constexpr Cycles kLost = 2 * kLongestDelay;
    return end - until <= kLost ? until : std::min(half, end - kLost);
}

/// Turn after turn, until the end or until an instruction has been executed alone.
void Pair::run_turns(Cpu*& current) {
    left = false;
    ahead = nullptr;
    while (true) {
        if (current->rest != nullptr || current->peer->rest != nullptr) [[unlikely]]
            for (Cpu* core : {current, current->peer}) finish(*core);
        Cpu& first = current->comes_first() ? *current : *current->peer;
        Cpu& second = *first.peer;
        current = &first;
        if (first.cycles >= end) return;
        crossbar.begin_turns(first.cycles);
        // What it does ahead may begin later than it seems now: by a cycle for each access, one a cycle, that it has to
        // leave to the other core. It must come before the end all the same, so half of the way is safe.
        first.ahead_from = first.first_until();
        const Cycles until = std::min(end, first.ahead_from);
        const Cycles half = until + (end - until) / 2;
        first_end = std::min(crossbar.by_priority() ? before_end(until, half) : half, crossbar.turns_end());
        first_limit = std::min(first_end, first.cycles + reach);
        first.deadline = first_limit;
        first.mark(start);
        settled = false;
        delayed = 0;
        last_read = 0;
        first.undo.count = 0;
        execute(first);
        if (left) return;
        if (!settled) ahead = &first;
        hits = first.xip.hits() - start.flash_hits;

        current = &second;
        if (settled) crossbar.begin_turns(std::min(first.cycles, second.cycles));
        second.ahead_from = kNever;
        second.undo.count = 0;
        const Cycles room = std::min(end, first.turns.window + kRoom);
        for (Cycles until; second.cycles < (until = std::min(room, caught_up(first)));) {
            second.deadline = until;
            execute(second);
            if (left) return;
            if (ahead == nullptr || delayed >= kLongestDelay) break;
        }
        if (ahead != nullptr) {
            reach = std::min(kFarthest, 2 * reach);
            if (second.cycles < std::min(end, caught_up(first)))  // there was no more room
                repeat(first.first_until(), second.cycles);
            ahead = nullptr;
        }
        if (claims >= kClaims) {
            owners.fill(owner::kFree);
            claims = 0;
        }
    }
}

void Cpu::run_pair(Cpu*& current, Cycles limit) {
    Scheduler& events = current->fabric_.events();
    Pair& pair = *current->pair;
    for (Cpu* c : {current, current->peer}) {
        c->limit_ = 0;
        c->yielded_ = false;
        c->data_from = kNever;
    }
    while (true) {
        Cpu &c = *current, &other = *c.peer;
        pay_owed(c, other);
        if (!c.simple() || !other.simple() || c.yielded_) {
            pair.crossbar.end_turns();
            c.stop_polling();  // the other core's flash accesses since its last round are none of its own
            return c.run(c.yielded_ ? 0 : std::min(limit, c.first_until()));
        }
        pair.end = std::min(limit, events.next());
        current = c.comes_first() ? &c : &other;
        if (current->cycles >= pair.end) return;
        pair.run_turns(current);
    }
}

}  // namespace rp2040
