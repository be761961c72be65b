// Halfwords to operations.
#pragma once

#include <cstdint>
#include <string_view>

#include "cpu/op.hpp"

namespace rp2040 {

/// True if `first` is the first halfword of a 32-bit instruction (A5.1).
constexpr bool is_wide(std::uint16_t first) { return (first >> 11) >= 0x1d; }

/// Decodes the instruction at `address`; `second` is the halfword after it. The handler is left unset.
Op decode(std::uint32_t address, std::uint16_t first, std::uint16_t second);

/// The Arm ARM's name of an encoding, "UNDEFINED" if there is none.
std::string_view encoding_name(std::uint16_t first, std::uint16_t second);

}  // namespace rp2040
