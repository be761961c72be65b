#include "usb/boot_uf2.hpp"

#include <algorithm>
#include <cstring>

namespace rp2040 {

namespace {
constexpr std::uint32_t kMagic0 = 0x0a324655, kMagic1 = 0x9e5d5157, kMagicEnd = 0x0ab16f30;
constexpr std::uint32_t kNotMainFlash = 1, kFamilyPresent = 0x2000, kRp2040Family = 0xe48bff56;
constexpr std::uint32_t kMostBlocks = kBootFlashSpan / kBootPage;
}  // namespace

void UsbBootUf2::sector(std::span<const std::uint8_t> data) {
    const auto word = [&](std::size_t at) {
        std::uint32_t value = 0;
        std::memcpy(&value, data.data() + at, 4);
        return value;
    };
    if (data.size() != 512 || word(0) != kMagic0 || word(4) != kMagic1 || word(508) != kMagicEnd) return;
    const std::uint32_t flags = word(8), address = word(12), bytes = word(16), number = word(20), count = word(24);
    if ((flags & kNotMainFlash) != 0 || ((flags & kFamilyPresent) != 0 && word(28) != kRp2040Family)) return;
    if (bytes != kBootPage || address % kBootPage != 0 || count > kMostBlocks || number >= count) return;
    if (count != count_) {
        power_on();
        count_ = count;
        seen_.assign(count, 0);
    }
    const auto page = data.subspan(32, kBootPage);
    if (UsbBootFlash::is_flash(address)) {
        const std::uint32_t sector = address / kBootSector * kBootSector;
        if (std::find(erased_sectors_.rbegin(), erased_sectors_.rend(), sector) == erased_sectors_.rend()) {
            if (!flash_.erase(sector, kBootSector)) return;
            erased_sectors_.push_back(sector);
        }
        if (!flash_.program(address, page)) return;
    } else {
        if (!chip_.boot_write_ram(address, page)) return;
        if (entry_ == 0 || address < entry_) entry_ = address;
    }
    if (seen_[number] == 0) ++taken_;
    seen_[number] = 1;
}

void UsbBootUf2::power_on() {
    count_ = taken_ = entry_ = 0;
    seen_.clear();
    erased_sectors_.clear();
}

void UsbBootUf2::save(StateWriter& out) const {
    out.put(count_);
    out.put(taken_);
    out.put(entry_);
    put_all(out, seen_);
    put_all(out, erased_sectors_);
}

void UsbBootUf2::restore(StateReader& in) {
    in.get(count_);
    in.get(taken_);
    in.get(entry_);
    get_all(in, seen_);
    get_all(in, erased_sectors_);
    if (seen_.size() != count_) throw std::invalid_argument("the snapshot is damaged: a UF2 file has lost blocks");
}

}  // namespace rp2040
