#include "mic/i2s.hpp"

#include <algorithm>

namespace mic {

void I2sMicrophone::line_changed(unsigned line, bool level, rp2040::Cycles when) {
    using Drive = rp2040::Gpio::Drive;
    if (line == kSelect) {
        s_.select = level;
        return;
    }
    if (level) return;
    if (s_.bits_left != 0) {
        --s_.bits_left;
        port()->drive(kData, (s_.word >> s_.bits_left & 1) != 0 ? Drive::high : Drive::low, when);
    } else {
        port()->drive(kData, Drive::released, when);
    }
    // WS is looked at on the rising edges; it changes on falling ones, so that what it was before this one counts.
    if (s_.select == s_.last_select) return;
    s_.last_select = s_.select;
    if (s_.select != (channel_ == Channel::right)) return;
    constexpr std::int64_t kFullScale = 1 << 23;
    const std::int64_t value = sound_.at(port()->picoseconds(when)) / Interpolator::kUnitsPerSample;
    s_.word = static_cast<std::uint32_t>(std::clamp(value, -kFullScale, kFullScale - 1)) & 0xffffff;
    s_.bits_left = kBits;
    ++s_.words;
}

}  // namespace mic
