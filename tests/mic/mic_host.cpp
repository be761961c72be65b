// Prints the bits of a microphone for samples and clock edges given in a file; used by test_microphone.py.
//
// Input: u32 seed, u32 sample count, u32 edge count, i32 samples (Q23, 16 kHz), u64 edge times (picoseconds).
// Output: u8 bit per edge. Samples are pushed in uneven pieces, as a running simulation does.
#include <algorithm>
#include <cstdio>
#include <vector>

#include "mic/interpolator.hpp"
#include "mic/modulator.hpp"

namespace {
template <class T>
std::vector<T> read(std::FILE* file, std::size_t count) {
    std::vector<T> values(count);
    if (std::fread(values.data(), sizeof(T), count, file) != count) std::exit(1);
    return values;
}
}  // namespace

int main(int, char** argv) {
    std::FILE* in = std::fopen(argv[1], "rb");
    const auto header = read<std::uint32_t>(in, 3);
    const auto samples = read<std::int32_t>(in, header[1]);
    const auto edges = read<std::uint64_t>(in, header[2]);
    std::fclose(in);

    constexpr std::int64_t kFullScale = mic::Interpolator::kUnitsPerSample << 23;
    mic::Interpolator sound;
    mic::SigmaDelta modulator(kFullScale, header[0]);
    std::size_t pushed = 0;
    std::vector<std::uint8_t> bits;
    for (const std::uint64_t edge : edges) {
        const std::uint64_t needed = edge * mic::kSampleRate / 1'000'000'000'000ull + mic::Interpolator::kLookAhead + 1;
        while (pushed < std::min<std::uint64_t>(needed, samples.size())) {
            const std::size_t piece = std::min<std::size_t>(1 + pushed % 777, samples.size() - pushed);
            sound.queue().push(samples.data() + pushed, piece);
            pushed += piece;
        }
        bits.push_back(modulator.step(std::clamp(sound.at(edge), -kFullScale, kFullScale)) ? 1 : 0);
    }
    std::fwrite(bits.data(), 1, bits.size(), stdout);
}
