#include "bus/crossbar_wait.hpp"

namespace rp2040 {

bool Crossbar::high_priority(BusMaster master) const {
    switch (master) {
        case BusMaster::core0: return busctrl_->high_priority(Master::core0);
        case BusMaster::core1: return busctrl_->high_priority(Master::core1);
        default: return busctrl_->high_priority(Master::dma, master == BusMaster::dma_write);
    }
}

void Crossbar::count(Port port, bool contested) {
    const unsigned event = 2 * (kPorts - 1 - static_cast<unsigned>(port)) + (contested ? 0 : 1);
    if ((busctrl_->counted_events() >> event & 1) != 0) busctrl_->count(static_cast<BusEvent>(event));
}

/// Both want the port in the same cycle: priority level first, then each in turn (datasheet 2.1.1.1), which is taken to
/// mean that the master of the last access comes last.
bool Crossbar::wins(BusMaster challenger, BusMaster other, Cycles at, const PortState& port) const {
    const bool high = high_priority(challenger);
    if (high != high_priority(other)) return high;
    BusMaster last = BusMaster::dma_write;
    Cycles when = 0;
    for (unsigned n = kHistory; n-- > 0 && port.nth(n).until() > when;) {
        const Access& a = port.nth(n);
        if (a.from >= at || a.from < when) continue;
        when = a.from;
        last = a.master;
    }
    return first_in_turn(challenger, other, last);
}

/// Moves an access that was granted already, and all that the same master did after it, by `cycles`.
void Crossbar::delay(Access& loser, Port port, Cycles cycles) {
    if (counting() && loser.counted && !std::exchange(loser.contested, true)) count(port, true);
    const BusMaster master = loser.master;
    const Cycles since = loser.from;
    for (PortState& p : s_.port) {
        if (p.busy_until <= since) continue;
        unsigned n = kHistory;
        for (; n > 0 && p.nth(n - 1).until() > since; --n) {
            Access& a = p.nth(n - 1);
            if (a.master == master && a.from >= since) {
                a.from += cycles;
                p.busy_until = std::max(p.busy_until, a.until());
            }
        }
        for (; n < kHistory; ++n) p.sort_in(n);
    }
    if (index(master) < 2)
        s_.owed[index(master)] += cycles;
    else if (delay_dma)
        delay_dma(master, cycles);
}

Cycles Crossbar::arbitrate(BusMaster master, Cycles cycle, Port port, Cycles length, Claim claim) {
    if (beside_dma() && is_core(master) && index(master) != beside_) end_turns();
    if (!ended_) {
        const bool ours = is_core(master) && port != Port::apb;
        if (ours && length == 1 && claim == Claim::counted && in_window(cycle) &&
            settled_by_turns(index(master), cycle, port))
            return wait_turn(index(master), cycle, port);
        ours ? end_turns() : end_turns(static_cast<unsigned>(port));
    }
    PortState& p = s_.port[static_cast<unsigned>(port)];
    Cycles at = cycle;
    bool contested = false;
    const bool counted = claim == Claim::counted;
    const auto first_overlap = [&]() -> Access* {
        Access* first = nullptr;
        for (unsigned n = kHistory; n-- > 0 && p.nth(n).until() > at;)
            if (Access& a = p.nth(n); a.from < at + length && a.master != master) first = &a;
        return first;
    };
    while (Access* const other = first_overlap()) {
        if (!ended_) {  // who loses takes with it what it has done since at other ports
            end_turns();
        } else if (other->from > at || (other->from == at && (!counted || wins(master, other->master, at, p)))) {
            delay(*other, port, at + length - other->from);
        } else {
            at = other->until();
            contested = counting();
        }
    }
    p.add({at, static_cast<std::uint32_t>(length), master, counted, contested});
    if (length > 1 && index(master) >= 2) s_.dma_until = std::max(s_.dma_until, at + length);
    if (counted) {
        count(port, false);
        if (contested) count(port, true);
    }
    if (!ended_) read_history(static_cast<unsigned>(port));
    return at - cycle;
}

void Crossbar::save(StateWriter& out, Cycles now) const {
    out.put(s_.owed);
    out.put(s_.dma_until);
    for (const PortState& p : s_.port) {
        std::array<const Access*, kHistory> kept{};
        std::uint32_t count = 0;
        const Access* last = nullptr;
        for (unsigned n = 0; n < kHistory; ++n)
            if (const Access& a = p.nth(n);
                a.length != 0 && a.until() <= now && (last == nullptr || a.from >= last->from))
                last = &a;
        if (last != nullptr) kept[count++] = last;
        for (unsigned n = 0; n < kHistory; ++n)
            if (p.nth(n).until() > now) kept[count++] = &p.nth(n);
        out.put(count);
        for (std::uint32_t n = 0; n < count; ++n) {
            const Access& a = *kept[n];
            out.put(a.from);
            out.put(a.length);
            out.put(a.master);
            out.put(a.counted);
            out.put(a.contested);
        }
    }
}

void Crossbar::restore(StateReader& in) {
    s_ = {};
    in.get(s_.owed);
    in.get(s_.dma_until);
    for (PortState& p : s_.port) {
        std::uint32_t count = 0;
        in.get(count);
        for (std::uint32_t n = 0; n < count; ++n) {
            Access a;
            in.get(a.from);
            in.get(a.length);
            in.get(a.master);
            in.get(a.counted);
            in.get(a.contested);
            p.add(a);
        }
    }
}

}  // namespace rp2040
