// What both halves of the C ABI share: exceptions turned into a status and a line of text, numbers into enumerators.
#pragma once

#include <cstdio>
#include <exception>
#include <iterator>
#include <string>

#include "base/peripheral.hpp"
#include "capi/rp2040.h"
#include "chip.hpp"

namespace rp2040 {

inline constexpr const char* kBadArray = "the array is NULL or has more than 2^28 elements";
/// More of anything than a host needs.
inline constexpr std::size_t kMostSamples = std::size_t{1} << 28;

/// Runs `function`, which returns a status, and keeps what it throws in `error`.
template <class Function>
rp2040_status status_of(std::string& error, Function&& function) {
    try {
        return function();
    } catch (const Unmodelled& refusal) {
        char where[32] = "";
        if (refusal.address != 0)
            std::snprintf(where, sizeof where, " (0x%08x)", static_cast<unsigned>(refusal.address));
        error = std::string(refusal.what()) + where;
        return RP2040_UNMODELLED;
    } catch (const std::exception& failure) {
        error = failure.what();
    } catch (...) {
        error = "an unknown error";
    }
    return RP2040_INVALID;
}

inline constexpr const char* kBadDrive = "drive pins 0 to 29 with 0 low, 1 high, 2 released";

/// Drives a pad from outside in the ABI's numbers; false: one of them is none.
inline bool drive_pin(Chip& chip, std::uint32_t pin, std::uint32_t drive) {
    constexpr Gpio::Drive kDrives[] = {Gpio::Drive::low, Gpio::Drive::high, Gpio::Drive::released};
    if (pin >= kPins || drive >= std::size(kDrives)) return false;
    chip.gpio().drive(pin, kDrives[drive], chip.cycles());
    return true;
}

}  // namespace rp2040
