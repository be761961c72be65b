// Prints the bits of a microphone for samples and clock edges given in a file; used by test_microphone.py.
//
// Input: u32 seed, u32 sample count, u32 edge count, i32 samples (Q23, 16 kHz), u64 edge times (picoseconds).
// Output: u8 bit per edge. Bits come one by one and in pieces of up to 64, as PIO asks for them. Samples are pushed in
// uneven pieces, as a running simulation does.
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

    for (std::uint64_t rest = 0; rest < mic::kPicosecondsPerStep; ++rest)
        if (mic::Interpolator::fraction(rest) != (rest << 20) / mic::kPicosecondsPerStep) std::exit(2);

    constexpr std::int64_t kFullScale = mic::Interpolator::kUnitsPerSample << 23;
    mic::Interpolator sound;
    mic::SigmaDelta modulator(kFullScale, header[0]);
    std::size_t pushed = 0;
    std::vector<std::uint8_t> bits;
    std::vector<std::int64_t> heard;
    const auto take = [&] {
        if (heard.size() == 1) {
            bits.push_back(modulator.step(heard[0]) ? 1 : 0);
        } else {
            const std::uint64_t levels = modulator.steps(heard);
            for (std::size_t n = 0; n < heard.size(); ++n) bits.push_back(levels >> n & 1);
        }
        heard.clear();
    };
    for (const std::uint64_t edge : edges) {
        const std::uint64_t needed = edge * mic::kSampleRate / 1'000'000'000'000ull + mic::Interpolator::kLookAhead + 1;
        while (pushed < std::min<std::uint64_t>(needed, samples.size())) {
            const std::size_t piece = std::min<std::size_t>(1 + pushed % 777, samples.size() - pushed);
            sound.queue().push(samples.data() + pushed, piece);
            pushed += piece;
        }
        heard.push_back(std::clamp(sound.at(edge), -kFullScale, kFullScale));
        if (heard.size() == 1 + bits.size() % 64) take();
    }
    if (!heard.empty()) take();
    std::fwrite(bits.data(), 1, bits.size(), stdout);
}
