// Flags, PRIMASK, CONTROL and the two stack pointers (Arm ARM B1.4), and all registers as a debugger sees them.
#include <utility>

#include "cpu/cpu.hpp"

namespace rp2040 {

void Cpu::set_primask(bool masked) {
    if (!privileged()) return;
    primask_ = masked;
    attend();
}

void Cpu::use_stack(bool process) {
    if (process == control_spsel_) return;
    std::swap(r[13], other_sp_);
    control_spsel_ = process;
}

std::uint32_t Cpu::read_special(std::uint32_t sysm) {
    const bool may_read = privileged();  // else stack pointers and PRIMASK read as zero: B5.2.2
    switch (sysm) {
        case 0:
        case 1:
        case 2:
        case 3: return (xpsr() & 0xf0000000u) | ((sysm & 1) != 0 ? ipsr_ : 0);
        case 5:
        case 6:
        case 7: return (sysm & 1) != 0 ? ipsr_ : 0;  // IPSR, EPSR (reads as zero), IEPSR
        case 8: return !may_read ? 0 : control_spsel_ ? other_sp_ : r[13];
        case 9: return !may_read ? 0 : control_spsel_ ? r[13] : other_sp_;
        case 16: return may_read && primask_ ? 1 : 0;
        case 20: return (control_spsel_ ? 2u : 0u) | (control_npriv_ ? 1u : 0u);
        default: return 0;
    }
}

void Cpu::write_special(std::uint32_t sysm, std::uint32_t data) {
    const bool may_write = privileged();
    switch (sysm) {
        case 0:
        case 1:
        case 2:
        case 3: set_xpsr((data & 0xf0000000u) | ipsr_); break;
        case 8:
            if (may_write) (control_spsel_ ? other_sp_ : r[13]) = data & ~3u;
            break;
        case 9:
            if (may_write) (control_spsel_ ? r[13] : other_sp_) = data & ~3u;
            break;
        case 16:
            if (may_write) set_primask((data & 1) != 0);
            break;
        case 20:
            if (!may_write) break;
            control_npriv_ = (data & 1) != 0;
            if (ipsr_ == 0) use_stack((data & 2) != 0);  // ignored in Handler mode: B1.4.4
            break;
        default: break;
    }
}

std::uint32_t Cpu::xpsr() const {
    std::uint32_t flags = 0;
    if (nz > 0x7fffffffu) flags |= 1u << 31;
    if (static_cast<std::uint32_t>(nz) == 0) flags |= 1u << 30;
    flags |= carry << 29;
    flags |= (overflow >> 31) << 28;
    return flags | (thumb_ ? 1u << 24 : 0) | ipsr_;
}

void Cpu::set_xpsr(std::uint32_t data) {
    const bool n = (data >> 31 & 1) != 0, z = (data >> 30 & 1) != 0;
    nz = z ? (n ? std::uint64_t{1} << 32 : 0) : (n ? 0x80000000u : 1u);
    carry = data >> 29 & 1;
    overflow = data << 3 & 0x80000000u;
    ipsr_ = data & 0x3f;
}

CpuRegisters Cpu::registers() const {
    CpuRegisters out{r,
                     xpsr(),
                     control_spsel_ ? other_sp_ : r[13],
                     control_spsel_ ? r[13] : other_sp_,
                     primask_,
                     (control_spsel_ ? 2u : 0u) | (control_npriv_ ? 1u : 0u)};
    out.r[15] = pc();
    return out;
}

void Cpu::set_register(unsigned index, std::uint32_t data) {
    if (index < 15) {
        r[index] = index == 13 ? data & ~3u : data;
        return;
    }
    go_to(data & ~1u);  // a debugger's write of PC takes no time and fetches nothing
    resume_over_ = 1;
}

}  // namespace rp2040
