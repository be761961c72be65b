#include "bus/flash.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "base/random.hpp"

namespace rp2040 {

namespace {
constexpr std::uint64_t kPageProgramTime = 400;  // microseconds, typical: W25Q16JV data sheet, 9.6
constexpr std::uint8_t kReset = 0x99, kReleasePowerDown = 0xab, kEndOfContinuousRead = 0xff;
}  // namespace

Flash::Flash(std::uint32_t bytes, std::string name) : name_(std::move(name)), data_(bytes, 0xff) {
    std::memset(state_.security, 0xff, sizeof state_.security);
}

void Flash::load(std::uint32_t offset, std::span<const std::uint8_t> bytes) {
    keep_original(offset, static_cast<std::uint32_t>(bytes.size()));
    std::copy(bytes.begin(), bytes.end(), data_.begin() + offset);
}

/// Power is switched on: what is not volatile stays.
void Flash::reset() {
    const State old = state_;
    state_ = State{};
    state_.status2 = old.status2;
    state_.status3 = old.status3;
    std::memcpy(state_.security, old.security, sizeof state_.security);
    instruction_ = nullptr;
}

void Flash::begin_busy(Cycles now, std::uint64_t microseconds) {
    state_.busy_until = port()->cycle_at(port()->picoseconds(now) + microseconds * 1'000'000);
    state_.write_enabled = false;
}

void Flash::keep_original(std::uint32_t offset, std::uint32_t bytes) {
    for (std::uint32_t sector = offset / kSectorBytes; sector * kSectorBytes < offset + bytes; ++sector) {
        const auto first = data_.begin() + sector * kSectorBytes;
        originals_.try_emplace(sector, first, first + kSectorBytes);
    }
}

void Flash::remember(std::uint32_t offset, std::uint32_t bytes, Cycles now) {
    change_.offset = offset;
    change_.begun = now;
    change_.before.assign(data_.begin() + offset, data_.begin() + offset + bytes);
}

void Flash::cut_power(Cycles now, std::uint64_t seed) {
    if (!busy(now) || change_.before.empty()) return;
    const std::uint64_t all = state_.busy_until - change_.begun;
    const std::uint64_t done = all == 0 ? 256 : 256 * (now - std::min(now, change_.begun)) / all;
    for (std::size_t i = 0; i < change_.before.size(); ++i) {
        const std::uint64_t chance = next_random(seed);
        std::uint8_t changed = 0;
        for (unsigned bit = 0; bit < 8; ++bit)
            if ((chance >> 8 * bit & 0xff) < done) changed |= static_cast<std::uint8_t>(1u << bit);
        std::uint8_t& byte = data_[change_.offset + i];
        byte = static_cast<std::uint8_t>((byte & changed) | (change_.before[i] & ~changed));
    }
    if (on_change) on_change(change_.offset, static_cast<std::uint32_t>(change_.before.size()));
    change_.before.clear();
    state_.busy_until = now;
}

void Flash::erase(std::uint32_t offset, std::uint32_t bytes, Cycles now, std::uint64_t microseconds) {
    if (!state_.write_enabled) return;
    offset &= ~(bytes - 1);
    keep_original(offset, bytes);
    remember(offset, bytes, now);
    std::fill_n(data_.begin() + offset, bytes, 0xff);
    begin_busy(now, microseconds);
    if (on_change) on_change(offset, bytes);
}

void Flash::program(Cycles now) {
    if (!state_.write_enabled || state_.page_bytes == 0) return;
    const std::uint32_t page = address() & ~(kPageBytes - 1);
    keep_original(page, kPageBytes);
    remember(page, kPageBytes, now);
    // Programming clears bits; data beyond the page's end wraps to its beginning.
    for (std::uint32_t i = 0; i < std::min(state_.page_bytes, kPageBytes); ++i) {
        const std::uint32_t in_page = (address() + i) & (kPageBytes - 1);
        data_[page + in_page] &= state_.page[i % kPageBytes];
    }
    begin_busy(now, kPageProgramTime);
    if (on_change) on_change(page, kPageBytes);
}

void Flash::select() {
    state_.selected = true;
    state_.count = 0;
    state_.page_bytes = 0;
    std::fill(std::begin(state_.head), std::end(state_.head), std::uint8_t{0});
    instruction_ = nullptr;
}

void Flash::spi_select(bool selected, Cycles now) {
    if (selected)
        select();
    else
        deselect(now);
}

/// The byte that goes out while the next one comes in.
std::uint16_t Flash::spi_send(unsigned, Cycles now) {
    if (state_.count == 0 || instruction_ == nullptr || instruction_->reply == nullptr) return 0xff;
    return instruction_->reply(*this, state_.count, now);
}

void Flash::spi_receive(std::uint16_t value, unsigned, Cycles now) {
    receive(static_cast<std::uint8_t>(value), now);
    ++state_.count;
}

void Flash::receive(std::uint8_t byte, Cycles now) {
    State& s = state_;
    if (s.count == 0) {
        // In continuous read mode the first byte is an address and mode bits: those of these transfers end the mode.
        s.instruction = s.continuous ? kEndOfContinuousRead : byte;
        s.continuous = false;
        instruction_ = find(s.instruction);
        s.ignored = instruction_ != nullptr &&
                    (busy(now) ? !instruction_->while_busy : s.powered_down && s.instruction != kReleasePowerDown);
        if (s.ignored) instruction_ = nullptr;
    } else if (s.count <= std::size(s.head)) {
        s.head[s.count - 1] = byte;
    } else {
        s.page[s.page_bytes++ % kPageBytes] = byte;
    }
}

void Flash::deselect(Cycles now) {
    if (!std::exchange(state_.selected, false) || state_.count == 0) return;
    const bool reset_enabled = std::exchange(state_.reset_enabled, false);
    if (instruction_ == nullptr || instruction_->on_deselect == nullptr) return;
    if (reset_enabled && instruction_->code == kReset) state_.reset_enabled = true;
    instruction_->on_deselect(*this, now);
}

void Flash::fast_read(std::uint8_t, std::uint32_t, std::uint8_t mode) {
    state_.continuous = (mode & 0x30) == 0x20;  // M5-4 = 10: continuous read mode, 8.2.15
}

void Flash::save(StateWriter& out) const {
    out.put(image_);
    out.put(state_);
    const auto changing =
        static_cast<std::uint32_t>(port() != nullptr && busy(port()->now()) ? change_.before.size() : 0);
    out.put(changing);
    out.put(change_.offset);
    out.put(change_.begun);
    out.bytes(change_.before.data(), changing);
    out.put(static_cast<std::uint32_t>(originals_.size()));
    for (const auto& [sector, original] : originals_) {
        out.put(sector);
        out.bytes(data_.data() + sector * kSectorBytes, kSectorBytes);
    }
}

void Flash::restore(StateReader& in) {
    std::uint64_t image = 0;
    in.get(image);
    if (image != image_) throw std::invalid_argument("the snapshot is of a chip with another program in flash");
    in.get(state_);
    std::uint32_t changing = 0;
    in.get(changing);
    in.get(change_.offset);
    in.get(change_.begun);
    if (changing > size() || change_.offset > size() - changing)
        throw std::invalid_argument("the snapshot is of a chip with a larger flash");
    change_.before.resize(changing);
    in.bytes(change_.before.data(), changing);
    instruction_ = state_.count != 0 && !state_.ignored ? find(state_.instruction) : nullptr;
    // Back to the loaded image, then the snapshot's changed sectors on top.
    for (const auto& [sector, original] : originals_) {
        std::copy(original.begin(), original.end(), data_.begin() + sector * kSectorBytes);
        if (on_change) on_change(sector * kSectorBytes, kSectorBytes);
    }
    originals_.clear();
    std::uint32_t count;
    in.get(count);
    while (count-- > 0) {
        std::uint32_t sector;
        in.get(sector);
        if (sector >= size() / kSectorBytes)
            throw std::invalid_argument("the snapshot is of a chip with a larger flash");
        keep_original(sector * kSectorBytes, kSectorBytes);
        in.bytes(data_.data() + sector * kSectorBytes, kSectorBytes);
        if (on_change) on_change(sector * kSectorBytes, kSectorBytes);
    }
}

}  // namespace rp2040
