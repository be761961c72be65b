// Conductors between pins: each net has one level.
#include <utility>

#include "io/pin_matrix.hpp"

namespace rp2040 {

std::uint32_t PinMatrix::wired(std::uint32_t pins) const {
    for (const std::uint32_t net : nets_)
        if ((pins & net) != 0) pins |= net;
    return pins;
}

void PinMatrix::join_pins(const std::vector<std::uint32_t>& sets) {
    const Cycles now = fabric_.events().now();
    catch_up(now + 1);
    restore_joined(sets);
    resolve(running_ ? resolving_ : now + 1);
    finish();
    if (!running_) plan();
}

void PinMatrix::short_pins(std::uint32_t pins, std::uint32_t levels) {
    const Cycles now = fabric_.events().now();
    catch_up(now + 1);
    s_.shorted = wired(pins & kPinMask);
    s_.shorted_level = 0;
    for (std::uint32_t rest = pins & levels & kPinMask; rest != 0; rest &= rest - 1)
        s_.shorted_level |= wired(rest & -rest);
    note_overrides();
    resolve(now + 1);
    finish();
    plan();
}

void PinMatrix::restore_joined(const std::vector<std::uint32_t>& sets) {
    std::vector<std::uint32_t> nets;
    for (std::uint32_t net : sets) {
        for (const std::uint32_t old : nets)
            if ((old & net) != 0) net |= old;
        std::erase_if(nets, [net](std::uint32_t old) { return (old & net) != 0; });
        nets.push_back(net);
    }
    nets_ = std::move(nets);
}

/// One level for each net: that of the chip's outputs, else of what drives it from outside, else of the pulls. Low wins
/// where they disagree among outputs, as with open drains; among pulls high.
std::uint32_t PinMatrix::join(std::uint32_t level, std::uint32_t enabled) const {
    for (const std::uint32_t net : nets_) {
        std::uint32_t driven = net & enabled;
        if (driven == 0) driven = net & s_.external;
        const bool high = driven != 0 ? (level & driven) == driven : (level & net) != 0;
        level = high ? level | net : level & ~net;
    }
    return level;
}

}  // namespace rp2040
