#include "cpu/code_cache.hpp"

#include <algorithm>

#include "bus/memory_map.hpp"
#include "bus/xip.hpp"
#include "cpu/decoder.hpp"
#include "cpu/pair_handlers.hpp"
#include "cpu/polling.hpp"

namespace rp2040 {

namespace {
/// Whether the XIP cache has the word that an op in flash is the first of, or ends in.
bool in_cache(const DecodedPage& page, std::uint32_t index) {
    const std::uint32_t address = page.base + (index + index % 2) * 2;
    return Xip::has(page.lines[(address - page.base) / kXipLineBytes], address);
}

/// The handler of an op in flash that has a word to fetch.
Handler fetching(const DecodedPage& page, std::uint32_t index) {
    if (in_cache(page, index)) return kCached[static_cast<std::size_t>(page.ops[index].operation)];
    return index % 2 == 0 ? &op_fetch : &op_fetch_second;
}
}  // namespace

void CodeCache::forget(DecodedPage& page, std::uint32_t index) {
    page.ops[index] = {index < kPageOps ? &op_undecoded : &op_next_page, 0, 0, 0, 0, Operation::undecoded};
    choose_pair_handler(page, index);
}

void CodeCache::forget(DecodedPage& page) {
    for (std::uint32_t index = 0; index < page.ops.size(); ++index) forget(page, index);
}

void CodeCache::choose_pair_handler(DecodedPage& page, std::uint32_t index) {
    const Op& op = page.ops[index];
    // A branch to the next instruction fetches nothing but what it would have.
    const bool near = op.operation >= Operation::b_near && op.operation <= Operation::bl_near;
    const bool to_next = near && op.imm == (is_wide(op.operation) ? 2u : 1u);
    const pair::Handlers& handlers = page.watched || to_next ? pair::kAlone
                                     : !page.xip             ? pair::kPaired
                                     : in_cache(page, index) ? pair::kInCache
                                                             : pair::kNotInCache;
    const std::size_t row = index % 2 * pair::kOperations;
    page.pair_ops[index].handler = handlers[row + static_cast<std::size_t>(op.operation)];
}

DecodedPage* CodeCache::find_slow(std::uint32_t address) {
    const std::uint32_t base = address & ~(kPageBytes - 1);
    auto found = pages_.find(base);
    if (found == pages_.end()) {
        std::uint16_t halfword;
        if (!source_.fetch(base, halfword)) return nullptr;
        auto page = std::make_unique<DecodedPage>();
        page->lie_at(base);
        page->xip = base >> 26 == kXipBase >> 26;
        if (page->xip) page->lines = source_.lines(base);
        if (coverage_ != nullptr) page->coverage = coverage_->page(base).data();
        note_watched(*page);
        forget(*page);
        found = pages_.emplace(base, std::move(page)).first;
    }
    recent_[base / kPageBytes % recent_.size()] = {base, found->second.get()};
    return found->second.get();
}

void CodeCache::decode_op(DecodedPage& page, std::uint32_t index) {
    const std::uint32_t address = page.base + index * 2;
    Op& op = page.ops[index];
    std::uint16_t first = 0, second = 0;
    if (!source_.fetch(address, first)) {
        op.handler = &op_fetch_fault;
        return;
    }
    const bool second_fetched = source_.fetch(address + 2, second);
    const bool wide = is_wide(first);
    if (wide && !second_fetched) {
        op.handler = &op_fetch_fault;
        return;
    }
    op = decode(address, first, second);
    if (page.coverage != nullptr)
        page.coverage[index] |= Coverage::executed;
    else
        mark_poll(address, op);
    op.handler = handler_for(page, index, wide);
    choose_pair_handler(page, index);
    mark_code(address);
    if (wide) mark_code(address + 2);
}

/// A branch that may close a loop that waits gets an operation of its own, which has a look at it. In flash, one to the
/// middle of a word is no near one (decoder.cpp), and has to fetch that word.
void CodeCache::mark_poll(std::uint32_t address, Op& op) const {
    const bool near = op.operation >= Operation::b_near && op.operation <= Operation::ble_near,
               flash = (op.operation == Operation::b || op.operation == Operation::b_cond) && address >> 28 == 1 &&
                       (op.imm & 2) != 0 && op.imm / kPageBytes == address / kPageBytes;
    if (!near && !flash) return;
    const auto back = near ? -static_cast<std::ptrdiff_t>(static_cast<std::int32_t>(op.imm))
                           : (static_cast<std::ptrdiff_t>(address) - static_cast<std::ptrdiff_t>(op.imm)) / 2;
    if (back < 0 || back > kLongestPoll) return;
    std::array<Op, kLongestPoll + 1> loop;
    for (std::ptrdiff_t n = 0; n < back; ++n) {
        std::uint16_t code = 0;
        if (!source_.fetch(address - static_cast<std::uint32_t>(back - n) * 2, code) || is_wide(code)) return;
        loop[static_cast<std::size_t>(n)] = decode(address - static_cast<std::uint32_t>(back - n) * 2, code, 0);
    }
    Op poll = op;
    poll.operation = near ? Operation::poll_near : Operation::poll_flash;
    if (op.operation == Operation::b_near || op.operation == Operation::b) poll.rd = kAlways;
    loop[static_cast<std::size_t>(back)] = poll;
    const Op* const end = loop.data() + back;
    if (!may_poll(loop.data(), end)) return;
    poll.rm = polls(loop.data(), end) ? 0 : kBranching;
    op = poll;
}

Handler CodeCache::handler_for(const DecodedPage& page, std::uint32_t index, bool wide) const {
    const Op& op = page.ops[index];
    const std::uint32_t address = page.base + index * 2;
    if (hooked(address)) return &op_hook;
    if (page.coverage != nullptr && is_conditional(op.operation) &&
        (page.coverage[index] & Coverage::kBothWays) != Coverage::kBothWays)
        return &op_covered_branch;
    if (page.xip && ((address & 2) == 0 || wide)) return fetching(page, index);
    return kHandlers[static_cast<std::size_t>(op.operation)];
}

void CodeCache::cover(Coverage* coverage) {
    coverage_ = coverage;
    for (auto& [base, page] : pages_) {
        page->coverage = coverage == nullptr ? nullptr : coverage->page(base).data();
        note_watched(*page);
        forget(*page);
    }
}

void CodeCache::mark_code(std::uint32_t address) {
    std::uint32_t offset = address - kSramBase;
    if (address - kSramBanksBase < kSramBanksSize) offset = striped_offset(address);
    if (offset < kSramSize) sram_code_map_[offset / kCodeBlock] = sram_code_words_[offset / 4] = 1;
}

/// The page of an address, if anything has been decoded there.
DecodedPage* CodeCache::decoded(std::uint32_t address) {
    const Slot& slot = recent_[address / kPageBytes % recent_.size()];
    if (slot.page != nullptr && slot.base == (address & ~(kPageBytes - 1))) return slot.page;
    const auto found = pages_.find(address & ~(kPageBytes - 1));
    return found == pages_.end() ? nullptr : found->second.get();
}

void CodeCache::invalidate(std::uint32_t address, std::uint32_t bytes) {
    // A 32-bit instruction that begins in the halfword before also ends here.
    const std::uint32_t first = (address & ~1u) - 2, last = address + bytes - 1;
    for (std::uint32_t at = first; at - first <= last - first; at += 2) {
        if (DecodedPage* const page = decoded(at))
            forget(*page, (at - page->base) / 2);
        else
            at |= kPageBytes - 2;  // nothing in this page
    }
}

void CodeCache::line_changed(std::uint32_t address) {
    // A 32-bit instruction that begins in the halfword before also ends here.
    for (std::uint32_t at = address - 2; at != address + kXipLineBytes; at += 2) {
        DecodedPage* const page = decoded(at);
        if (page == nullptr) continue;
        const std::uint32_t index = (at - page->base) / 2;
        Op& op = page->ops[index];
        const Handler cached = kCached[static_cast<std::size_t>(op.operation)];
        if (op.handler == cached || op.handler == &op_fetch || op.handler == &op_fetch_second)
            op.handler = fetching(*page, index);
        choose_pair_handler(*page, index);
    }
}

void CodeCache::forget_worn() {
    for (const std::uint32_t block : worn_) {
        invalidate(kSramBase + block, kCodeBlock);
        if (block < kSramStripedSize)
            for (std::uint32_t word = block; word < block + kCodeBlock; word += 4) invalidate(banks_address(word), 4);
        sram_code_map_[block / kCodeBlock] = stores_[block / kCodeBlock] = 0;
        std::fill_n(sram_code_words_.begin() + block / 4, kCodeBlock / 4, std::uint8_t{0});
    }
    worn_.clear();
}

void CodeCache::invalidate_all() {
    for (auto& [base, page] : pages_) forget(*page);
    sram_code_map_.assign(sram_code_map_.size(), 0);
    sram_code_words_.assign(sram_code_words_.size(), 0);
}

void CodeCache::note_watched(DecodedPage& page) const {
    const bool before = page.watched;
    page.watched = coverage_ != nullptr || std::any_of(hooks_.begin(), hooks_.end(), [&page](std::uint32_t hook) {
                       return (hook & ~(kPageBytes - 1)) == page.base;
                   });
    if (page.watched == before) return;
    for (std::uint32_t index = 0; index < page.ops.size(); ++index) choose_pair_handler(page, index);
}

void CodeCache::hook_changed(std::uint32_t address) {
    invalidate(address, 2);
    if (const auto found = pages_.find(address & ~(kPageBytes - 1)); found != pages_.end())
        note_watched(*found->second);
}

void CodeCache::add_hook(std::uint32_t address) {
    hooks_.insert(address);
    hook_changed(address);
}

void CodeCache::remove_hook(std::uint32_t address) {
    hooks_.erase(address);
    hook_changed(address);
}

}  // namespace rp2040
