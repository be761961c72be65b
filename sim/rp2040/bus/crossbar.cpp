#include "bus/crossbar.hpp"

namespace rp2040 {

namespace {
bool high_priority(const Busctrl& busctrl, BusMaster master) {
    switch (master) {
        case BusMaster::core0: return busctrl.high_priority(Master::core0);
        case BusMaster::core1: return busctrl.high_priority(Master::core1);
        default: return busctrl.high_priority(Master::dma, master == BusMaster::dma_write);
    }
}
}  // namespace

void Crossbar::count(Port port, bool contested) {
    const unsigned event = 2 * static_cast<unsigned>(port) + (contested ? 0 : 1);
    if ((busctrl_->counted_events() >> event & 1) != 0) busctrl_->count(static_cast<BusEvent>(event));
}

/// Both want the port in the same cycle: priority level first, then each in turn (datasheet 2.1.1.1), which is taken to
/// mean that the master of the last access comes last.
bool Crossbar::wins(BusMaster challenger, BusMaster other, Cycles at, const PortState& port) const {
    const bool high = high_priority(*busctrl_, challenger);
    if (high != high_priority(*busctrl_, other)) return high;
    BusMaster last = BusMaster::dma_write;
    Cycles when = 0;
    unsigned slot = 0;
    for (unsigned n = kHistory; n-- > 0 && port.recent[port.nth(n)].until > when;) {
        const Access& a = port.recent[port.nth(n)];
        if (a.from >= at || a.from < when || (a.from == when && port.nth(n) < slot)) continue;
        when = a.from;
        slot = port.nth(n);
        last = a.master;
    }
    const auto turn = [last](BusMaster m) { return (index(m) - index(last) - 1) % kBusMasters; };
    return turn(challenger) < turn(other);
}

/// Moves an access that was granted already, and all that the same master did after it, by `cycles`.
void Crossbar::delay(Access& loser, Port port, Cycles cycles) {
    if (loser.counted && !std::exchange(loser.contested, true)) count(port, true);
    const BusMaster master = loser.master;
    const Cycles since = loser.from;
    for (PortState& p : s_.port) {
        unsigned n = kHistory;
        for (; n > 0 && p.recent[p.nth(n - 1)].until > since; --n) {
            Access& a = p.recent[p.nth(n - 1)];
            if (a.master == master && a.from >= since) {
                a.from += cycles;
                a.until += cycles;
                p.busy_until = std::max(p.busy_until, a.until);
            }
        }
        for (; n < kHistory; ++n) p.sort_in(n);
    }
    if (index(master) < 2)
        s_.owed[index(master)] += cycles;
    else if (delay_dma)
        delay_dma(master, cycles);
}

Cycles Crossbar::arbitrate(BusMaster master, Cycles cycle, Port port, Cycles length, bool counted) {
    PortState& p = s_.port[static_cast<unsigned>(port)];
    Cycles at = cycle;
    bool contested = false;
    const auto overlaps = [&](const Access& a) {
        return a.until > at && a.from < at + length && may_meet(a.master, master);
    };
    const auto settle = [&](Access& a) {
        if (a.from > at || (a.from == at && wins(master, a.master, at, p))) {
            delay(a, port, at + length - a.from);
        } else {
            at = a.until;
            contested = true;
        }
    };
    for (unsigned begin = 0;;) {
        unsigned others = 0;
        std::uint8_t slot = 0;
        for (unsigned n = kHistory; n-- > 0 && p.recent[p.nth(n)].until > at;)
            if (overlaps(p.recent[p.nth(n)])) {
                slot = p.nth(n);
                ++others;
            }
        if (others == 0) break;
        if (others == 1) {
            settle(p.recent[slot]);
            begin = slot + 1u;
            continue;
        }
        for (; begin < kHistory; ++begin)
            if (overlaps(p.recent[begin])) settle(p.recent[begin]);
        begin = 0;
    }
    const Cycles latest = p.busy_until;
    p.push(at, at + length, master, counted, contested);
    if (at + length <= latest) {
        p.busy_until = latest;
        p.sort_in(kHistory - 1);
    }
    if (length > 1 && index(master) >= 2) s_.dma_until = std::max(s_.dma_until, at + length);
    if (counted) {
        count(port, false);
        if (contested) count(port, true);
    }
    return at - cycle;
}

}  // namespace rp2040
