#include "link.hpp"

#include <algorithm>
#include <utility>

namespace rp2040 {

void WireEnd::hear(Cycles when) {
    const Gpio::Drive drive = port()->own_drive(0);
    if (drive == heard_) return;
    heard_ = drive;
    changes_.push_back({port()->picoseconds(when), drive});
}

std::vector<WireEnd::Change> WireEnd::take() {
    static_cast<void>(port()->level(0));  // brings what drives the pin up to date
    hear(port()->now());                  // an output that was switched on or off without a change of level
    return std::exchange(changes_, {});
}

void Link::add(Chip& chip) {
    chips_.push_back(&chip);
    barrier_ = std::max(barrier_, chip.picoseconds(chip.cycles()));
}

void Link::wire(End one, End other) {
    if (one.chip >= chips_.size() || other.chip >= chips_.size() || one.chip == other.chip)
        throw std::invalid_argument("a wire joins pins of two different chips");
    Wire wire;
    const End ends[2] = {one, other};
    for (unsigned i = 0; i < 2; ++i) {
        const std::string name = "wire" + std::to_string(wires_.size()) + "_" + std::to_string(i);
        wire.ends[i] = std::make_unique<WireEnd>(name);
        chips_[ends[i].chip]->attach(*wire.ends[i], {{"pin", ends[i].pin}});
    }
    wires_.push_back(std::move(wire));
}

/// Hands on what each end has heard, in the order in which it happened: a chip may have gone past the barrier by an
/// instruction that waited for flash, and takes what comes late as it is handed on; clock and data must not change
/// places.
void Link::exchange() {
    struct Arrival {
        WireEnd* to;
        WireEnd::Change change;
    };
    std::vector<Arrival> arrivals;
    for (Wire& wire : wires_)
        for (unsigned i = 0; i < 2; ++i)
            for (const auto& change : wire.ends[i]->take()) arrivals.push_back({wire.ends[1 - i].get(), change});
    std::stable_sort(arrivals.begin(), arrivals.end(),
                     [](const Arrival& a, const Arrival& b) { return a.change.ps < b.change.ps; });
    for (const Arrival& a : arrivals)
        a.to->port()->drive(0, a.change.drive, a.to->port()->cycle_at(a.change.ps + latency_));
}

Link::Result Link::run(std::size_t leader, Cycles limit) {
    while (true) {
        for (std::size_t i = 0; i < chips_.size(); ++i) {
            Chip& chip = *chips_[i];
            Cycles until = chip.cycle_at(barrier_);
            if (i == leader) until = std::min(until, limit);
            if (chip.cycles() >= until) continue;
            const Stop stop = chip.run_until(until);
            if (stop.reason != StopReason::time) return {i, stop};
        }
        if (chips_[leader]->cycles() >= limit) return {leader, {}};
        exchange();
        barrier_ += latency_;
    }
}

}  // namespace rp2040
