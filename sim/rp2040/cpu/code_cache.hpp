// Decoded pages by address, shared by both cores.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "cpu/coverage.hpp"
#include "cpu/op.hpp"

namespace rp2040 {

/// Where instructions come from: reads without side effects or timing.
class CodeSource {
  public:
    virtual ~CodeSource() = default;
    /// Halfword at an even address; false where instructions cannot be fetched.
    virtual bool fetch(std::uint32_t address, std::uint16_t& halfword) const = 0;
    /// What the XIP cache has of flash from `address` on.
    virtual const std::uint8_t* lines(std::uint32_t address) const = 0;
};

class CodeCache {
  public:
    explicit CodeCache(const CodeSource& source) : source_(source) {}

    /// The page that holds `address`, or nullptr where nothing can be executed.
    DecodedPage* find(std::uint32_t address) {
        const Slot& slot = recent_[address / kPageBytes % recent_.size()];
        return slot.page != nullptr && slot.base == (address & ~(kPageBytes - 1)) ? slot.page : find_slow(address);
    }

    /// Decodes one op in its page and installs the handler that its place calls for.
    void decode_op(DecodedPage& page, std::uint32_t index);

    /// Forgets what was decoded from `bytes` bytes at `address` (as executed from that very address).
    void invalidate(std::uint32_t address, std::uint32_t bytes);
    /// A store has met a word of SRAM, at `offset`, that holds decoded code. Where that happens again and again the
    /// code is most likely over (boot2's copy lies where core 0's stack grows): forget_worn() then lets stores pass.
    void stored_over_code(std::uint32_t offset) {
        std::uint8_t& stores = stores_[offset / kCodeBlock];
        if (stores < kWorn && ++stores == kWorn) worn_.push_back(offset & ~(kCodeBlock - 1));
    }
    [[nodiscard]] bool worn() const { return !worn_.empty(); }
    /// Not while an instruction is in execution.
    void forget_worn();
    /// The XIP cache has got words of the line at `address`, or lost them.
    void line_changed(std::uint32_t address);
    /// Forgets everything decoded from addresses for which the top byte is `top` (0x10: flash and its aliases).
    void invalidate_all();

    /// Places where execution must pass through op_hook: breakpoints, function entries and returns.
    void add_hook(std::uint32_t address);
    void remove_hook(std::uint32_t address);
    [[nodiscard]] bool hooked(std::uint32_t address) const { return hooks_.contains(address); }

    /// Gathers coverage into `coverage`, or stops with null.
    void cover(Coverage* coverage);
    /// The handler that the op's place calls for; `wide`: it has two halfwords.
    [[nodiscard]] Handler handler_for(const DecodedPage& page, std::uint32_t index, bool wide) const;

    /// Non-zero for every kCodeBlock bytes of SRAM (from 0x20000000) that has decoded code; stores test it.
    [[nodiscard]] const std::uint8_t* sram_code_map() const { return sram_code_map_.data(); }
    /// The same for every word: where a block has both code and data.
    [[nodiscard]] const std::uint8_t* sram_code_words() const { return sram_code_words_.data(); }

  private:
    struct Slot {
        std::uint32_t base = 0;
        DecodedPage* page = nullptr;
    };

    DecodedPage* find_slow(std::uint32_t address);
    [[nodiscard]] DecodedPage* decoded(std::uint32_t address);
    static void forget(DecodedPage& page);
    static void forget(DecodedPage& page, std::uint32_t index);
    void mark_poll(std::uint32_t address, Op& op) const;
    void note_watched(DecodedPage& page) const;
    static void choose_pair_handler(DecodedPage& page, std::uint32_t index);
    void hook_changed(std::uint32_t address);
    void mark_code(std::uint32_t address);

    const CodeSource& source_;
    Coverage* coverage_ = nullptr;
    std::unordered_map<std::uint32_t, std::unique_ptr<DecodedPage>> pages_;
    std::array<Slot, 256> recent_{};
    std::unordered_set<std::uint32_t> hooks_;
    static constexpr std::uint8_t kWorn = 200;
    std::vector<std::uint8_t> stores_ = std::vector<std::uint8_t>(0x42000 / kCodeBlock);
    std::vector<std::uint32_t> worn_;  ///< Offsets of blocks.
    std::vector<std::uint8_t> sram_code_map_ = std::vector<std::uint8_t>(0x42000 / kCodeBlock);
    std::vector<std::uint8_t> sram_code_words_ = std::vector<std::uint8_t>(0x42000 / 4);
};

}  // namespace rp2040
