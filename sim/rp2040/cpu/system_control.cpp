#include "cpu/system_control.hpp"

#include <algorithm>

#include "regs/mpu.hpp"
#include "regs/nvic.hpp"
#include "regs/scb.hpp"
#include "regs/systick.hpp"

namespace rp2040 {

namespace {

/// Offset within the system control space, which begins at 0xe000e000 (datasheet 2.4.8).
consteval std::uint32_t at(const regs::Block& block, std::string_view name) {
    return (block.bases[0] & 0xfff) + block.at(name);
}
enum Register : std::uint32_t {
    SYST_CSR = at(regs::kSystick, "SYST_CSR"),
    SYST_RVR = at(regs::kSystick, "SYST_RVR"),
    SYST_CVR = at(regs::kSystick, "SYST_CVR"),
    SYST_CALIB = at(regs::kSystick, "SYST_CALIB"),
    NVIC_ISER = at(regs::kNvic, "NVIC_ISER"),
    NVIC_ICER = at(regs::kNvic, "NVIC_ICER"),
    NVIC_ISPR = at(regs::kNvic, "NVIC_ISPR"),
    NVIC_ICPR = at(regs::kNvic, "NVIC_ICPR"),
    NVIC_IPR0 = at(regs::kNvic, "NVIC_IPR0"),
    NVIC_IPR7 = at(regs::kNvic, "NVIC_IPR7"),
    CPUID = at(regs::kScb, "CPUID"),
    ICSR = at(regs::kScb, "ICSR"),
    VTOR = at(regs::kScb, "VTOR"),
    AIRCR = at(regs::kScb, "AIRCR"),
    SCR = at(regs::kScb, "SCR"),
    CCR = at(regs::kScb, "CCR"),
    SHPR2 = at(regs::kScb, "SHPR2"),
    SHPR3 = at(regs::kScb, "SHPR3"),
    SHCSR = at(regs::kScb, "SHCSR"),
    MPU_TYPE = at(regs::kMpu, "MPU_TYPE"),
    MPU_CTRL = at(regs::kMpu, "MPU_CTRL"),
    MPU_RNR = at(regs::kMpu, "MPU_RNR"),
    MPU_RBAR = at(regs::kMpu, "MPU_RBAR"),
    MPU_RASR = at(regs::kMpu, "MPU_RASR"),
};

constexpr std::uint32_t kEnable = regs::kSystick.mask("SYST_CSR.ENABLE"),
                        kTickInt = regs::kSystick.mask("SYST_CSR.TICKINT"),
                        kClkSource = regs::kSystick.mask("SYST_CSR.CLKSOURCE"),
                        kCountFlag = regs::kSystick.mask("SYST_CSR.COUNTFLAG");
constexpr std::uint64_t kPicosecondsPerTick = 1'000'000;  // the reference is the watchdog's 1 us tick

constexpr std::uint8_t priority_byte(std::uint32_t value, unsigned byte) {
    return static_cast<std::uint8_t>(value >> (byte * 8 + 6) & 3);
}

}  // namespace

void SystemControl::reset() {
    const std::uint32_t lines = s_.irq_lines;
    s_ = SystemControlState{};
    s_.irq_lines = lines;
    s_.pending = static_cast<std::uint64_t>(lines) << kIrq0;
    mpu_ = Mpu{};
    ipsr_ = 0;
    systick_schedule(0);
}

void SystemControl::set_irq(unsigned line, bool level) {
    const std::uint32_t mask = 1u << line;
    if (level) {
        s_.irq_lines |= mask;
        // While its handler is active a level stays a level: it pends again on return if still asserted.
        if (!is_active(kIrq0 + line)) pend(kIrq0 + line);
    } else {
        s_.irq_lines &= ~mask;
    }
}

void SystemControl::activate(unsigned exception) {
    s_.pending &= ~bit(exception);
    s_.active |= bit(exception);
}

void SystemControl::deactivate(unsigned exception) {
    s_.active &= ~bit(exception);
    if (exception >= kIrq0 && (s_.irq_lines >> (exception - kIrq0) & 1) != 0) pend(exception);
}

int SystemControl::priority(unsigned exception) const {
    switch (exception) {
        case kReset: return -3;
        case kNmi: return -2;
        case kHardFault: return -1;
        default: return s_.priority[exception];
    }
}

int SystemControl::execution_priority(bool primask) const {
    int best = 4;
    for (std::uint64_t left = s_.active; left != 0; left &= left - 1)
        best = std::min(best, priority(static_cast<unsigned>(__builtin_ctzll(left))));
    return primask ? std::min(best, 0) : best;
}

unsigned SystemControl::best_pending() const {
    std::uint64_t left = s_.pending & (static_cast<std::uint64_t>(s_.enabled) << kIrq0 | 0xffff);
    unsigned best = 0;
    for (; left != 0; left &= left - 1) {
        const auto candidate = static_cast<unsigned>(__builtin_ctzll(left));
        if (best == 0 || priority(candidate) < priority(best)) best = candidate;
    }
    return best;
}

// ---------------------------------------------------------------------------------------------- SysTick

std::uint64_t SystemControl::ticks(Cycles now) const {
    return (s_.systick.csr & kClkSource) != 0 ? now : fabric_.picoseconds(now) / kPicosecondsPerTick;
}

std::uint32_t SystemControl::systick_value(Cycles now) const {
    const SysTickState& t = s_.systick;
    if ((t.csr & kEnable) == 0) return t.base;
    const std::uint64_t elapsed = ticks(now) - t.base_ticks;
    if (elapsed <= t.base) return t.base - static_cast<std::uint32_t>(elapsed);
    return t.reload - static_cast<std::uint32_t>((elapsed - t.base - 1) % (t.reload + 1));
}

std::uint64_t SystemControl::systick_wraps(Cycles now) const {
    const SysTickState& t = s_.systick;
    if ((t.csr & kEnable) == 0 || (t.base == 0 && t.reload == 0)) return 0;
    const std::uint64_t elapsed = ticks(now) - t.base_ticks;
    if (elapsed < t.base) return 0;
    return (t.base != 0) + (t.reload == 0 ? 0 : (elapsed - t.base) / (t.reload + 1));
}

void SystemControl::systick_rebase(Cycles now) {
    SysTickState& t = s_.systick;
    if (systick_wraps(now) != 0) t.count_flag = true;
    t.base = systick_value(now);
    t.base_ticks = ticks(now);
}

void SystemControl::systick_schedule(Cycles now) {
    const EventId id = core_ == 0 ? EventId::systick0 : EventId::systick1;
    const SysTickState& t = s_.systick;
    const bool counts = (t.csr & kEnable) != 0 && (t.base != 0 || t.reload != 0);
    if (!counts || (t.csr & kTickInt) == 0) {
        fabric_.events().cancel(id);
        return;
    }
    const std::uint64_t value = systick_value(now);
    const std::uint64_t to_zero = value != 0 ? value : std::uint64_t{t.reload} + 1;
    if (t.reload == 0 && value == 0) {
        fabric_.events().cancel(id);
    } else if ((t.csr & kClkSource) != 0) {
        fabric_.events().schedule(id, now + to_zero);
    } else {
        const std::uint64_t hz = fabric_.clock_hz(ClockId::sys);
        fabric_.events().schedule(id, now + std::max<std::uint64_t>(1, to_zero * hz / 1'000'000));
    }
}

void SystemControl::systick_due(Cycles when) {
    // The reference tick need not divide clk_sys: an event that comes a cycle early is scheduled again.
    const bool reached = systick_wraps(when) != 0;
    if (reached) {
        systick_rebase(when);
        pend(kSysTick);
    }
    systick_schedule(when);
}

// ---------------------------------------------------------------------------------------------- registers

std::uint32_t SystemControl::icsr() const {
    std::uint32_t value = ipsr_;
    if (const unsigned best = best_pending(); best != 0) value |= best << 12;
    if (s_.pending >> kIrq0 != 0) value |= 1u << 22;  // ISRPENDING
    if ((s_.pending & bit(kSysTick)) != 0) value |= 1u << 26;
    if ((s_.pending & bit(kPendSv)) != 0) value |= 1u << 28;
    if ((s_.pending & bit(kNmi)) != 0) value |= 1u << 31;
    return value;
}

std::uint32_t SystemControl::read(std::uint32_t offset, Cycles now) {
    const std::uint32_t value = peek(offset, now);
    if (offset == SYST_CSR) {
        systick_rebase(now);
        s_.systick.count_flag = false;
    }
    return value;
}

std::uint32_t SystemControl::peek(std::uint32_t offset, Cycles now) const {
    if (offset >= NVIC_IPR0 && offset <= NVIC_IPR7) {
        std::uint32_t value = 0;
        for (unsigned byte = 0; byte < 4; ++byte)
            value |= static_cast<std::uint32_t>(s_.priority[kIrq0 + offset - NVIC_IPR0 + byte]) << (byte * 8 + 6);
        return value;
    }
    const auto irqs_pending = static_cast<std::uint32_t>(s_.pending >> kIrq0);
    switch (offset) {
        case SYST_CSR: return s_.systick.csr | (s_.systick.count_flag || systick_wraps(now) != 0 ? kCountFlag : 0);
        case SYST_RVR: return s_.systick.reload;
        case SYST_CVR: return systick_value(now);
        case NVIC_ISER:
        case NVIC_ICER: return s_.enabled;
        case NVIC_ISPR:
        case NVIC_ICPR: return irqs_pending;
        case CPUID: return 0x410cc601;
        case ICSR: return icsr();
        case VTOR: return s_.vtor;
        case AIRCR: return 0xfa050000;  // VECTKEYSTAT reads as the key's complement; little endian
        case SCR: return s_.scr;
        case CCR: return 0x00000208;  // STKALIGN, UNALIGN_TRP: fixed on ARMv6-M
        case SHPR2: return static_cast<std::uint32_t>(s_.priority[kSvCall]) << 30;
        case SHPR3:
            return static_cast<std::uint32_t>(s_.priority[kPendSv]) << 22 |
                   static_cast<std::uint32_t>(s_.priority[kSysTick]) << 30;
        case SHCSR: return (s_.pending & bit(kSvCall)) != 0 ? 1u << 15 : 0;
        case MPU_TYPE: return Mpu::kRegions << 8;  // DREGION
        case MPU_CTRL: return mpu_.ctrl();
        case MPU_RNR: return mpu_.rnr();
        case MPU_RBAR: return mpu_.rbar();
        case MPU_RASR: return mpu_.rasr();
        default: return 0;  // reserved locations of the System Control Space read as zero
    }
}

bool SystemControl::write(std::uint32_t offset, std::uint32_t value, Cycles now) {
    SysTickState& t = s_.systick;
    if (offset >= NVIC_IPR0 && offset <= NVIC_IPR7) {
        for (unsigned byte = 0; byte < 4; ++byte)
            s_.priority[kIrq0 + offset - NVIC_IPR0 + byte] = priority_byte(value, byte);
        return false;
    }
    switch (offset) {
        case SYST_CSR:
            systick_rebase(now);
            t.csr = value & (kEnable | kTickInt | kClkSource);
            t.base_ticks = ticks(now);
            systick_schedule(now);
            break;
        case SYST_RVR:
            systick_rebase(now);
            t.reload = value & 0xffffff;
            systick_schedule(now);
            break;
        case SYST_CVR:
            t.base = 0;
            t.base_ticks = ticks(now);
            t.count_flag = false;
            systick_schedule(now);
            break;
        case NVIC_ISER: s_.enabled |= value; break;
        case NVIC_ICER: s_.enabled &= ~value; break;
        case NVIC_ISPR:  // the top six inputs are tied low, but software pends them: the SDK's user interrupts
            s_.pending |= static_cast<std::uint64_t>(value) << kIrq0;
            break;
        case NVIC_ICPR:
            // A line that is still asserted pends again at once.
            s_.pending &= ~(static_cast<std::uint64_t>(value & ~s_.irq_lines) << kIrq0);
            break;
        case ICSR:
            if ((value & 1u << 31) != 0) pend(kNmi);
            if ((value & 1u << 28) != 0) pend(kPendSv);
            if ((value & 1u << 27) != 0) s_.pending &= ~bit(kPendSv);
            if ((value & 1u << 26) != 0) pend(kSysTick);
            if ((value & 1u << 25) != 0) s_.pending &= ~bit(kSysTick);
            break;
        case VTOR: set_vtor(value); break;
        case AIRCR: return value >> 16 == 0x05fa && (value & 4) != 0;
        case SCR: s_.scr = value & 0x16; break;
        case SHPR2: s_.priority[kSvCall] = priority_byte(value, 3); break;
        case SHPR3:
            s_.priority[kPendSv] = priority_byte(value, 2);
            s_.priority[kSysTick] = priority_byte(value, 3);
            break;
        case SHCSR: s_.pending = (s_.pending & ~bit(kSvCall)) | ((value >> 15 & 1) != 0 ? bit(kSvCall) : 0); break;
        case MPU_CTRL: mpu_.write_ctrl(value); break;
        case MPU_RNR: mpu_.write_rnr(value); break;
        case MPU_RBAR: mpu_.write_rbar(value); break;
        case MPU_RASR: mpu_.write_rasr(value); break;
        default: break;
    }
    return false;
}

}  // namespace rp2040
