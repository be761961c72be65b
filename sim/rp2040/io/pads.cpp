#include "io/pads.hpp"

namespace rp2040 {

namespace {
constexpr std::uint32_t kGpio0 = 0x04, kSwclk = 0x7c, kSwd = 0x80;
constexpr std::uint32_t kPadReset = 0x56;
}  // namespace

PadsBank0::PadsBank0(Fabric& fabric, PinMatrix& pins) : StatefulPeripheral("PADS_BANK0", fabric), pins_(pins) {
    s_.gpio.fill(kPadReset);
}

void PadsBank0::reset() {
    s_ = PadsBank0State{};
    s_.gpio.fill(kPadReset);
    for (unsigned pin = 0; pin < kPins; ++pin) pins_.set_pad(pin, kPadReset, now() + 1);
}

std::uint32_t PadsBank0::read(std::uint32_t offset) {
    if (offset == 0) return s_.voltage_select;
    if (offset < kSwclk) return s_.gpio[(offset - kGpio0) / 4];
    if (offset == kSwclk) return s_.swclk;
    if (offset == kSwd) return s_.swd;
    unmodelled(offset, false);
}

void PadsBank0::write(std::uint32_t offset, std::uint32_t value) {
    value &= 0xff;
    if (offset == 0) {
        s_.voltage_select = value & 1;
    } else if (offset < kSwclk) {
        const unsigned pin = (offset - kGpio0) / 4;
        s_.gpio[pin] = value;
        pins_.set_pad(pin, value, now() + 1);
    } else if (offset == kSwclk) {
        s_.swclk = value;
    } else if (offset == kSwd) {
        s_.swd = value;
    } else {
        unmodelled(offset, true);
    }
}

std::uint32_t PadsQspi::read(std::uint32_t offset) {
    if (offset / 4 >= s_.reg.size()) unmodelled(offset, false);
    return s_.reg[offset / 4];
}

void PadsQspi::write(std::uint32_t offset, std::uint32_t value) {
    if (offset / 4 >= s_.reg.size()) unmodelled(offset, true);
    s_.reg[offset / 4] = value & (offset == 0 ? 1u : 0xffu);
}

}  // namespace rp2040
