// The state of the whole chip as bytes and back.
#include "chip.hpp"

namespace rp2040 {

namespace {
/// Snapshots are raw states: the build hashes the sources that lay them out.
constexpr std::uint32_t kSnapshotMagic = RP2040_STATE_LAYOUT;
}  // namespace

std::vector<std::uint8_t> Chip::save() const {
    StateWriter out;
    out.put(kSnapshotMagic);
    out.put(flash_.size());
    time_.save(out);
    bus_.save(out);
    flash_.save(out);
    pins_.save(out);
    for (const Block& b : blocks_) b.block->save(out);
    core0_.save(out);
    core1_.save(out);
    out.put(resets_requested_);
    out.put(events_.state());
    return out.take();
}

void Chip::restore(std::span<const std::uint8_t> snapshot) {
    StateReader in(snapshot.data(), snapshot.size());
    std::uint32_t magic = 0, flash_bytes = 0;
    in.get(magic);
    in.get(flash_bytes);
    if (magic != kSnapshotMagic) throw std::invalid_argument("not a snapshot of this build of the library");
    if (flash_bytes != flash_.size())
        throw std::invalid_argument("snapshot is of a chip with " + std::to_string(flash_bytes) +
                                    " bytes of flash, this one has " + std::to_string(flash_.size()));
    time_.restore(in);
    bus_.restore(in);
    flash_.restore(in);
    pins_.restore(in);
    for (const Block& b : blocks_) b.block->restore(in);
    update_held();
    core0_.restore(in);
    core1_.restore(in);
    in.get(resets_requested_);
    pins_.note_awaited();
    // Last: blocks may have scheduled events while they were restored.
    Scheduler::State queue;
    in.get(queue);
    events_.set_state(queue);
    boot_error_.clear();
}

}  // namespace rp2040
