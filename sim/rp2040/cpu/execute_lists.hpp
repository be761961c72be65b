// Registers to and from consecutive words of SRAM: what LDM, STM, PUSH and POP do where nothing can come between.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "bus/memory_map.hpp"
#include "cpu/cpu.hpp"

namespace rp2040 {

inline bool block_in_sram(std::uint32_t address, std::uint32_t words) {
    return (address & 3) == 0 && address - kSramBase < kSramSize - words * 4;
}
/// The same where no decoded code would be overwritten.
inline bool data_in_sram(const Cpu& c, std::uint32_t address, std::uint32_t words) {
    const std::uint32_t first = (address - kSramBase) / kCodeBlock,
                        last = (address - kSramBase + words * 4 - 1) / kCodeBlock;
    if (!block_in_sram(address, words)) return false;
    if ((c.sram_code_map[first] | c.sram_code_map[last]) == 0) [[likely]]
        return true;
    const std::uint8_t* const code = c.sram_code_words + (address - kSramBase) / 4;
    return std::all_of(code, code + words, [](std::uint8_t word) { return word == 0; });
}

/// Loads the registers of `list` from SRAM.
[[gnu::always_inline]] inline void load_words(Cpu& c, std::uint32_t list, std::uint32_t address) {
    const std::uint8_t* p = c.sram + (address - kSramBase);
    for (; list != 0; list &= list - 1, p += 4) std::memcpy(&c.r[static_cast<unsigned>(std::countr_zero(list))], p, 4);
}

[[gnu::always_inline]] inline void store_words(const Cpu& c, std::uint32_t list, std::uint32_t address) {
    std::uint8_t* p = c.sram + (address - kSramBase);
    for (; list != 0; list &= list - 1, p += 4) std::memcpy(p, &c.r[static_cast<unsigned>(std::countr_zero(list))], 4);
}

}  // namespace rp2040
