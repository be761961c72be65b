#include "io/io_qspi.hpp"

namespace rp2040 {

namespace {
constexpr std::uint32_t kCtrlMask = 0x3003331f;
constexpr std::uint32_t kIntr = 0x30, kProc0Inte = 0x34, kEnd = 0x58;
constexpr std::uint32_t kIntMask = 0x00ffffff, kEdgeBits = 0x00cccccc;
}  // namespace

void IoQspi::reset() {
    const std::uint32_t external = s_.external;
    s_ = IoQspiState{};
    s_.external = s_.levels = external;
    update_irq();
}

void IoQspi::set_external(std::uint32_t levels) {
    s_.external = levels & 0x3f;
    update_levels();
    update_irq();
}

/// An output override that enables the pad and forces a level wins; everything else leaves the pin to the board.
void IoQspi::update_levels() {
    std::uint32_t levels = 0;
    for (unsigned pin = 0; pin < 6; ++pin) {
        const std::uint32_t ctrl = s_.ctrl[pin];
        bool level = ((s_.external >> pin) & 1) != 0;
        if (((ctrl >> 12) & 3) == 3 && ((ctrl >> 8) & 3) >= 2) level = ((ctrl >> 8) & 3) == 3;
        levels |= (level ? 1u : 0u) << pin;
    }
    for (unsigned pin = 0; pin < 6; ++pin)
        if ((((levels ^ s_.levels) >> pin) & 1) != 0) s_.edges |= (((levels >> pin) & 1) != 0 ? 8u : 4u) << (4 * pin);
    s_.levels = levels;
}

std::uint32_t IoQspi::intr() const {
    std::uint32_t word = s_.edges;
    for (unsigned pin = 0; pin < 6; ++pin) word |= (((s_.levels >> pin) & 1) != 0 ? 2u : 1u) << (4 * pin);
    return word;
}

void IoQspi::update_irq() {
    for (unsigned core = 0; core < 2; ++core) {
        const auto& d = s_.destination[core];
        fabric_.set_core_irq(core, Irq::io_qspi, ((intr() & d.inte) | d.intf) != 0);
    }
}

std::uint32_t IoQspi::read(std::uint32_t offset) {
    if (offset < kIntr) {
        const unsigned pin = offset / 8;
        if ((offset & 4) != 0) return s_.ctrl[pin];
        // STATUS: INFROMPAD, INTOPERI, IRQFROMPAD and IRQTOPROC follow the pin.
        return ((s_.levels >> pin) & 1) != 0 ? 1u << 17 | 1u << 19 | 1u << 24 | 1u << 26 : 0;
    }
    if (offset == kIntr) return intr();
    if (offset >= kEnd) unmodelled(offset, false);
    const auto& d = s_.destination[(offset - kProc0Inte) / 12];
    switch ((offset - kProc0Inte) / 4 % 3) {
        case 0: return d.inte;
        case 1: return d.intf;
        default: return (intr() & d.inte) | d.intf;
    }
}

void IoQspi::write_alias(std::uint32_t offset, std::uint32_t value, unsigned alias) {
    if (offset == kIntr) return write(offset, value);  // Write one to clear.
    Peripheral::write_alias(offset, value, alias);
}

void IoQspi::write(std::uint32_t offset, std::uint32_t value) {
    if (offset < kIntr) {
        if ((offset & 4) != 0) s_.ctrl[offset / 8] = value & kCtrlMask;
        update_levels();
        if (on_control) on_control();
    } else if (offset == kIntr) {
        s_.edges &= ~(value & kEdgeBits);
    } else if (offset < kEnd) {
        auto& d = s_.destination[(offset - kProc0Inte) / 12];
        switch ((offset - kProc0Inte) / 4 % 3) {
            case 0: d.inte = value & kIntMask; break;
            case 1: d.intf = value & kIntMask; break;
            default: break;
        }
    } else {
        unmodelled(offset, true);
    }
    update_irq();
}

}  // namespace rp2040
