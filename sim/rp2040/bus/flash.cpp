#include "bus/flash.hpp"

#include <algorithm>
#include <cstdio>

#include "base/peripheral.hpp"

namespace rp2040 {

namespace {

// Instructions of the W25Q16JV data sheet, table 8.1.2.
enum Instruction : std::uint8_t {
    kWriteStatus1 = 0x01,
    kPageProgram = 0x02,
    kReadData = 0x03,
    kWriteDisable = 0x04,
    kReadStatus1 = 0x05,
    kWriteEnable = 0x06,
    kFastRead = 0x0b,
    kReadStatus3 = 0x15,
    kSectorErase = 0x20,
    kWriteStatus2 = 0x31,
    kReadStatus2 = 0x35,
    kUniqueId = 0x4b,
    kVolatileWriteEnable = 0x50,
    kBlockErase32 = 0x52,
    kChipErase60 = 0x60,
    kEnableReset = 0x66,
    kManufacturerId = 0x90,
    kReset = 0x99,
    kJedecId = 0x9f,
    kReleasePowerDown = 0xab,
    kPowerDown = 0xb9,
    kChipEraseC7 = 0xc7,
    kBlockErase64 = 0xd8,
    kExitContinuous = 0xff,
};

// Typical times of the same data sheet, 9.6, in microseconds.
constexpr std::uint64_t kWriteStatusTime = 10'000, kPageProgramTime = 400, kSectorEraseTime = 45'000,
                        kBlock32EraseTime = 120'000, kBlock64EraseTime = 150'000, kChipEraseTime = 5'000'000;

constexpr std::uint8_t kWinbond = 0xef, kDeviceType = 0x40;
constexpr std::uint64_t kUniqueIdValue = 0xe660583883216426;

}  // namespace

Flash::Flash(std::uint32_t bytes, std::string name) : name_(std::move(name)), data_(bytes, 0xff) {}

void Flash::load(std::uint32_t offset, std::span<const std::uint8_t> bytes) {
    keep_original(offset, static_cast<std::uint32_t>(bytes.size()));
    std::copy(bytes.begin(), bytes.end(), data_.begin() + offset);
}

void Flash::reset() { state_ = State{.status2 = state_.status2}; }

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

void Flash::erase(std::uint32_t offset, std::uint32_t bytes, Cycles now, std::uint64_t microseconds) {
    if (!state_.write_enabled) return;
    offset &= ~(bytes - 1);
    keep_original(offset, bytes);
    std::fill_n(data_.begin() + offset, bytes, 0xff);
    begin_busy(now, microseconds);
    if (on_change) on_change(offset, bytes);
}

void Flash::program(Cycles now) {
    if (!state_.write_enabled || state_.page_bytes == 0) return;
    const std::uint32_t page = address() & ~(kPageBytes - 1);
    keep_original(page, kPageBytes);
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
    state_.address = 0;
    state_.page_bytes = 0;
}

void Flash::spi_select(bool selected, Cycles now) {
    if (selected)
        select();
    else
        deselect(now);
}

std::uint16_t Flash::spi_send(unsigned, Cycles now) { return respond(now); }

void Flash::spi_receive(std::uint16_t value, unsigned, Cycles now) {
    receive(static_cast<std::uint8_t>(value), now);
    ++state_.count;
}

/// The byte that goes out while the next one comes in.
std::uint8_t Flash::respond(Cycles now) const {
    const State& s = state_;
    if (s.count == 0) return 0xff;
    const bool busy = now < s.busy_until;
    const std::uint32_t n = s.count;  // bytes after the instruction, from 1
    switch (s.instruction) {
        case kReadStatus1: return static_cast<std::uint8_t>((busy ? 1 : 0) | (s.write_enabled ? 2 : 0));
        case kReadStatus2: return s.status2;
        case kReadStatus3: return 0;
        case kJedecId: {
            const std::uint8_t id[3] = {kWinbond, kDeviceType, static_cast<std::uint8_t>(__builtin_ctz(size()))};
            return id[(n - 1) % 3];
        }
        case kManufacturerId:
            if (n <= 3) return 0xff;
            return n % 2 == 0 ? kWinbond : static_cast<std::uint8_t>(__builtin_ctz(size()) - 1);
        case kReleasePowerDown: return n <= 3 ? 0xff : static_cast<std::uint8_t>(__builtin_ctz(size()) - 1);
        case kUniqueId: return n <= 4 ? 0xff : static_cast<std::uint8_t>(kUniqueIdValue >> (56 - 8 * ((n - 5) % 8)));
        case kReadData: return n <= 3 ? 0xff : read(s.address + n - 4);
        case kFastRead: return n <= 4 ? 0xff : read(s.address + n - 5);
        default: return 0xff;
    }
}

void Flash::receive(std::uint8_t out, Cycles now) {
    State& s = state_;
    if (s.count == 0) {
        const bool busy = now < s.busy_until;
        s.instruction = s.continuous ? static_cast<std::uint8_t>(kExitContinuous) : out;
        s.continuous = false;
        if (busy && out != kReadStatus1 && out != kReadStatus2 && out != kReadStatus3) s.instruction = kExitContinuous;
        return;
    }
    const std::uint32_t n = s.count;
    if (n <= 3) s.address = (s.address << 8 | out) & 0xffffff;
    switch (s.instruction) {
        case kWriteStatus1:
        case kWriteStatus2:
            if (n <= 2) s.status_write[n - 1] = out;
            return;
        case kPageProgram:
            if (n > 3) s.page[s.page_bytes++ % kPageBytes] = out;
            return;
        case kReadStatus1:
        case kReadStatus2:
        case kReadStatus3:
        case kJedecId:
        case kManufacturerId:
        case kReleasePowerDown:
        case kUniqueId:
        case kReadData:
        case kFastRead:
        case kWriteEnable:
        case kWriteDisable:
        case kVolatileWriteEnable:
        case kSectorErase:
        case kBlockErase32:
        case kBlockErase64:
        case kChipErase60:
        case kChipEraseC7:
        case kEnableReset:
        case kReset:
        case kPowerDown:
        case kExitContinuous:
        case 0x00: return;
        default: {
            char text[48];
            std::snprintf(text, sizeof text, "flash instruction 0x%02x", static_cast<unsigned>(s.instruction));
            throw Unmodelled("SSI", 0x60, true, text);
        }
    }
}

void Flash::deselect(Cycles now) {
    State& s = state_;
    if (!s.selected) return;
    s.selected = false;
    if (s.count == 0) return;
    const bool addressed = s.count == 4;  // erase instructions take effect with exactly three address bytes
    switch (s.instruction) {
        case kWriteEnable:
        case kVolatileWriteEnable: s.write_enabled = true; break;
        case kWriteDisable: s.write_enabled = false; break;
        case kWriteStatus1:
            if (!s.write_enabled) break;
            if (s.count >= 3) s.status2 = s.status_write[1];
            begin_busy(now, kWriteStatusTime);
            break;
        case kWriteStatus2:
            if (!s.write_enabled) break;
            s.status2 = s.status_write[0];
            begin_busy(now, kWriteStatusTime);
            break;
        case kPageProgram: program(now); break;
        case kSectorErase:
            if (addressed) erase(address(), kSectorBytes, now, kSectorEraseTime);
            break;
        case kBlockErase32:
            if (addressed) erase(address(), 0x8000, now, kBlock32EraseTime);
            break;
        case kBlockErase64:
            if (addressed) erase(address(), 0x10000, now, kBlock64EraseTime);
            break;
        case kChipErase60:
        case kChipEraseC7: erase(0, size(), now, kChipEraseTime); break;
        default: break;
    }
}

void Flash::fast_read(std::uint8_t, std::uint32_t address, std::uint8_t mode) {
    state_.address = address;
    state_.continuous = (mode & 0x30) == 0x20;  // M5-4 = 10: continuous read mode, 8.2.15
}

void Flash::save(StateWriter& out) const {
    out.put(image_);
    out.put(state_);
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
