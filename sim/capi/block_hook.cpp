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
std::array<std::atomic<ExternalChip*>, kHooks> owners;
std::mutex taking;

// Most blocks of a program that computes are rounds of a loop: they must not leave this function.
template <std::size_t Slot>
std::uint32_t hook(std::uint64_t pc, std::uint32_t instructions) {
    ExternalChip* const chip = owners[Slot / 2].load(std::memory_order_relaxed);
    if (chip == nullptr || chip->cores[Slot % 2].is_next_round(pc, instructions)) return 1;
    return chip->begin_block(Slot % 2, static_cast<std::uint32_t>(pc), instructions) ? 1 : 0;
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
