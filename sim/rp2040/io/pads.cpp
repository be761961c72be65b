#include "io/pads.hpp"

namespace rp2040 {

namespace {
constexpr const regs::Block& kRegs = regs::kPadsBank0;
constexpr auto& kGpio = kRegs["GPIO%"];
constexpr std::uint32_t kPadReset = kRegs.reset("GPIO0");
}  // namespace

PadsBank0::PadsBank0(Fabric& fabric, PinMatrix& pins) : StatefulPeripheral(kRegs, fabric), pins_(pins) {
    s_.gpio.fill(kPadReset);
}

void PadsBank0::reset() {
    s_ = PadsBank0State{};
    s_.gpio.fill(kPadReset);
    for (unsigned pin = 0; pin < kPins; ++pin) pins_.set_pad(pin, kPadReset, now() + 1);
}

std::uint32_t PadsBank0::read(std::uint32_t offset) {
    return registers_.find(offset) == nullptr ? absent(offset) : peek(offset);
}

std::uint32_t PadsBank0::peek(std::uint32_t offset) {
    if (kGpio.holds(offset)) return s_.gpio[kGpio.index(offset)];
    switch (offset) {
        case kRegs.at("VOLTAGE_SELECT"): return s_.voltage_select;
        case kRegs.at("SWCLK"): return s_.swclk;
        case kRegs.at("SWD"): return s_.swd;
        default: return 0;
    }
}

void PadsBank0::write(std::uint32_t offset, std::uint32_t value) {
    if (kGpio.holds(offset)) {
        const unsigned pin = kGpio.index(offset);
        s_.gpio[pin] = value & kRegs.writable("GPIO0");
        return pins_.set_pad(pin, s_.gpio[pin], now() + 1);
    }
    switch (offset) {
        case kRegs.at("VOLTAGE_SELECT"): s_.voltage_select = value & kRegs.writable("VOLTAGE_SELECT"); break;
        case kRegs.at("SWCLK"): s_.swclk = value & kRegs.writable("SWCLK"); break;
        case kRegs.at("SWD"): s_.swd = value & kRegs.writable("SWD"); break;
        default: absent(offset);  // of a pin that is "not connected", as libraries have it: number 255
    }
}

std::uint32_t PadsQspi::read(std::uint32_t offset) {
    if (registers_.find(offset) == nullptr) unmodelled(offset, false);
    return s_.reg[offset / 4];
}

void PadsQspi::write(std::uint32_t offset, std::uint32_t value) {
    const regs::Register* reg = registers_.find(offset);
    if (reg == nullptr) unmodelled(offset, true);
    s_.reg[offset / 4] = value & reg->mask(reg->index(offset), [](const regs::Field&) { return true; });
}

}  // namespace rp2040
