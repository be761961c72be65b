#include "usb/boot_volume.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace rp2040 {

namespace {
// Layout (Microsoft's FAT specification 1.03): boot sector, two FATs, root directory, clusters from number 2 on.
constexpr std::uint32_t kFatSectors = 256, kRootEntries = 512, kClusterSectors = 4;
constexpr std::uint32_t kRoot = 1 + 2 * kFatSectors, kData = kRoot + kRootEntries * 32 / 512;

struct File {
    std::string_view name;  ///< As a directory entry has it, 8 + 3 characters.
    std::string_view content;
};
constexpr File kFiles[] = {
    {"INDEX   HTM",
     "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>RP2040 in USB boot</title></head>\n"
     "<body><p>This emulated RP2040 waits in USB boot. Copy a UF2 file here, and it is put into flash and "
     "started.</p></body></html>\n"},
    {"INFO_UF2TXT", "UF2 Bootloader v3.0\nModel: Raspberry Pi RP2\nBoard-ID: RPI-RP2\n"},
};

void put(UsbBootSector& out, std::size_t at, std::uint32_t value, unsigned bytes) {
    for (unsigned n = 0; n < bytes; ++n) out[at + n] = static_cast<std::uint8_t>(value >> 8 * n);
}

void put(UsbBootSector& out, std::size_t at, std::string_view text) {
    std::memcpy(out.data() + at, text.data(), text.size());
}

UsbBootSector boot_sector() {
    UsbBootSector out{};
    put(out, 0,
        "\xeb\x3c\x90"
        "EMBER   ");
    put(out, 11, 512, 2);
    out[13] = kClusterSectors;
    put(out, 14, 1, 2);  // reserved sectors
    out[16] = 2;         // FATs
    put(out, 17, kRootEntries, 2);
    out[21] = 0xf8;
    put(out, 22, kFatSectors, 2);
    put(out, 24, 1, 2);
    put(out, 26, 1, 2);
    put(out, 32, kBootSectors, 4);
    out[36] = 0x80;
    out[38] = 0x29;
    put(out, 39, 0x2e8a0003, 4);  // serial number of the volume
    put(out, 43, "RPI-RP2    FAT16   ");
    put(out, 510, 0xaa55, 2);
    return out;
}

UsbBootSector root_sector() {
    UsbBootSector out{};
    put(out, 0, "RPI-RP2    ");
    out[11] = 0x08;  // the volume's label
    std::size_t at = 32;
    std::uint32_t cluster = 2;
    for (const File& file : kFiles) {
        put(out, at, file.name);
        out[at + 11] = 0x01;              // read-only
        put(out, at + 24, 0x5021, 2);     // 2020-01-01
        put(out, at + 26, cluster++, 2);  // each fits into one
        put(out, at + 28, static_cast<std::uint32_t>(file.content.size()), 4);
        at += 32;
    }
    return out;
}
}  // namespace

UsbBootSector boot_volume_sector(std::uint32_t sector) {
    UsbBootSector out{};
    if (sector == 0) return boot_sector();
    if (sector == 1 || sector == 1 + kFatSectors) {
        put(out, 0, 0xfffffff8, 4);
        for (std::size_t n = 0; n < std::size(kFiles); ++n) put(out, 4 + 2 * n, 0xffff, 2);
        return out;
    }
    if (sector == kRoot) return root_sector();
    for (std::uint32_t n = 0; n < std::size(kFiles); ++n)
        if (sector == kData + n * kClusterSectors) put(out, 0, kFiles[n].content);
    return out;
}

}  // namespace rp2040
