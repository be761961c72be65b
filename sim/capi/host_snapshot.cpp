// The state of a chip whose processor is the host's: the chip's own snapshot, and what stands between the two.
#include "base/snapshot.hpp"
#include "base/state_vectors.hpp"
#include "capi/external_chip.hpp"

namespace rp2040 {

namespace {

constexpr std::uint32_t kLayout = RP2040_STATE_LAYOUT;

template <class Item>
std::vector<Item> read_all(StateReader& in) {
    std::vector<Item> items;
    get_all(in, items);
    return items;
}

}  // namespace

std::vector<std::uint8_t> ExternalChip::save_all() const {
    SnapshotWriter out(kLayout);
    out.section("targets");
    for (const auto& target : i2c_targets_) {
        out.state().put(target ? target->sda : 0u);
        out.state().put(target ? target->scl : 0u);
    }
    out.section("chip");
    put_all(out.state(), save());
    out.section("host");
    StateWriter& host = out.state();
    host.put(lines_);
    host.put(reported_hz_);
    put_all(host, kept_);
    host.put(raised_);
    host.put(executed_cores);
    for (const SysTick& systick : systicks_) systick.save(host);
    for (const HostCore& core : cores) {
        host.put(core.time);
        std::vector<SavedContext> interrupted;
        for (const Context& context : core.interrupted) interrupted.push_back(saved(context));
        put_all(host, interrupted);
        host.put(saved(core.running));
        host.put(core.charged);
        host.put(core.origin);
        host.put(core.in_exceptions);
        host.put(core.access_extra);
        host.put(core.last_access);
    }
    out.section("serial");
    serial.save(out.state());
    return out.take();
}

void ExternalChip::restore_all(std::span<const std::uint8_t> bytes) {
    const Snapshot snapshot(bytes, kLayout);
    // Targets hang on pins, and the chip's snapshot wants the devices that it knows. They go back if it refuses.
    std::array<std::array<std::uint32_t, 2>, 2> before{}, pins{};
    snapshot.read("targets", [&](StateReader& in) {
        for (auto& target : pins) in.get(target);
    });
    const auto put = [&](const auto& places) {
        for (unsigned n = 0; n < 2; ++n)
            if (HostI2c* const target = i2c_targets_[n].get()) put_on(*target, places[n][0], places[n][1]);
    };
    for (unsigned n = 0; n < 2; ++n)
        if (const HostI2c* const target = i2c_targets_[n].get()) before[n] = {target->sda, target->scl};
    put(pins);
    try {
        snapshot.read("chip", [&](StateReader& in) { restore(read_all<std::uint8_t>(in)); });
    } catch (...) {
        put(before);
        throw;
    }
    for (const unsigned core : {0u, 1u}) forget_blocks(core);
    std::vector<std::vector<SavedContext>> contexts;
    snapshot.read("host", [&](StateReader& in) {
        in.get(lines_);
        in.get(reported_hz_);
        kept_ = read_all<Kept>(in);
        in.get(raised_);
        in.get(executed_cores);
        for (SysTick& systick : systicks_) systick.restore(in);
        for (HostCore& core : cores) {
            in.get(core.time);
            contexts.push_back(read_all<SavedContext>(in));
            in.get(contexts.back().emplace_back());
            in.get(core.charged);
            in.get(core.origin);
            in.get(core.in_exceptions);
            in.get(core.access_extra);
            in.get(core.last_access);
        }
    });
    snapshot.read("serial", [&](StateReader& in) { serial.restore(in); });
    host_bus.told_due = kNever;
    for (auto& core : host_bus.cores) core.stale = true;
    forget_code();
    endings_.clear();
    for (unsigned core = 0; core < 2; ++core) {
        cores[core].interrupted.clear();
        for (const SavedContext& context : contexts[core]) cores[core].interrupted.push_back(restored(context));
        cores[core].running = cores[core].interrupted.back();
        cores[core].interrupted.pop_back();
    }
}

ExternalChip::SavedContext ExternalChip::saved(const Context& context) {
    const BlockCost* const last = context.last;
    if (last == nullptr) return {.began = context.began};
    return {last->end, true, last->conditional, last->links, context.began};
}

ExternalChip::Context ExternalChip::restored(const SavedContext& saved) {
    if (!saved.known) return {nullptr, saved.began};
    BlockCost& ending = endings_.emplace_back();
    ending.end = saved.end;
    ending.conditional = saved.conditional;
    ending.links = saved.links;
    return {&ending, saved.began};
}

}  // namespace rp2040
