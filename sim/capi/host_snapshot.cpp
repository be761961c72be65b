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
    host.put(time);
    put_all(host, kept_);
    host.put(raised_);
    std::vector<Cycles> began;
    for (const Context& context : interrupted_) began.push_back(context.began);
    put_all(host, began);
    host.put(running_.began);
    host.put(charged_);
    host.put(in_exceptions_);
    host.put(access_extra_);
    host.put(last_access_);
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
    snapshot.read("host", [&](StateReader& in) {
        in.get(lines_);
        in.get(reported_hz_);
        in.get(time);
        kept_ = read_all<Kept>(in);
        in.get(raised_);
        interrupted_.clear();
        for (const Cycles began : read_all<Cycles>(in)) interrupted_.push_back({nullptr, began});
        running_ = {};
        in.get(running_.began);
        in.get(charged_);
        in.get(in_exceptions_);
        in.get(access_extra_);
        in.get(last_access_);
    });
    snapshot.read("serial", [&](StateReader& in) { serial.restore(in); });
    host_bus.told_due = kNever;
    host_bus.stale = true;
    forget_code();
}

}  // namespace rp2040
