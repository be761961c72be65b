// The state of the whole chip as bytes and back: a section for each part, by name.
#include <algorithm>

#include "chip.hpp"

namespace rp2040 {

namespace {

/// Sections hold raw states: the build hashes the sources that lay them out.
constexpr std::uint32_t kLayout = RP2040_STATE_LAYOUT;
constexpr std::string_view kDevice = "device ";

std::string quoted(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "'" : ", '") + name + "'";
    return text;
}

}  // namespace

/// Every part of the chip itself with its section's name, in the order in which they can be restored.
template <class Visit>
void Chip::visit_parts(auto& chip, Visit&& visit) {
    visit("time", chip.time_);
    visit("bus", chip.bus_);
    visit("pins", chip.pins_);
    for (const Block& b : chip.blocks_) visit(b.block->name(), *b.block);
    visit("core0", chip.core0_);
    visit("core1", chip.core1_);
}

std::vector<std::uint8_t> Chip::save() const {
    SnapshotWriter out(kLayout);
    out.section("flash size");
    out.state().put(flash_.size());
    const std::vector<Device*> devices = devices_.devices();
    for (std::size_t i = 0; i < devices.size(); ++i) {
        out.section(std::string(kDevice) + std::string(devices[i]->name()));
        devices_.save(i, out.state());
    }
    visit_parts(*this, [&](std::string_view name, const auto& part) {
        out.section(name);
        part.save(out.state());
    });
    out.section("events");
    out.state().put(requests_);
    out.state().put(events_.state());
    return out.take();
}

std::vector<std::string> Chip::differences(std::span<const std::uint8_t> snapshot) const {
    const std::vector<std::uint8_t> present = save();
    return Snapshot(present, kLayout).differences(Snapshot(snapshot, kLayout));
}

/// Devices come first: they may refuse, and are put back then, before anything else has changed.
void Chip::restore_devices(const Snapshot& snapshot, bool power_on_others) {
    std::vector<std::string> surplus, missing;
    for (const std::string& name : snapshot.names())
        if (name.starts_with(kDevice)) surplus.push_back(name.substr(kDevice.size()));
    const std::vector<Device*> devices = devices_.devices();
    for (const Device* device : devices)
        if (std::erase(surplus, device->name()) == 0) missing.emplace_back(device->name());
    if (!surplus.empty())
        throw std::invalid_argument("the snapshot has " + quoted(surplus) +
                                    ", which is not attached here; attach the devices that it was made with");
    if (!missing.empty() && !power_on_others)
        throw std::invalid_argument("the snapshot was made without " + quoted(missing) +
                                    "; attach the devices that it was made with");
    std::vector<std::vector<std::uint8_t>> before;
    try {
        for (std::size_t i = 0; i < devices.size(); ++i) {
            StateWriter old;
            devices_.save(i, old);
            before.push_back(old.take());
            if (std::find(missing.begin(), missing.end(), devices[i]->name()) != missing.end()) {
                devices[i]->power_on();
                continue;
            }
            snapshot.read(std::string(kDevice) + std::string(devices[i]->name()),
                          [&](StateReader& in) { devices_.restore(i, in); });
        }
    } catch (...) {
        for (std::size_t i = 0; i < before.size(); ++i) {
            StateReader old(before[i].data(), before[i].size());
            devices_.restore(i, old);
        }
        throw;
    }
}

void Chip::restore(std::span<const std::uint8_t> bytes, bool power_on_others) {
    const Snapshot snapshot(bytes, kLayout);
    std::uint32_t flash_bytes = 0;
    snapshot.read("flash size", [&](StateReader& in) { in.get(flash_bytes); });
    if (flash_bytes != flash_.size())
        throw std::invalid_argument("snapshot is of a chip with " + std::to_string(flash_bytes) +
                                    " bytes of flash, this one has " + std::to_string(flash_.size()));
    restore_devices(snapshot, power_on_others);
    stopped_too_ = nullptr;
    visit_parts(*this, [&](std::string_view name, auto& part) {
        snapshot.read(name, [&](StateReader& in) { part.restore(in); });
        if (name == "pins") devices_.restored();
    });
    update_held();
    for (const Block& b : blocks_) b.block->restore_clocked((b.gates & ~clocks_.enabled()) == 0);
    pins_.note_awaited();
    // Last: blocks may have scheduled events while they were restored.
    Scheduler::State queue{};
    snapshot.read("events", [&](StateReader& in) {
        in.get(requests_);
        in.get(queue);
    });
    events_.set_state(queue);
    boot_error_.clear();
}

}  // namespace rp2040
