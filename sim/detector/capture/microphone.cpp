// The emulated microphone (sim/mic) without a chip around it: sound and clock edges in, PDM words out.
#include <algorithm>
#include <cstdint>

#include "mic/interpolator.hpp"
#include "mic/modulator.hpp"

namespace {

constexpr std::int64_t kFullScale = mic::Interpolator::kUnitsPerSample << 23;

struct Microphone {
    explicit Microphone(std::uint32_t seed) : modulator(kFullScale, seed) {}
    mic::Interpolator sound;
    mic::SigmaDelta modulator;
};

}  // namespace

extern "C" {

Microphone* microphone_new(std::uint32_t seed) { return new Microphone(seed); }

void microphone_delete(Microphone* self) { delete self; }

void microphone_push(Microphone* self, const std::int32_t* samples, std::uint64_t count) {
    self->sound.queue().push(samples, count);
}

// One bit per clock edge, given in picoseconds; packed from bit 0 of word 0 on.
void microphone_bits(Microphone* self, const std::uint64_t* edges, std::uint64_t count, std::uint8_t* bits) {
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::int64_t u = std::clamp(self->sound.at(edges[i]), -kFullScale, kFullScale);
        bits[i] = self->modulator.step(u);
    }
}

}  // extern "C"
