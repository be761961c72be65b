#include "periph/sysinfo.hpp"

namespace rp2040 {

namespace {
constexpr const regs::Block& kSyscfg = regs::kSyscfg;
constexpr const regs::Block& kVreg = regs::kVregAndChipReset;
}  // namespace

std::uint32_t Sysinfo::read(std::uint32_t offset) {
    switch (offset) {
        case regs::kSysinfo.at("CHIP_ID"): return regs::kSysinfo.reset("CHIP_ID");
        case regs::kSysinfo.at("PLATFORM"): return regs::kSysinfo.reset("PLATFORM");
        case regs::kSysinfo.at("GITREF_RP2040"):
        case regs::kSysinfo.at("GITREF"): return 0;  // its value is not published
        default: unmodelled(offset, false);
    }
}

void Sysinfo::write(std::uint32_t offset, std::uint32_t) { ignore_read_only(offset); }

std::uint32_t Syscfg::read(std::uint32_t offset) {
    switch (offset) {
        case kSyscfg.at("PROC0_NMI_MASK"): return s_.proc0_nmi_mask;
        case kSyscfg.at("PROC1_NMI_MASK"): return s_.proc1_nmi_mask;
        case kSyscfg.at("PROC_CONFIG"): return s_.proc_config;
        case kSyscfg.at("PROC_IN_SYNC_BYPASS"): return s_.proc_in_sync_bypass;
        case kSyscfg.at("PROC_IN_SYNC_BYPASS_HI"): return s_.proc_in_sync_bypass_hi;
        case kSyscfg.at("DBGFORCE"): return s_.dbgforce;
        case kSyscfg.at("MEMPOWERDOWN"): return 0;
        default: unmodelled(offset, false);
    }
}

void Syscfg::write(std::uint32_t offset, std::uint32_t value) {
    switch (offset) {
        case kSyscfg.at("PROC0_NMI_MASK"): s_.proc0_nmi_mask = value; break;
        case kSyscfg.at("PROC1_NMI_MASK"): s_.proc1_nmi_mask = value; break;
        case kSyscfg.at("PROC_CONFIG"): s_.proc_config = value & kSyscfg.writable("PROC_CONFIG"); return;
        case kSyscfg.at("PROC_IN_SYNC_BYPASS"):
            s_.proc_in_sync_bypass = value & kSyscfg.writable("PROC_IN_SYNC_BYPASS");
            break;
        case kSyscfg.at("PROC_IN_SYNC_BYPASS_HI"):
            s_.proc_in_sync_bypass_hi = value & kSyscfg.writable("PROC_IN_SYNC_BYPASS_HI");
            return;
        case kSyscfg.at("DBGFORCE"): s_.dbgforce = value & kSyscfg.writable("DBGFORCE"); return;
        case kSyscfg.at("MEMPOWERDOWN"):
            if ((value & kSyscfg.refused("MEMPOWERDOWN")) != 0) refuse(offset, value);
            return;
        default: return ignore_read_only(offset);
    }
    if (on_change) on_change();
}

void Syscfg::reset() {
    StatefulPeripheral::reset();
    if (on_change) on_change();
}

std::uint32_t Tbman::read(std::uint32_t offset) {
    if (offset != regs::kTbman.at("PLATFORM")) unmodelled(offset, false);
    return regs::kTbman.reset("PLATFORM");
}

void Tbman::write(std::uint32_t offset, std::uint32_t) { ignore_read_only(offset); }

std::uint32_t VregAndChipReset::read(std::uint32_t offset) {
    switch (offset) {
        case kVreg.at("VREG"): return s_.vreg | kVreg.mask("VREG.ROK");
        case kVreg.at("BOD"): return s_.bod;
        case kVreg.at("CHIP_RESET"): return s_.chip_reset;
        default: unmodelled(offset, false);
    }
}

void VregAndChipReset::write(std::uint32_t offset, std::uint32_t value) {
    switch (offset) {
        case kVreg.at("VREG"): s_.vreg = value & kVreg.writable("VREG"); break;
        case kVreg.at("BOD"): s_.bod = value & kVreg.writable("BOD"); break;
        case kVreg.at("CHIP_RESET"): s_.chip_reset &= ~(value & kVreg.clearable("CHIP_RESET")); break;
        default: ignore_read_only(offset);
    }
}

}  // namespace rp2040
