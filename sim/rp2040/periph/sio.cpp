#include "periph/sio.hpp"

#include "io/gpio.hpp"
#include "regs/sio.hpp"

namespace rp2040 {

namespace {
constexpr const regs::Block& kRegs = regs::kSio;
consteval std::uint32_t at(std::string_view name) { return kRegs.at(name); }
constexpr std::uint32_t kVld = kRegs.mask("FIFO_ST.VLD"), kRdy = kRegs.mask("FIFO_ST.RDY"),
                        kWof = kRegs.mask("FIFO_ST.WOF"), kRoe = kRegs.mask("FIFO_ST.ROE");
constexpr std::uint32_t kGpioMask = kRegs.mask("GPIO_OUT"), kGpioHiMask = kRegs.mask("GPIO_HI_OUT");
constexpr auto& kSpinlock = kRegs["SPINLOCK%"];

/// The four registers of a group: plain, SET, CLR, XOR.
std::uint32_t combine(std::uint32_t old, std::uint32_t value, unsigned operation) {
    switch (operation) {
        case 0: return value;
        case 1: return old | value;
        case 2: return old & ~value;
        default: return old ^ value;
    }
}
}  // namespace

void Sio::reset() {
    s_ = SioState{};
    fabric_.gpio().set_output(PinFunction::sio, kGpioMask, 0, 0, now());
    for (unsigned core = 0; core < 2; ++core) fifo_irq(core);
}

std::uint32_t Sio::fifo_status(unsigned core) const {
    return (s_.core[core].fifo.empty() ? 0 : kVld) | (s_.core[1 - core].fifo.full() ? 0 : kRdy) |
           (s_.core[core].wof ? kWof : 0) | (s_.core[core].roe ? kRoe : 0);
}

void Sio::fifo_irq(unsigned core) {
    const Irq line = core == 0 ? Irq::sio_proc0 : Irq::sio_proc1;
    fabric_.set_core_irq(core, line, (fifo_status(core) & (kVld | kWof | kRoe)) != 0);
}

std::uint32_t Sio::gpio_in() { return fabric_.gpio().inputs(now(), input_bypass_) & kGpioMask; }

Cycles Sio::steady_until(std::uint32_t offset) const {
    if (kSpinlock.holds(offset)) return (s_.spinlocks >> kSpinlock.index(offset) & 1) != 0 ? kNever : 0;
    switch (offset) {
        case at("GPIO_IN"): return fabric_.gpio().inputs_steady(now()) ? kNever : 0;
        case at("CPUID"):
        case at("GPIO_OUT"):
        case at("GPIO_OE"):
        case at("FIFO_ST"):
        case at("SPINLOCK_ST"): return kNever;
        default: return 0;
    }
}

std::uint32_t Sio::peek(unsigned core, std::uint32_t offset) {
    const SioState::PerCore& mine = s_.core[core];
    if (kSpinlock.holds(offset)) {
        const std::uint32_t lock = 1u << kSpinlock.index(offset);
        return (s_.spinlocks & lock) != 0 ? 0 : lock;
    }
    if (offset >= at("INTERP1_ACCUM0")) return mine.interp[1].peek(offset - at("INTERP1_ACCUM0"), false);
    if (offset >= at("INTERP%_ACCUM0")) return mine.interp[0].peek(offset - at("INTERP%_ACCUM0"), true);
    if (offset >= at("DIV_UDIVIDEND") && offset <= at("DIV_CSR")) return mine.divider.peek(offset, time_of(core));
    switch (offset) {
        case at("CPUID"): return core;
        case at("GPIO_IN"): return gpio_in();
        case at("GPIO_HI_IN"): return gpio_hi_in_;
        case at("GPIO_OUT"): return s_.gpio_out;
        case at("GPIO_OE"): return s_.gpio_oe;
        case at("GPIO_HI_OUT"): return s_.gpio_hi_out;
        case at("GPIO_HI_OE"): return s_.gpio_hi_oe;
        case at("FIFO_ST"): return fifo_status(core);
        case at("FIFO_RD"): return mine.fifo.empty() ? 0 : mine.fifo.front();
        case at("SPINLOCK_ST"): return s_.spinlocks;
        default:
            if (offset >= at("GPIO_OUT") && offset < at("FIFO_ST")) return 0;  // SET, CLR and XOR are write-only.
            if (offset == at("FIFO_WR")) return 0;
            unmodelled(offset, false);
    }
}

std::uint32_t Sio::read(unsigned core, std::uint32_t offset) {
    SioState::PerCore& mine = s_.core[core];
    if (kSpinlock.holds(offset)) {
        const std::uint32_t lock = 1u << kSpinlock.index(offset);
        const std::uint32_t claimed = s_.spinlocks & lock;
        s_.spinlocks |= lock;
        return claimed != 0 ? 0 : lock;
    }
    if (offset >= at("SPINLOCK%")) unmodelled(offset, false);
    if (offset >= at("INTERP1_ACCUM0")) return mine.interp[1].read(offset - at("INTERP1_ACCUM0"), false);
    if (offset >= at("INTERP%_ACCUM0")) return mine.interp[0].read(offset - at("INTERP%_ACCUM0"), true);
    if (offset >= at("DIV_UDIVIDEND") && offset <= at("DIV_CSR")) return mine.divider.read(offset, time_of(core));
    if (offset == at("FIFO_RD")) {
        std::uint32_t word = 0;
        if (mine.fifo.empty())
            mine.roe = true;
        else
            word = mine.fifo.pop();
        fifo_irq(core);
        return word;
    }
    return peek(core, offset);
}

bool Sio::write_gpio(std::uint32_t offset, std::uint32_t value) {
    if (offset < at("GPIO_OUT") || offset >= at("FIFO_ST")) return false;
    const unsigned operation = (offset >> 2) & 3u;
    switch (offset & ~0xfu) {
        case at("GPIO_OUT"): {
            const std::uint32_t next = combine(s_.gpio_out, value, operation) & kGpioMask;
            const std::uint32_t changed = s_.gpio_out ^ next;
            s_.gpio_out = next;
            drive(changed);
            break;
        }
        case at("GPIO_OE"): {
            const std::uint32_t next = combine(s_.gpio_oe, value, operation) & kGpioMask;
            const std::uint32_t changed = s_.gpio_oe ^ next;
            s_.gpio_oe = next;
            drive(changed);
            break;
        }
        case at("GPIO_HI_OUT"): s_.gpio_hi_out = combine(s_.gpio_hi_out, value, operation) & kGpioHiMask; break;
        default: s_.gpio_hi_oe = combine(s_.gpio_hi_oe, value, operation) & kGpioHiMask; break;
    }
    return true;
}

void Sio::write(unsigned core, std::uint32_t offset, std::uint32_t value) {
    SioState::PerCore& mine = s_.core[core];
    if (write_gpio(offset, value)) return;
    if (kSpinlock.holds(offset)) {
        s_.spinlocks &= ~(1u << kSpinlock.index(offset));
        return;
    }
    if (offset >= at("SPINLOCK%")) unmodelled(offset, true);
    if (offset >= at("INTERP1_ACCUM0")) return mine.interp[1].write(offset - at("INTERP1_ACCUM0"), value, false);
    if (offset >= at("INTERP%_ACCUM0")) return mine.interp[0].write(offset - at("INTERP%_ACCUM0"), value, true);
    if (offset >= at("DIV_UDIVIDEND") && offset <= at("DIV_CSR"))
        return mine.divider.write(offset, value, time_of(core));
    switch (offset) {
        case at("FIFO_ST"):
            // Any value clears them (datasheet 2.3.1.4). NuttX writes zero, and core 1 would never leave its interrupt.
            mine.wof = mine.roe = false;
            fifo_irq(core);
            break;
        case at("FIFO_WR"):
            if (!s_.core[1 - core].fifo.push(value)) mine.wof = true;
            fifo_irq(core);
            fifo_irq(1 - core);
            break;
        default: ignore_read_only(offset);
    }
}

void Sio::drive(std::uint32_t changed) {
    // The register changes at the end of the write's cycle.
    if (changed != 0) fabric_.gpio().set_output(PinFunction::sio, changed, s_.gpio_out, s_.gpio_oe, now() + 1);
}

}  // namespace rp2040
