#include "periph/sio.hpp"

#include "io/gpio.hpp"

namespace rp2040 {

namespace {
constexpr std::uint32_t kCpuid = 0x00, kGpioIn = 0x04, kGpioHiIn = 0x08, kGpioOut = 0x10, kGpioOe = 0x20,
                        kGpioHiOut = 0x30, kGpioHiOe = 0x40, kFifoSt = 0x50, kFifoWr = 0x54, kFifoRd = 0x58,
                        kSpinlockSt = 0x5c, kDivUdividend = 0x60, kDivCsr = 0x78, kInterp0 = 0x80, kInterp1 = 0xc0,
                        kSpinlock0 = 0x100, kEnd = 0x180;
constexpr std::uint32_t kVld = 1, kRdy = 2, kWof = 4, kRoe = 8;
constexpr std::uint32_t kGpioMask = 0x3fffffff, kGpioHiMask = 0x3f;

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

std::uint32_t Sio::peek(unsigned core, std::uint32_t offset) {
    const SioState::PerCore& mine = s_.core[core];
    if (offset >= kSpinlock0 && offset < kEnd) {
        const std::uint32_t lock = 1u << ((offset - kSpinlock0) / 4);
        return (s_.spinlocks & lock) != 0 ? 0 : lock;
    }
    if (offset >= kInterp1) return mine.interp[1].peek(offset - kInterp1, false);
    if (offset >= kInterp0) return mine.interp[0].peek(offset - kInterp0, true);
    if (offset >= kDivUdividend && offset <= kDivCsr) return mine.divider.peek(offset, now());
    switch (offset) {
        case kCpuid: return core;
        case kGpioIn: return gpio_in();
        case kGpioHiIn: return gpio_hi_in_;
        case kGpioOut: return s_.gpio_out;
        case kGpioOe: return s_.gpio_oe;
        case kGpioHiOut: return s_.gpio_hi_out;
        case kGpioHiOe: return s_.gpio_hi_oe;
        case kFifoSt: return fifo_status(core);
        case kFifoRd: return mine.fifo.empty() ? 0 : mine.fifo.front();
        case kSpinlockSt: return s_.spinlocks;
        default:
            if (offset >= kGpioOut && offset < kFifoSt) return 0;  // SET, CLR and XOR are write-only.
            if (offset == kFifoWr) return 0;
            unmodelled(offset, false);
    }
}

std::uint32_t Sio::read(unsigned core, std::uint32_t offset) {
    SioState::PerCore& mine = s_.core[core];
    if (offset >= kSpinlock0 && offset < kEnd) {
        const std::uint32_t lock = 1u << ((offset - kSpinlock0) / 4);
        const std::uint32_t claimed = s_.spinlocks & lock;
        s_.spinlocks |= lock;
        return claimed != 0 ? 0 : lock;
    }
    if (offset >= kEnd) unmodelled(offset, false);
    if (offset >= kInterp1) return mine.interp[1].read(offset - kInterp1, false);
    if (offset >= kInterp0) return mine.interp[0].read(offset - kInterp0, true);
    if (offset >= kDivUdividend && offset <= kDivCsr) return mine.divider.read(offset, now());
    if (offset == kFifoRd) {
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
    if (offset < kGpioOut || offset >= kFifoSt) return false;
    const unsigned operation = (offset >> 2) & 3u;
    switch (offset & ~0xfu) {
        case kGpioOut: {
            const std::uint32_t next = combine(s_.gpio_out, value, operation) & kGpioMask;
            const std::uint32_t changed = s_.gpio_out ^ next;
            s_.gpio_out = next;
            drive(changed);
            break;
        }
        case kGpioOe: {
            const std::uint32_t next = combine(s_.gpio_oe, value, operation) & kGpioMask;
            const std::uint32_t changed = s_.gpio_oe ^ next;
            s_.gpio_oe = next;
            drive(changed);
            break;
        }
        case kGpioHiOut: s_.gpio_hi_out = combine(s_.gpio_hi_out, value, operation) & kGpioHiMask; break;
        default: s_.gpio_hi_oe = combine(s_.gpio_hi_oe, value, operation) & kGpioHiMask; break;
    }
    return true;
}

void Sio::write(unsigned core, std::uint32_t offset, std::uint32_t value) {
    SioState::PerCore& mine = s_.core[core];
    if (write_gpio(offset, value)) return;
    if (offset >= kSpinlock0 && offset < kEnd) {
        s_.spinlocks &= ~(1u << ((offset - kSpinlock0) / 4));
        return;
    }
    if (offset >= kEnd) unmodelled(offset, true);
    if (offset >= kInterp1) return mine.interp[1].write(offset - kInterp1, value, false);
    if (offset >= kInterp0) return mine.interp[0].write(offset - kInterp0, value, true);
    if (offset >= kDivUdividend && offset <= kDivCsr) return mine.divider.write(offset, value, now());
    switch (offset) {
        case kFifoSt:
            if ((value & kWof) != 0) mine.wof = false;
            if ((value & kRoe) != 0) mine.roe = false;
            fifo_irq(core);
            break;
        case kFifoWr:
            if (!s_.core[1 - core].fifo.push(value)) mine.wof = true;
            fifo_irq(core);
            fifo_irq(1 - core);
            break;
        case kCpuid:
        case kGpioIn:
        case kGpioHiIn:
        case kFifoRd:
        case kSpinlockSt: break;  // Read-only.
        default: unmodelled(offset, true);
    }
}

void Sio::drive(std::uint32_t changed) {
    // The register changes at the end of the write's cycle.
    if (changed != 0) fabric_.gpio().set_output(PinFunction::sio, changed, s_.gpio_out, s_.gpio_oe, now() + 1);
}

}  // namespace rp2040
