#include "io/io_bank0.hpp"

#include "regs/io_bank0.hpp"

namespace rp2040 {

namespace {
constexpr const regs::Block& kRegs = regs::kIoBank0;
constexpr auto& kStatus = kRegs["GPIO%_STATUS"];
constexpr auto& kCtrl = kRegs["GPIO%_CTRL"];
constexpr auto& kIntr = kRegs["INTR%"];
constexpr std::uint32_t kProc0Inte = kRegs.at("PROC0_INTE%"), kEnd = kRegs.at("DORMANT_WAKE_INTS3") + 4;
constexpr unsigned kDestination = kRegs.at("PROC1_INTE%") - kProc0Inte;  // INTE, INTF and INTS, four words each
constexpr unsigned kGroup = kRegs.at("PROC0_INTF%") - kProc0Inte;
constexpr std::uint32_t kEdgeBits = kRegs.clearable("INTR0");
constexpr std::uint32_t kEdgeHigh = kRegs.mask("INTR0.GPIO0_EDGE_HIGH"), kEdgeLow = kRegs.mask("INTR0.GPIO0_EDGE_LOW"),
                        kLevelHigh = kRegs.mask("INTR0.GPIO0_LEVEL_HIGH"),
                        kLevelLow = kRegs.mask("INTR0.GPIO0_LEVEL_LOW");

constexpr std::uint32_t word_mask(unsigned word) {
    return word == 3 ? kRegs.mask("PROC0_INTE3") : kRegs.mask("PROC0_INTE0");
}
}  // namespace

IoBank0::IoBank0(Fabric& fabric, PinMatrix& pins) : StatefulPeripheral(kRegs, fabric), pins_(pins) {
    s_.ctrl.fill(kRegs.reset("GPIO0_CTRL"));
    pins_.listen(*this);
}

void IoBank0::reset() {
    s_ = IoBank0State{};
    s_.ctrl.fill(kRegs.reset("GPIO0_CTRL"));
    for (unsigned pin = 0; pin < kPins; ++pin) pins_.configure(pin, s_.ctrl[pin], now() + 1);
    static_cast<void>(pins_.take_edges());
    s_.levels = pins_.irq_levels();
    update_irq();
}

void IoBank0::restore(StateReader& in) {
    StatefulPeripheral::restore(in);
    update_irq();
}

/// Edges since the last look: those that the pins have noted, and those that a change of the override makes. Called for
/// every change of an input whose interrupt is enabled.
void IoBank0::latch_edges() {
    const std::uint32_t levels = pins_.irq_levels();
    const PinMatrix::Edges edges = pins_.take_edges();
    const auto latch = [this](std::uint32_t pins, std::uint32_t event) {
        for (; pins != 0; pins &= pins - 1) {
            const auto pin = static_cast<unsigned>(__builtin_ctz(pins));
            s_.edges[pin / 8] |= event << (4 * (pin % 8));
        }
    };
    latch(edges.rose | (levels & ~s_.levels), kEdgeHigh);
    latch(edges.fell | (~levels & s_.levels), kEdgeLow);
    s_.levels = levels;
}

void IoBank0::irq_levels_changed() {
    latch_edges();
    update_irq();
}

std::uint32_t IoBank0::intr(unsigned word) const {
    std::uint32_t levels = 0;
    for (unsigned n = 0; n < 8 && word * 8 + n < kPins; ++n)
        levels |= (((s_.levels >> (word * 8 + n)) & 1) != 0 ? kLevelHigh : kLevelLow) << (4 * n);
    return s_.edges[word] | levels;
}

bool IoBank0::dormant_wake() const {
    for (unsigned word = 0; word < 4; ++word)
        if (((intr(word) & s_.destination[2].inte[word]) | s_.destination[2].intf[word]) != 0) return true;
    return false;
}

void IoBank0::update_irq() {
    std::uint32_t enabled = 0;
    for (unsigned word = 0; word < 4; ++word)
        for (unsigned n = 0; n < 8; ++n) {
            std::uint32_t any = 0;
            for (const auto& d : s_.destination) any |= d.inte[word];
            if (((any >> (4 * n)) & 0xf) != 0) enabled |= 1u << (word * 8 + n);
        }
    pins_.set_irq_pins(enabled);
    for (unsigned core = 0; core < 2; ++core) {
        bool level = false;
        for (unsigned word = 0; word < 4; ++word)
            level |= ((intr(word) & s_.destination[core].inte[word]) | s_.destination[core].intf[word]) != 0;
        if (level == line_[core]) continue;
        line_[core] = level;
        fabric_.set_core_irq(core, Irq::io_bank0, level);
    }
    if (on_change) on_change();
}

std::uint32_t IoBank0::read(std::uint32_t offset) { return offset >= kEnd ? absent(offset) : peek(offset); }

std::uint32_t IoBank0::peek(std::uint32_t offset) {
    pins_.catch_up(now());
    if (kCtrl.holds(offset)) return s_.ctrl[kCtrl.index(offset)];
    if (kStatus.holds(offset)) return pins_.status(kStatus.index(offset), now());
    if (offset >= kEnd) return 0;
    const unsigned word = (offset / 4) % 4;
    latch_edges();
    if (kIntr.holds(offset)) return intr(word);
    const auto& destination = s_.destination[(offset - kProc0Inte) / kDestination];
    switch ((offset - kProc0Inte) % kDestination / kGroup) {
        case 0: return destination.inte[word];
        case 1: return destination.intf[word];
        default: return (intr(word) & destination.inte[word]) | destination.intf[word];
    }
}

void IoBank0::write(std::uint32_t offset, std::uint32_t value) {
    pins_.catch_up(now() + 1);
    latch_edges();
    if (kStatus.holds(offset)) return;  // read-only
    if (kCtrl.holds(offset)) {
        const unsigned pin = kCtrl.index(offset);
        s_.ctrl[pin] = value & kRegs.writable("GPIO0_CTRL");
        pins_.configure(pin, s_.ctrl[pin], now() + 1);
        latch_edges();
        update_irq();
        return;
    }
    if (offset >= kEnd) {  // of a pin that is "not connected", as libraries have it: number 255
        absent(offset);
        return;
    }
    const unsigned word = (offset / 4) % 4;
    if (kIntr.holds(offset)) {
        s_.edges[word] &= ~(value & kEdgeBits);
    } else {
        auto& destination = s_.destination[(offset - kProc0Inte) / kDestination];
        switch ((offset - kProc0Inte) % kDestination / kGroup) {
            case 0: destination.inte[word] = value & word_mask(word); break;
            case 1: destination.intf[word] = value & word_mask(word); break;
            default: break;  // INTS is read-only.
        }
    }
    update_irq();
}

}  // namespace rp2040
