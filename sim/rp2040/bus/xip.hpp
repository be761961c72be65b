// XIP: the flash cache, its control registers and the streaming FIFO (datasheet 2.6.3).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/peripheral.hpp"
#include "bus/crossbar.hpp"
#include "bus/flash.hpp"
#include "bus/memory_map.hpp"
#include "bus/ssi.hpp"

namespace rp2040 {

struct XipState {
    static constexpr std::uint32_t kSets = 1024;
    struct Set {
        std::uint32_t tag[2] = {0, 0};   // Line number + 1, 0: invalid. Way w of the set is tag[w].
        std::uint8_t valid[2] = {0, 0};  // Bit per word of the line: each is filled by its own miss.
        std::uint16_t drawn = 0;         // Lines that have lost their way to a new one since the last flush.
    };
    std::uint32_t ctrl = 3;
    std::uint64_t hits = 0, misses = 0;                    // Since reset,
    std::uint64_t cleared_hits = 0, cleared_accesses = 0;  // and what of them the program has cleared.
    Cycles flush_until = 0;
    Cycles stream_until = 0, miss_until = 0;  // Ends of the stream's and of the last miss's transfer.
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
    static constexpr std::uint32_t kLineBytes = kXipLineBytes;

    Xip(Fabric& fabric, Flash& flash, Ssi& ssi);
    void connect(Crossbar& crossbar) { crossbar_ = &crossbar; }
    /// Called when the cache has got words of the line at an address of the plain alias, or lost them.
    std::function<void(std::uint32_t)> line_changed;

    /// One 32-bit access of an XIP alias at `now`, instruction or data: returns the cycles that it stalls. A miss keeps
    /// the port busy for `master`. A host that does not bring the chip's time to each fetch says by how much later it
    /// comes, which only counts for where in a period of SCK it does.
    Cycles fetch(std::uint32_t address, Cycles now, BusMaster master, Cycles later = 0) {
        return hit(address) ? 0 : miss(address, now, master, later);
    }
    /// The same in two steps: begins an access; true when the cache has the word, else miss() must follow.
    bool hit(std::uint32_t address) { return hit(lines(address), address); }
    bool hit(const std::uint8_t* line, std::uint32_t address) {
        if (!has(*line, address)) return false;
        ++s_.hits;
        return true;
    }
    /// Whether hit() would be true, of which it would change nothing but counts.
    [[nodiscard]] bool has(std::uint32_t address) { return has(*lines(address), address); }
    static bool has(unsigned entry, std::uint32_t address) { return (entry & word_bit(address)) != 0; }
    /// What the cache has of the lines from `address` on; of other aliases than the plain one it never has any.
    [[nodiscard]] const std::uint8_t* lines(std::uint32_t address) {
        static constexpr std::array<std::uint8_t, XipState::kSets> kNone{};
        const std::uint32_t line = (address & 0x03ffffff) / kLineBytes;
        return line < kLines ? cached_.data() + line : kNone.data();
    }
    Cycles miss(std::uint32_t address, Cycles now, BusMaster master, Cycles later = 0);
    /// The last hits were none: they will be counted by who really makes them.
    void take_back_hits(std::uint64_t count) { s_.hits -= count; }
    /// Counts hits that are as the last ones were.
    void repeat_hits(std::uint64_t count) { s_.hits += count; }
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

    [[nodiscard]] std::uint64_t hits() const { return s_.hits - s_.cleared_hits; }
    [[nodiscard]] std::uint64_t accesses() const { return s_.hits + s_.misses - s_.cleared_accesses; }

  private:
    static constexpr std::uint32_t kLines = 0x1000000 / kLineBytes;
    static constexpr unsigned kWord0 = 4;  // Of cached_, and the next bit.
    static constexpr unsigned word_bit(std::uint32_t address) { return kWord0 + (address & 4); }
    void allocate(std::uint32_t address);
    void note(std::uint32_t line, unsigned valid);
    [[nodiscard]] bool enabled() const;
    void forget_lines();
    void flush(Cycles now);
    void index_lines();
    void stream_due(Cycles when);
    void schedule_stream(Cycles from);
    Flash& flash_;
    Ssi& ssi_;
    Crossbar* crossbar_ = nullptr;
    XipLosses losses_;
    /// Valid words of each flash line while the cache is enabled: the tags, indexed for speed. One more, which is none:
    /// an instruction can begin in the last one and end behind.
    std::vector<std::uint8_t> cached_;
};

}  // namespace rp2040
