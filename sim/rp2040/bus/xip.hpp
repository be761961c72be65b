// XIP: the flash cache, its control registers and the streaming FIFO (datasheet 2.6.3).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/peripheral.hpp"
#include "bus/flash.hpp"
#include "bus/memory_map.hpp"
#include "bus/ssi.hpp"

namespace rp2040 {

struct XipState {
    static constexpr std::uint32_t kSets = 1024;
    struct Set {
        std::uint32_t tag[2] = {0, 0};  // Line number + 1, 0: invalid. Way w of the set is tag[w].
        std::uint8_t recent = 1;  // Way used last, + 1. The chip's replacement policy is not documented: LRU assumed.
    };
    std::uint32_t ctrl = 3;
    std::uint64_t hits = 0, accesses = 0;
    Cycles flush_until = 0, busy_until = 0, miss_until = 0;
    std::uint32_t stream_address = 0, stream_count = 0;
    std::array<std::uint32_t, 2> fifo{};
    std::uint32_t fifo_level = 0;
    std::array<Set, kSets> sets{};
    std::array<std::uint8_t, kXipSramSize> ram{};  // Cache data RAM when used as SRAM.
};

/// What cores have lost to XIP misses since the model was made; no program can clear it.
struct XipLosses {
    std::uint64_t misses = 0;
    Cycles stalls = 0;
};

class Xip final : public StatefulPeripheral<XipState> {
  public:
    static constexpr std::uint32_t kLineBytes = 8;

    Xip(Fabric& fabric, Flash& flash, Ssi& ssi);

    /// One 32-bit access of an XIP alias at `now`, instruction or data: returns the cycles that it stalls.
    Cycles fetch(std::uint32_t address, Cycles now) {
        ++s_.accesses;
        const std::uint32_t line = (address & 0x03ffffff) / kLineBytes;
        // Only the plain alias (line below 16 MB / 8) of an enabled cache has entries in way_of_line_.
        if (line < way_of_line_.size() && way_of_line_[line] != 0 && (s_.ctrl & 1) != 0) {
            ++s_.hits;
            s_.sets[line % XipState::kSets].recent = way_of_line_[line];
            return 0;
        }
        return miss(address, now);
    }
    /// The same by the DMA: no core loses anything.
    Cycles fetch_for_dma(std::uint32_t address, Cycles now) {
        const XipLosses kept = losses_;
        const Cycles stall = fetch(address, now);
        losses_ = kept;
        return stall;
    }
    [[nodiscard]] const XipLosses& losses() const { return losses_; }
    /// Cycles for which a read of FLUSH at `now` holds the bus: until the flush is over (datasheet 2.6.3.6).
    [[nodiscard]] Cycles flush_stall(std::uint32_t offset, Cycles now) const {
        return offset == 4 && s_.flush_until > now ? s_.flush_until - now : 0;
    }
    /// What flash holds at an address of an XIP alias.
    [[nodiscard]] const std::uint8_t* content(std::uint32_t address) const {
        return flash_.data() + (address & 0xffffff & (flash_.size() - 1));
    }
    /// A write to flash address space: deallocates in the plain alias; false is a bus fault (CTRL.ERR_BADWRITE).
    bool write_flash(std::uint32_t address);

    [[nodiscard]] bool cache_as_sram() const { return (s_.ctrl & 9) == 0; }
    std::uint8_t* ram() { return s_.ram.data(); }

    std::uint32_t read(std::uint32_t offset) override;
    std::uint32_t peek(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
    /// Through the XIP_AUX slave, which has only the stream FIFO.
    std::uint32_t pop_stream();
    void reset() override;
    void restore(StateReader& in) override;

    /// When the transfer of the last miss ends: the port serves nobody else until then.
    [[nodiscard]] Cycles miss_until() const { return s_.miss_until; }

    [[nodiscard]] std::uint64_t hits() const { return s_.hits; }
    [[nodiscard]] std::uint64_t accesses() const { return s_.accesses; }

  private:
    Cycles miss(std::uint32_t address, Cycles now);
    void allocate(std::uint32_t line);
    void flush(Cycles now);
    void index_lines();
    void stream_due(Cycles when);
    void schedule_stream(Cycles from);
    Flash& flash_;
    Ssi& ssi_;
    XipLosses losses_;
    std::vector<std::uint8_t> way_of_line_;  ///< Way + 1 of each cached flash line: the tags, indexed for speed.
};

}  // namespace rp2040
