#include "capi/block_hook.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <utility>

#include "capi/external_chip.hpp"

namespace rp2040 {

namespace {

constexpr std::size_t kHooks = 64;  // two slots each, one for each core
// A block is no longer than a page of code; hosts give the largest count for "unknown", and 0 when nothing was
// executed.
constexpr std::uint32_t kLongestBlock = 0x10000;

std::array<std::atomic<ExternalChip*>, kHooks> owners;
std::mutex taking;

template <std::size_t Slot>
void hook(std::uint64_t pc, std::uint32_t instructions) {
    ExternalChip* const chip = owners[Slot / 2].load(std::memory_order_relaxed);
    if (chip == nullptr || instructions == 0 || instructions > kLongestBlock) return;
    chip->report_block(Slot % 2, static_cast<std::uint32_t>(pc), instructions);
}

template <std::size_t... Slots>
constexpr std::array<BlockHook, 2 * kHooks> make_hooks(std::index_sequence<Slots...>) {
    return {hook<Slots>...};
}
constexpr auto hooks = make_hooks(std::make_index_sequence<2 * kHooks>());

}  // namespace

BlockHook take_block_hook(ExternalChip& chip, unsigned core) {
    const std::scoped_lock lock(taking);
    for (std::size_t slot = 0; slot < kHooks; ++slot)
        if (owners[slot] == &chip) return hooks[2 * slot + core];
    for (std::size_t slot = 0; slot < kHooks; ++slot) {
        if (owners[slot] != nullptr) continue;
        owners[slot] = &chip;
        return hooks[2 * slot + core];
    }
    return nullptr;
}

void release_block_hook(const ExternalChip& chip) {
    const std::scoped_lock lock(taking);
    for (auto& owner : owners)
        if (owner == &chip) owner = nullptr;
}

}  // namespace rp2040
