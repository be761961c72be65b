#include "usb/boot_drive.hpp"

#include <algorithm>
#include <cstring>

namespace rp2040 {

namespace {
constexpr std::uint32_t kCommandMagic = 0x43425355, kStatusMagic = 0x53425355;
constexpr std::size_t kWrapperBytes = 31, kCdb = 15;
enum Scsi : std::uint8_t {
    kTestUnitReady = 0x00,
    kRequestSense = 0x03,
    kInquiry = 0x12,
    kModeSense6 = 0x1a,
    kStartStop = 0x1b,
    kPreventRemoval = 0x1e,
    kReadFormatCapacities = 0x23,
    kReadCapacity = 0x25,
    kRead10 = 0x28,
    kWrite10 = 0x2a,
    kVerify = 0x2f,
    kSynchronize = 0x35
};
constexpr std::uint8_t kNotReady = 2, kIllegalRequest = 5, kNoMedium = 0x3a, kBadCommand = 0x20, kBadAddress = 0x21;

std::uint32_t word(std::span<const std::uint8_t> data, std::size_t at) {
    std::uint32_t value = 0;
    std::memcpy(&value, data.data() + at, 4);
    return value;
}

std::vector<std::uint8_t> big_endian(std::initializer_list<std::uint32_t> words) {
    std::vector<std::uint8_t> out;
    for (const std::uint32_t w : words)
        for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(w >> shift));
    return out;
}
}  // namespace

void UsbBootDrive::reset() {
    ends.reset();
    s_ = State{};
}

void UsbBootDrive::send_status() {
    std::vector<std::uint8_t> out(13);
    std::memcpy(out.data(), &kStatusMagic, 4);
    std::memcpy(out.data() + 4, &s_.tag, 4);
    std::memcpy(out.data() + 8, &s_.residue, 4);
    out[12] = s_.result;
    s_.phase = Phase::command;
    ends.send(out);
}

void UsbBootDrive::answer(std::span<const std::uint8_t> data, std::uint32_t length) {
    const std::size_t size = std::min<std::size_t>(data.size(), length);
    s_.residue = length - static_cast<std::uint32_t>(size);
    ends.send(data.first(size));
    if (s_.residue != 0 && size % UsbBootEndpoints::kPacket == 0) ends.send_empty();
    send_status();
}

void UsbBootDrive::refuse(std::uint32_t length, bool to_host, std::uint8_t sense, std::uint8_t code) {
    s_.result = 1;
    s_.sense = sense;
    s_.sense_code = code;
    s_.residue = length;
    if (length == 0) return send_status();
    s_.phase = Phase::refused;
    (to_host ? ends.in_halted : ends.out_halted) = true;
    if (!to_host) send_status();
}

void UsbBootDrive::unhalted() {
    if (s_.phase == Phase::refused) send_status();
}

void UsbBootDrive::command(std::span<const std::uint8_t> wrapper) {
    if (wrapper.size() != kWrapperBytes || word(wrapper, 0) != kCommandMagic) {
        ends.in_halted = ends.out_halted = true;  // until a reset (Bulk-Only 1.0, 6.6.1)
        return;
    }
    s_.tag = word(wrapper, 4);
    s_.result = 0;
    s_.residue = 0;
    const std::uint32_t length = word(wrapper, 8);
    const bool to_host = (wrapper[12] & 0x80) != 0;
    const auto cdb = wrapper.subspan(kCdb);
    const std::uint32_t block = static_cast<std::uint32_t>(cdb[2]) << 24 | cdb[3] << 16 | cdb[4] << 8 | cdb[5];
    const std::uint32_t count = static_cast<std::uint32_t>(cdb[7] << 8 | cdb[8]);
    const bool needs_medium =
        cdb[0] == kTestUnitReady || cdb[0] == kReadCapacity || cdb[0] == kRead10 || cdb[0] == kWrite10;
    if (locked_ && needs_medium) return refuse(length, to_host, kNotReady, kNoMedium);
    switch (cdb[0]) {
        case kRequestSense: {
            std::vector<std::uint8_t> out(18);
            out[0] = 0x70;
            out[2] = s_.sense;
            out[7] = 10;
            out[12] = s_.sense_code;
            s_.sense = s_.sense_code = 0;
            return answer(out, length);
        }
        case kInquiry: {
            std::vector<std::uint8_t> out(36, ' ');
            std::fill_n(out.begin(), 8, std::uint8_t{0});
            out[1] = 0x80;  // removable
            out[2] = out[3] = 2;
            out[4] = 31;
            std::memcpy(out.data() + 8, "RPI     RP2", 11);
            out[32] = '3';
            return answer(out, length);
        }
        case kModeSense6: return answer(big_endian({0x03000000}), length);
        case kReadFormatCapacities: return answer(big_endian({8, kBootSectors, 0x02000200}), length);
        case kReadCapacity: return answer(big_endian({kBootSectors - 1, 512}), length);
        case kRead10:
        case kWrite10:
            if (block >= kBootSectors || count > kBootSectors - block || length != count * 512)
                return refuse(length, to_host, kIllegalRequest, kBadAddress);
            s_.sector = block;
            s_.left = count;
            s_.filled = 0;
            if (count == 0) return send_status();
            s_.phase = cdb[0] == kRead10 ? Phase::to_host : Phase::from_host;
            return cdb[0] == kRead10 ? sent() : void();
        case kTestUnitReady:
        case kStartStop:
        case kPreventRemoval:
        case kVerify:
        case kSynchronize: return send_status();
        default: return refuse(length, to_host, kIllegalRequest, kBadCommand);
    }
}

void UsbBootDrive::sent() {
    if (s_.phase != Phase::to_host || !ends.to_host.empty()) return;
    if (s_.left == 0) return send_status();
    ends.send(boot_volume_sector(s_.sector++));
    --s_.left;
}

void UsbBootDrive::received(std::span<const std::uint8_t> data) {
    if (s_.phase != Phase::from_host) return command(data);
    const std::size_t size = std::min(data.size(), s_.gathered.size() - s_.filled);
    std::copy_n(data.begin(), size, s_.gathered.begin() + static_cast<std::ptrdiff_t>(s_.filled));
    s_.filled += static_cast<std::uint32_t>(size);
    if (s_.filled < s_.gathered.size()) return;
    uf2.sector(s_.gathered);
    s_.filled = 0;
    if (--s_.left == 0) send_status();
}

void UsbBootDrive::save(StateWriter& out) const {
    uf2.save(out);
    ends.save(out);
    out.put(s_);
    out.put(locked_);
}

void UsbBootDrive::restore(StateReader& in) {
    uf2.restore(in);
    ends.restore(in);
    in.get(s_);
    in.get(locked_);
    if (s_.filled > s_.gathered.size()) throw std::invalid_argument("the snapshot is damaged: a sector is too long");
}

}  // namespace rp2040
