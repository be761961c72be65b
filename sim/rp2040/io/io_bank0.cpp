#include "io/io_bank0.hpp"

namespace rp2040 {

namespace {
constexpr std::uint32_t kCtrlMask = 0x3003331f;
constexpr std::uint32_t kEdgeBits = 0xcccccccc;
constexpr std::uint32_t kIntr0 = 0x0f0, kProc0Inte0 = 0x100, kEnd = 0x190;
constexpr unsigned kProcStride = 0x30;  // INTE, INTF and INTS of one destination, four words each.

constexpr std::uint32_t word_mask(unsigned word) { return word == 3 ? 0x00ffffff : 0xffffffff; }
}  // namespace

IoBank0::IoBank0(Fabric& fabric, PinMatrix& pins) : StatefulPeripheral("IO_BANK0", fabric), pins_(pins) {
    s_.ctrl.fill(0x1f);
    pins_.listen(*this);
}

void IoBank0::reset() {
    s_ = IoBank0State{};
    s_.ctrl.fill(0x1f);
    for (unsigned pin = 0; pin < kPins; ++pin) pins_.configure(pin, s_.ctrl[pin], now() + 1);
    s_.levels = pins_.irq_levels();
    update_irq();
}

void IoBank0::restore(StateReader& in) {
    StatefulPeripheral::restore(in);
    update_irq();
}

/// Edges since the last look; called for every change of an input whose interrupt is enabled.
void IoBank0::latch_edges() {
    const std::uint32_t levels = pins_.irq_levels();
    for (std::uint32_t changed = levels ^ s_.levels; changed != 0; changed &= changed - 1) {
        const auto pin = static_cast<unsigned>(__builtin_ctz(changed));
        const std::uint32_t event = ((levels >> pin) & 1) != 0 ? 8 : 4;
        s_.edges[pin / 8] |= event << (4 * (pin % 8));
    }
    s_.levels = levels;
}

void IoBank0::irq_levels_changed() {
    latch_edges();
    update_irq();
}

std::uint32_t IoBank0::intr(unsigned word) const {
    std::uint32_t levels = 0;
    for (unsigned n = 0; n < 8 && word * 8 + n < kPins; ++n)
        levels |= (((s_.levels >> (word * 8 + n)) & 1) != 0 ? 2u : 1u) << (4 * n);
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

std::uint32_t IoBank0::read(std::uint32_t offset) {
    pins_.catch_up(now());
    if (offset < kIntr0) {
        const unsigned pin = offset / 8;
        return (offset & 4) != 0 ? s_.ctrl[pin] : pins_.status(pin, now());
    }
    if (offset >= kEnd) unmodelled(offset, false);
    const unsigned word = (offset / 4) % 4;
    latch_edges();
    if (offset < kProc0Inte0) return intr(word);
    const auto& destination = s_.destination[(offset - kProc0Inte0) / kProcStride];
    switch ((offset - kProc0Inte0) % kProcStride / 0x10) {
        case 0: return destination.inte[word];
        case 1: return destination.intf[word];
        default: return (intr(word) & destination.inte[word]) | destination.intf[word];
    }
}

void IoBank0::write_alias(std::uint32_t offset, std::uint32_t value, unsigned alias) {
    // INTR's edge bits are cleared by writing ones, whichever alias carries them.
    if (offset >= kIntr0 && offset < kProc0Inte0) return write(offset, value);
    Peripheral::write_alias(offset, value, alias);
}

void IoBank0::write(std::uint32_t offset, std::uint32_t value) {
    pins_.catch_up(now() + 1);
    latch_edges();
    if (offset < kIntr0) {
        if ((offset & 4) == 0) return;  // STATUS is read-only.
        const unsigned pin = offset / 8;
        s_.ctrl[pin] = value & kCtrlMask;
        pins_.configure(pin, s_.ctrl[pin], now() + 1);
        latch_edges();
        update_irq();
        return;
    }
    if (offset >= kEnd) unmodelled(offset, true);
    const unsigned word = (offset / 4) % 4;
    if (offset < kProc0Inte0) {
        s_.edges[word] &= ~(value & kEdgeBits);
    } else {
        auto& destination = s_.destination[(offset - kProc0Inte0) / kProcStride];
        switch ((offset - kProc0Inte0) % kProcStride / 0x10) {
            case 0: destination.inte[word] = value & word_mask(word); break;
            case 1: destination.intf[word] = value & word_mask(word); break;
            default: break;  // INTS is read-only.
        }
    }
    update_irq();
}

}  // namespace rp2040
