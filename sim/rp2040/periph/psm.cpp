#include "periph/psm.hpp"

#include "regs/psm.hpp"

namespace rp2040 {

namespace {
constexpr const regs::Block& kRegs = regs::kPsm;
consteval std::uint32_t at(std::string_view name) { return kRegs.at(name); }
}  // namespace

std::uint32_t Psm::read(std::uint32_t offset) {
    switch (offset) {
        case at("FRCE_ON"): return s_.frce_on;
        case at("FRCE_OFF"): return s_.frce_off;
        case at("WDSEL"): return s_.wdsel;
        case at("DONE"): return kMask & ~s_.frce_off;
        default: unmodelled(offset, false);
    }
}

void Psm::write(std::uint32_t offset, std::uint32_t value) {
    switch (offset) {
        case at("FRCE_ON"): s_.frce_on = value & kMask; break;
        case at("FRCE_OFF"): {
            if ((value & kRegs.refused("FRCE_OFF")) != 0) refuse(offset, value);
            const std::uint32_t changed = s_.frce_off ^ (value & kMask);
            s_.frce_off = value & kMask;
            for (unsigned core = 0; core < 2; ++core)
                if (((changed >> (kProc0 + core)) & 1u) != 0 && on_core_held)
                    on_core_held(core, ((s_.frce_off >> (kProc0 + core)) & 1u) != 0);
            break;
        }
        case at("WDSEL"): s_.wdsel = value & kMask; break;
        default: ignore_read_only(offset);
    }
}

}  // namespace rp2040
