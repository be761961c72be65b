// What a host holds for a chip, and how its calls are guarded.
#pragma once

#include <array>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "capi/external_chip.hpp"
#include "capi/rp2040.h"
#include "capi/status.hpp"

/// What a host holds: a shell that outlives its chip, so that a pointer used after rp2040_destroy is recognised and not
/// followed. Shells are a few bytes and are kept until the process ends.
struct rp2040_chip {
    std::unique_ptr<rp2040::ExternalChip> chip;
    std::array<unsigned, 2> mic_pins{};  ///< Clock and data of the microphone.
};

namespace rp2040 {

inline bool alive(const rp2040_chip* chip) { return chip != nullptr && chip->chip != nullptr; }

inline rp2040_status invalid(rp2040_chip* chip, std::string text) {
    chip->chip->error = std::move(text);
    return RP2040_INVALID;
}

/// Runs `function`, which returns a status, and keeps what it throws as the chip's error.
template <class Function>
rp2040_status guarded(rp2040_chip* chip, Function&& function) {
    if (!alive(chip)) return RP2040_INVALID;
    return rp2040::status_of(chip->chip->error, function);
}

/// What `function` returns, or `otherwise` when there is no chip or it throws: for calls without a status.
template <class Value, class Function>
Value answered(const rp2040_chip* chip, Value otherwise, Function&& function) {
    if (!alive(chip)) return otherwise;
    try {
        return function();
    } catch (const std::exception& error) {
        chip->chip->error = error.what();
    } catch (...) {
        chip->chip->error = "an unknown error";
    }
    return otherwise;
}

/// Cycles that `function` charges. These calls have no status: what a fetch from flash met is told by the next advance.
template <class Function>
uint32_t charged(rp2040_chip* chip, Function&& function) {
    if (!alive(chip)) return 0;
    uint32_t cycles = 0;
    if (guarded(chip, [&] {
            cycles = function();
            return RP2040_OK;
        }) != RP2040_OK)
        chip->chip->fetch_refused = true;
    return cycles;
}

}  // namespace rp2040
