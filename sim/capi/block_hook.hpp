// Functions without a context argument that know their chip: what a simulator written in C calls as a block begins.
#pragma once

#include <cstdint>

namespace rp2040 {

class ExternalChip;
using BlockHook = std::uint32_t (*)(std::uint64_t pc, std::uint32_t instructions);

/// A hook for a core of the chip, the same one each time; null when all are taken.
BlockHook take_block_hook(ExternalChip& chip, unsigned core);
/// The chip goes: its hooks do nothing from now on, and may be given to another.
void release_block_hook(const ExternalChip& chip);

}  // namespace rp2040
