#include "periph/psm.hpp"

namespace rp2040 {

namespace {
constexpr std::uint32_t kFrceOn = 0x0, kFrceOff = 0x4, kWdsel = 0x8, kDone = 0xc;
}

std::uint32_t Psm::read(std::uint32_t offset) {
    switch (offset) {
        case kFrceOn: return s_.frce_on;
        case kFrceOff: return s_.frce_off;
        case kWdsel: return s_.wdsel;
        case kDone: return kMask & ~s_.frce_off;
        default: unmodelled(offset, false);
    }
}

void Psm::write(std::uint32_t offset, std::uint32_t value) {
    switch (offset) {
        case kFrceOn: s_.frce_on = value & kMask; break;
        case kFrceOff: {
            const std::uint32_t cores = 1u << kProc0 | 1u << kProc1;
            if ((value & kMask & ~cores) != 0) unmodelled(offset, true, "only the processors can be forced off");
            const std::uint32_t changed = s_.frce_off ^ (value & kMask);
            s_.frce_off = value & kMask;
            for (unsigned core = 0; core < 2; ++core)
                if (((changed >> (kProc0 + core)) & 1u) != 0 && on_core_held)
                    on_core_held(core, ((s_.frce_off >> (kProc0 + core)) & 1u) != 0);
            break;
        }
        case kWdsel: s_.wdsel = value & kMask; break;
        case kDone: break;
        default: unmodelled(offset, true);
    }
}

}  // namespace rp2040
