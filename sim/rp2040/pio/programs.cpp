// What is known of a state machine's program: derived once, and recalled when it comes again. A program may be patched
// over and over, from one of a few forms to another.
#include <algorithm>

#include "pio/fields.hpp"
#include "pio/pio.hpp"

namespace rp2040 {

struct Pio::Program {
    ProgramKey key;
    std::array<PioHorizon, 2> horizon;
    PioLoop loop;
    PioCountings countings;
};

/// The oldest makes room.
struct Pio::Programs {
    static constexpr unsigned kKept = 64;
    std::array<std::uint32_t, kKept> hash{};
    std::array<Program, kKept> program{};
    unsigned oldest = 0;
};

void Pio::ForgetPrograms::operator()(Programs* programs) const { delete programs; }

namespace {
/// OUT PC and MOV PC, whatever is moved.
constexpr bool jumps_anywhere(std::uint16_t code) { return (code & 0xe0e0) == 0x60a0 || (code & 0xe0e0) == 0xa0a0; }
}  // namespace

Pio::ProgramKey Pio::key_of(unsigned index) const {
    const PioMachine& m = s_.sm[index];
    // Where it was entered matters where a jump goes to what is computed (paths.cpp).
    const bool computes = std::any_of(s_.memory.begin(), s_.memory.end(), jumps_anywhere);
    return {s_.memory,
            m.execctrl,
            m.shiftctrl,
            m.pinctrl,
            static_cast<std::uint8_t>(index),
            computes ? m.entered : std::uint8_t{0},
            true};
}

void Pio::derive(unsigned index) {
    const PioMachine& m = s_.sm[index];
    horizon_[index][0] = pio_horizon(code_[index], m, false);
    horizon_[index][1] = asks_levels_[index] ? pio_horizon(code_[index], m, true) : horizon_[index][0];
    loop_[index] = pio_loop(code_[index], m);
    countings_[index] = pio_countings(code_[index]);
}

/// The same where the program may have been there before.
void Pio::derive_or_recall(unsigned index) {
    const ProgramKey key = key_of(index);
    std::uint32_t hash = key.execctrl ^ key.shiftctrl * 5 ^ key.pinctrl * 3 ^ key.index * 0x9e3779b1u ^ key.entered;
    for (const std::uint16_t word : key.memory) hash = (hash ^ word) * 0x01000193u;
    if (programs_ == nullptr) programs_.reset(new Programs);
    for (unsigned n = 0; n < Programs::kKept; ++n) {
        const Program& known = programs_->program[n];
        if (programs_->hash[n] != hash || known.key != key) continue;
        horizon_[index] = known.horizon;
        loop_[index] = known.loop;
        countings_[index] = known.countings;
        return;
    }
    derive(index);
    const unsigned at = programs_->oldest++ % Programs::kKept;
    programs_->hash[at] = hash;
    Program& kept = programs_->program[at];
    kept.key = key;
    kept.horizon = horizon_[index];
    kept.loop = loop_[index];
    kept.countings = countings_[index];
}

}  // namespace rp2040
