// What a core has done ahead of the other one, kept so that it can be taken back (pair.cpp).
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "base/types.hpp"
#include "cpu/op.hpp"

namespace rp2040 {

/// What instructions of two cores change, but for memory.
struct CpuMark {
    std::array<std::uint32_t, 16> r;
    const Op* op;
    Cycles cycles;
    std::uint64_t nz;
    std::uint32_t carry, overflow;
    DecodedPage* page;
    std::uint64_t transfers;
    Cycles bus_waits;
    std::uint64_t flash_hits;
};

/// What words of SRAM held before a core stored there in its turn.
struct UndoneStores {
    struct Word {
        std::uint32_t offset, data;
    };
    /// More than a turn of crossbar_turns.cpp has cycles.
    std::array<Word, 256> words;
    std::uint8_t count = 0;

    void note(const std::uint8_t* sram, std::uint32_t offset) {
        Word& word = words[count++];
        word.offset = offset & ~3u;
        std::memcpy(&word.data, sram + word.offset, 4);
    }
};

}  // namespace rp2040
