#include "periph/sysinfo.hpp"

namespace rp2040 {

std::uint32_t Sysinfo::read(std::uint32_t offset) {
    switch (offset) {
        case 0x00: return 0x20002927;  // CHIP_ID: revision 2 (B2), part 2, manufacturer 0x927.
        case 0x04: return 0x2;         // PLATFORM: ASIC.
        case 0x40: return 0;           // GITREF_RP2040: value not published.
        default: unmodelled(offset, false);
    }
}

void Sysinfo::write(std::uint32_t offset, std::uint32_t) {
    if (offset != 0x00 && offset != 0x04 && offset != 0x40) unmodelled(offset, true);
}

std::uint32_t Syscfg::read(std::uint32_t offset) {
    switch (offset) {
        case 0x00: return s_.proc0_nmi_mask;
        case 0x04: return s_.proc1_nmi_mask;
        case 0x08: return s_.proc_config;
        case 0x0c: return s_.proc_in_sync_bypass;
        case 0x10: return s_.proc_in_sync_bypass_hi;
        case 0x14: return s_.dbgforce;
        case 0x18: return s_.mempowerdown;
        default: unmodelled(offset, false);
    }
}

void Syscfg::write(std::uint32_t offset, std::uint32_t value) {
    switch (offset) {
        case 0x00: s_.proc0_nmi_mask = value; break;
        case 0x04: s_.proc1_nmi_mask = value; break;
        case 0x08: s_.proc_config = value & 0xff000000; break;
        case 0x0c: s_.proc_in_sync_bypass = value & 0x3fffffff; break;
        case 0x10: s_.proc_in_sync_bypass_hi = value & 0x3f; break;
        case 0x14: s_.dbgforce = value & 0xee; break;
        case 0x18:
            if (value != 0) unmodelled(offset, true, "powering memories down");
            s_.mempowerdown = 0;
            break;
        default: unmodelled(offset, true);
    }
    if (offset <= 0x0c && offset != 0x08 && on_change) on_change();
}

void Syscfg::reset() {
    StatefulPeripheral::reset();
    if (on_change) on_change();
}

std::uint32_t Tbman::read(std::uint32_t offset) {
    if (offset != 0) unmodelled(offset, false);
    return 0x5;  // PLATFORM: ASIC.
}

void Tbman::write(std::uint32_t offset, std::uint32_t) {
    if (offset != 0) unmodelled(offset, true);
}

std::uint32_t VregAndChipReset::read(std::uint32_t offset) {
    constexpr std::uint32_t kRok = 1u << 12;
    switch (offset) {
        case 0x0: return s_.vreg | kRok;
        case 0x4: return s_.bod;
        case 0x8: return s_.chip_reset;
        default: unmodelled(offset, false);
    }
}

void VregAndChipReset::write(std::uint32_t offset, std::uint32_t value) {
    constexpr std::uint32_t kPsmRestartFlag = 1u << 24;
    switch (offset) {
        case 0x0: s_.vreg = value & 0xf3; break;
        case 0x4: s_.bod = value & 0xf1; break;
        case 0x8: s_.chip_reset &= ~(value & kPsmRestartFlag); break;
        default: unmodelled(offset, true);
    }
}

void VregAndChipReset::write_alias(std::uint32_t offset, std::uint32_t value, unsigned alias) {
    if (offset == 0x8)
        write(offset, value);
    else
        Peripheral::write_alias(offset, value, alias);
}

}  // namespace rp2040
