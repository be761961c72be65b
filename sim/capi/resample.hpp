// Recordings of any rate to the microphone's 16 kHz.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rp2040 {

/// 16-bit interleaved frames to Q23 samples at 16 kHz; channels are averaged. Windowed sinc, 64 zero crossings of the
/// slower rate, passband to 7.4 kHz or 0.46 of the lower rate.
std::vector<std::int32_t> to_16_khz(const std::int16_t* samples, std::size_t frames, unsigned channels, unsigned rate);

}  // namespace rp2040
