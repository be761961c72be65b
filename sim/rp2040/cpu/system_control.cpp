#include "cpu/system_control.hpp"

#include <algorithm>

#include "regs/mpu.hpp"
#include "regs/nvic.hpp"
#include "regs/scb.hpp"

namespace rp2040 {

namespace {

/// Offset within the system control space, which begins at 0xe000e000 (datasheet 2.4.8).
consteval std::uint32_t at(const regs::Block& block, std::string_view name) {
    return (block.bases[0] & 0xfff) + block.at(name);
}
enum Register : std::uint32_t {
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

constexpr std::uint8_t priority_byte(std::uint32_t value, unsigned byte) {
    return static_cast<std::uint8_t>(value >> (byte * 8 + 6) & 3);
}

}  // namespace

void SystemControl::reset() {
    const std::uint32_t lines = s_.irq_lines, nmi_mask = s_.nmi_mask;
    s_ = SystemControlState{};
    s_.irq_lines = lines;
    s_.nmi_mask = nmi_mask;
    s_.pending = static_cast<std::uint64_t>(lines) << kIrq0 | (nmi_line() ? bit(kNmi) : 0);
    mpu_ = Mpu{};
    ipsr_ = 0;
    systick_.reset();
}

void SystemControl::set_irq(unsigned line, bool level) {
    const std::uint32_t mask = 1u << line;
    const bool before = (s_.irq_lines & mask) != 0, nmi_before = nmi_line();
    s_.irq_lines = level ? s_.irq_lines | mask : s_.irq_lines & ~mask;
    take_line(kIrq0 + line, before, level);
    take_line(kNmi, nmi_before, nmi_line());
}

void SystemControl::set_nmi_mask(std::uint32_t mask) {
    const bool before = nmi_line();
    s_.nmi_mask = mask;
    take_line(kNmi, before, nmi_line());
}

void SystemControl::activate(unsigned exception) {
    s_.pending &= ~bit(exception);
    s_.active |= bit(exception);
}

void SystemControl::deactivate(unsigned exception) {
    s_.active &= ~bit(exception);
    if (exception == kNmi ? nmi_line() : exception >= kIrq0 && line(exception - kIrq0)) pend(exception);
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

void SystemControl::systick_due(Cycles when) {
    if (systick_.due(when)) pend(kSysTick);
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
    return SysTick::has(offset) ? systick_.read(offset, now) : peek(offset, now);
}

std::uint32_t SystemControl::peek(std::uint32_t offset, Cycles now) const {
    if (offset >= NVIC_IPR0 && offset <= NVIC_IPR7) {
        std::uint32_t value = 0;
        for (unsigned byte = 0; byte < 4; ++byte)
            value |= static_cast<std::uint32_t>(s_.priority[kIrq0 + offset - NVIC_IPR0 + byte]) << (byte * 8 + 6);
        return value;
    }
    if (SysTick::has(offset)) return systick_.peek(offset, now);
    const auto irqs_pending = static_cast<std::uint32_t>(s_.pending >> kIrq0);
    switch (offset) {
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
    if (SysTick::has(offset)) {
        systick_.write(offset, value, now);
        return false;
    }
    if (offset >= NVIC_IPR0 && offset <= NVIC_IPR7) {
        for (unsigned byte = 0; byte < 4; ++byte)
            s_.priority[kIrq0 + offset - NVIC_IPR0 + byte] = priority_byte(value, byte);
        return false;
    }
    switch (offset) {
        case NVIC_ISER: s_.enabled |= value; break;
        case NVIC_ICER: s_.enabled &= ~value; break;
        case NVIC_ISPR:  // the top six inputs are tied low, but software pends them: the SDK's user interrupts
            s_.pending |= static_cast<std::uint64_t>(value) << kIrq0;
            break;
        case NVIC_ICPR:
            // A line that is still asserted pends again at once, or on return from its handler.
            value &= ~s_.irq_lines | static_cast<std::uint32_t>(s_.active >> kIrq0);
            s_.pending &= ~(static_cast<std::uint64_t>(value) << kIrq0);
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
