#include "base/snapshot.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <stdexcept>

namespace rp2040 {

namespace {

constexpr std::array<char, 8> kMagic = {'E', 'W', 'S', 'N', 'A', 'P', '0', '2'};

struct Header {
    std::array<char, 8> magic;
    std::uint32_t layout, reserved;
    std::uint64_t size;  ///< Of the sections.
    std::uint64_t checksum;
};

}  // namespace

/// Each step is a bijection of its lane, so every change of one word shows.
std::uint64_t checksum(std::span<const std::uint8_t> bytes, std::uint64_t seed) {
    constexpr std::uint64_t kMultiplier = 0x9e3779b97f4a7c15;
    std::array<std::uint64_t, 4> lanes = {1, 2, 3, 4};
    const auto step = [](std::uint64_t lane, std::uint64_t word) {
        lane = (lane ^ word) * kMultiplier;
        return lane ^ lane >> 29;
    };
    std::size_t at = 0;
    for (; at + 32 <= bytes.size(); at += 32) {
        std::array<std::uint64_t, 4> words;
        std::memcpy(words.data(), bytes.data() + at, 32);
        for (std::size_t i = 0; i < 4; ++i) lanes[i] = step(lanes[i], words[i]);
    }
    for (; at < bytes.size(); ++at) lanes[0] = step(lanes[0], bytes[at]);
    std::uint64_t sum = step(seed, bytes.size());
    for (const std::uint64_t lane : lanes) sum = step(sum, lane);
    return sum;
}

SnapshotWriter::SnapshotWriter(std::uint32_t layout) {
    constexpr std::size_t kTypicalSize = 512 * 1024;  // a chip whose flash is as it was loaded
    out_.reserve(kTypicalSize);
    out_.put(Header{kMagic, layout, 0, 0, 0});
}

void SnapshotWriter::end_section() {
    if (size_at_ != 0) out_.patch(size_at_, static_cast<std::uint64_t>(out_.size() - size_at_ - 8));
}

void SnapshotWriter::section(std::string_view name) {
    end_section();
    out_.put(static_cast<std::uint32_t>(name.size()));
    out_.bytes(name.data(), name.size());
    size_at_ = out_.size();
    out_.put(std::uint64_t{0});
}

std::vector<std::uint8_t> SnapshotWriter::take() {
    end_section();
    const std::span<const std::uint8_t> body(out_.data() + sizeof(Header), out_.size() - sizeof(Header));
    out_.patch(offsetof(Header, size), static_cast<std::uint64_t>(body.size()));
    out_.patch(offsetof(Header, checksum), checksum(body));
    return out_.take();
}

Snapshot::Snapshot(std::span<const std::uint8_t> bytes, std::uint32_t layout) {
    Header header{};
    if (bytes.size() >= sizeof header) std::memcpy(&header, bytes.data(), sizeof header);
    if (header.magic != kMagic) throw std::invalid_argument("these bytes are no snapshot");
    if (header.reserved != 0) throw std::invalid_argument("the snapshot is damaged: its header is not what it must be");
    if (header.layout != layout) throw std::invalid_argument("not a snapshot of this build of the library");
    const auto body = bytes.subspan(sizeof header);
    if (header.size != body.size())
        throw std::invalid_argument("the snapshot is damaged: it has another size than it says");
    if (header.checksum != checksum(body))
        throw std::invalid_argument("the snapshot is damaged: its checksum is wrong");
    for (StateReader in(body.data(), body.size()); in.left() != 0;) {
        std::uint32_t length = 0;
        std::uint64_t size = 0;
        in.get(length);
        if (length > in.left()) throw std::invalid_argument("the snapshot is damaged: a section's name is too long");
        std::string name(length, ' ');
        in.bytes(name.data(), length);
        in.get(size);
        if (size > in.left())
            throw std::invalid_argument("the snapshot is damaged: section '" + name + "' is too long");
        sections_.emplace_back(std::move(name), body.subspan(body.size() - in.left(), size));
        in.skip(size);
    }
}

std::vector<std::string> Snapshot::names() const {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : sections_) names.push_back(name);
    return names;
}

std::vector<std::string> Snapshot::differences(const Snapshot& other) const {
    std::vector<std::string> found;
    const auto compare = [](const Snapshot& one, const Snapshot& two, auto&& differs) {
        for (const auto& [name, bytes] : one.sections_) {
            const auto same = std::find_if(two.sections_.begin(), two.sections_.end(),
                                           [&name = name](const auto& section) { return section.first == name; });
            differs(name, same == two.sections_.end() ? nullptr : &same->second, bytes);
        }
    };
    using Bytes = std::span<const std::uint8_t>;
    compare(*this, other, [&found](const std::string& name, const Bytes* theirs, Bytes ours) {
        if (theirs == nullptr || !std::equal(ours.begin(), ours.end(), theirs->begin(), theirs->end()))
            found.push_back(name);
    });
    compare(other, *this, [&found](const std::string& name, const Bytes* ours, Bytes) {
        if (ours == nullptr) found.push_back(name);
    });
    return found;
}

StateReader Snapshot::open(std::string_view name) const {
    for (const auto& [own, bytes] : sections_)
        if (own == name) return {bytes.data(), bytes.size()};
    throw std::invalid_argument("the snapshot has no section '" + std::string(name) + "'");
}

void Snapshot::misread(std::string_view name) {
    throw std::invalid_argument("the snapshot's section '" + std::string(name) + "' is longer than this build reads");
}

}  // namespace rp2040
