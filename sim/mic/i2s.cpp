#include "mic/i2s.hpp"

#include <algorithm>

namespace mic {

void I2sMicrophone::line_changed(unsigned line, bool level, rp2040::Cycles when) {
    using Drive = rp2040::Gpio::Drive;
    if (line == kSelect) {
        s_.select = level;
        return;
    }
    if (level) {
        s_.sampled = s_.select;
        return;
    }
    if (s_.sampled != s_.half) {
        s_.half = s_.sampled;
        s_.bits_left = 0;
        if (s_.half == (channel_ == Channel::right)) {
            constexpr std::int64_t kFullScale = 1 << 23;
            const std::int64_t value = sound_.at(port()->picoseconds(when)) / Interpolator::kUnitsPerSample;
            s_.word = static_cast<std::uint32_t>(std::clamp(value, -kFullScale, kFullScale - 1)) & 0xffffff;
            s_.bits_left = kBits;
            ++s_.words;
        }
    }
    if (s_.bits_left == 0) {
        port()->drive(kData, Drive::released, when);
        return;
    }
    --s_.bits_left;
    port()->drive(kData, (s_.word >> s_.bits_left & 1) != 0 ? Drive::high : Drive::low, when);
}

}  // namespace mic
