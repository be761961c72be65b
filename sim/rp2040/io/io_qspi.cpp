#include "io/io_qspi.hpp"

namespace rp2040 {

namespace {
constexpr const regs::Block& kRegs = regs::kIoQspi;
consteval std::uint32_t at(std::string_view name) { return kRegs.at(name); }
constexpr unsigned kStride = kRegs.at("GPIO_QSPI_SS_STATUS");  // STATUS and CTRL of a pin
constexpr unsigned kDestination = kRegs.at("PROC1_INTE") - kRegs.at("PROC0_INTE");
constexpr regs::Bits kOutover = kRegs.bits("GPIO_QSPI_SCLK_CTRL.OUTOVER"),
                     kOeover = kRegs.bits("GPIO_QSPI_SCLK_CTRL.OEOVER"),
                     kInover = kRegs.bits("GPIO_QSPI_SCLK_CTRL.INOVER"),
                     kIrqover = kRegs.bits("GPIO_QSPI_SCLK_CTRL.IRQOVER");
constexpr unsigned kPins = 6;
constexpr std::uint32_t kAllPins = (1u << kPins) - 1;

enum Override : std::uint32_t { normal, invert, low, high };  // of OEOVER: normal, invert, disable, enable

constexpr bool apply(std::uint32_t over, bool level) {
    return over == normal ? level : over == invert ? !level : over == high;
}
}  // namespace

void IoQspi::reset() {
    const std::uint32_t external = s_.external;
    s_ = IoQspiState{};
    s_.external = s_.levels = s_.irq_levels = external;
    update_irq();
}

void IoQspi::set_external(std::uint32_t levels) {
    s_.external = levels & kAllPins;
    update_levels();
    update_irq();
}

/// An output override that enables the pad and forces a level wins; everything else leaves the pin to the board.
bool IoQspi::pad(unsigned pin) const {
    const std::uint32_t ctrl = s_.ctrl[pin];
    const bool forced = kOeover.of(ctrl) == high && kOutover.of(ctrl) >= low;
    return forced ? kOutover.of(ctrl) == high : ((s_.external >> pin) & 1) != 0;
}

void IoQspi::update_levels() {
    std::uint32_t levels = 0, to_irq = 0;
    for (unsigned pin = 0; pin < kPins; ++pin) {
        levels |= (apply(kInover.of(s_.ctrl[pin]), pad(pin)) ? 1u : 0u) << pin;
        to_irq |= (apply(kIrqover.of(s_.ctrl[pin]), pad(pin)) ? 1u : 0u) << pin;
    }
    for (unsigned pin = 0; pin < kPins; ++pin)
        if ((((to_irq ^ s_.irq_levels) >> pin) & 1) != 0)
            s_.edges |= (((to_irq >> pin) & 1) != 0 ? kRegs.mask("INTR.GPIO_QSPI_SCLK_EDGE_HIGH")
                                                    : kRegs.mask("INTR.GPIO_QSPI_SCLK_EDGE_LOW"))
                        << (4 * pin);
    s_.levels = levels;
    s_.irq_levels = to_irq;
}

std::uint32_t IoQspi::intr() const {
    std::uint32_t word = s_.edges;
    for (unsigned pin = 0; pin < kPins; ++pin)
        word |= (((s_.irq_levels >> pin) & 1) != 0 ? kRegs.mask("INTR.GPIO_QSPI_SCLK_LEVEL_HIGH")
                                                   : kRegs.mask("INTR.GPIO_QSPI_SCLK_LEVEL_LOW"))
                << (4 * pin);
    return word;
}

bool IoQspi::dormant_wake() const {
    const auto& d = s_.destination[2];
    return ((intr() & d.inte) | d.intf) != 0;
}

void IoQspi::update_irq() {
    for (unsigned core = 0; core < 2; ++core) {
        const auto& d = s_.destination[core];
        fabric_.set_core_irq(core, Irq::io_qspi, ((intr() & d.inte) | d.intf) != 0);
    }
    if (on_change) on_change();
}

std::uint32_t IoQspi::status(unsigned pin) const {
    const auto bit = [](bool level, std::uint32_t mask) { return level ? mask : 0u; };
    return bit(pad(pin), kRegs.mask("GPIO_QSPI_SCLK_STATUS.INFROMPAD")) |
           bit((s_.levels >> pin & 1) != 0, kRegs.mask("GPIO_QSPI_SCLK_STATUS.INTOPERI")) |
           bit(pad(pin), kRegs.mask("GPIO_QSPI_SCLK_STATUS.IRQFROMPAD")) |
           bit((s_.irq_levels >> pin & 1) != 0, kRegs.mask("GPIO_QSPI_SCLK_STATUS.IRQTOPROC"));
}

std::uint32_t IoQspi::read(std::uint32_t offset) {
    if (offset < at("INTR")) {
        const unsigned pin = offset / kStride;
        return offset % kStride != 0 ? s_.ctrl[pin] : status(pin);
    }
    if (offset == at("INTR")) return intr();
    if (registers_.find(offset) == nullptr) unmodelled(offset, false);
    const auto& d = s_.destination[(offset - at("PROC0_INTE")) / kDestination];
    switch ((offset - at("PROC0_INTE")) / 4 % 3) {
        case 0: return d.inte;
        case 1: return d.intf;
        default: return (intr() & d.inte) | d.intf;
    }
}

void IoQspi::write(std::uint32_t offset, std::uint32_t value) {
    if (offset < at("INTR")) {
        if (offset % kStride != 0) s_.ctrl[offset / kStride] = value & kRegs.writable("GPIO_QSPI_SCLK_CTRL");
        update_levels();
        if (on_control) on_control();
    } else if (offset == at("INTR")) {
        s_.edges &= ~(value & kRegs.clearable("INTR"));
    } else {
        ignore_read_only(offset);
        auto& d = s_.destination[(offset - at("PROC0_INTE")) / kDestination];
        switch ((offset - at("PROC0_INTE")) / 4 % 3) {
            case 0: d.inte = value & kRegs.writable("PROC0_INTE"); break;
            case 1: d.intf = value & kRegs.writable("PROC0_INTF"); break;
            default: break;
        }
    }
    update_irq();
}

unsigned IoQspi::select_override() const { return kOutover.of(s_.ctrl[1]); }

}  // namespace rp2040
