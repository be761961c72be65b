// The instruction set of the serial flash: W25Q16JV data sheet, table 8.1.2; times are the typical ones of 9.6.
#include <algorithm>
#include <array>
#include <iterator>

#include "bus/flash.hpp"

namespace rp2040 {

struct Flash::Instructions {
    static constexpr std::uint8_t kWinbond = 0xef, kDeviceType = 0x40;
    static constexpr std::uint64_t kUniqueId = 0xe660583883216426;
    static constexpr std::uint64_t kWriteStatusTime = 10'000, kPageTime = 400, kSectorTime = 45'000,
                                   kBlock32Time = 120'000, kBlock64Time = 150'000, kChipTime = 5'000'000;

    // ---- answers: byte n after the instruction, from 1

    static std::uint8_t status1(const Flash& f, std::uint32_t, Cycles now) {
        return static_cast<std::uint8_t>((f.busy(now) ? 1 : 0) | (f.state_.write_enabled ? 2 : 0));
    }
    static std::uint8_t status2(const Flash& f, std::uint32_t, Cycles) { return f.state_.status2; }
    static std::uint8_t status3(const Flash& f, std::uint32_t, Cycles) { return f.state_.status3; }
    static std::uint8_t jedec_id(const Flash& f, std::uint32_t n, Cycles) {
        const std::uint8_t id[3] = {kWinbond, kDeviceType, f.capacity()};
        return id[(n - 1) % 3];
    }
    static std::uint8_t device_id(const Flash& f) { return static_cast<std::uint8_t>(f.capacity() - 1); }
    static std::uint8_t manufacturer_id(const Flash& f, std::uint32_t n, Cycles) {
        return n <= 3 ? 0xff : n % 2 == 0 ? kWinbond : device_id(f);
    }
    static std::uint8_t release_id(const Flash& f, std::uint32_t n, Cycles) { return n <= 3 ? 0xff : device_id(f); }
    static std::uint8_t unique_id(const Flash&, std::uint32_t n, Cycles) {
        return n <= 4 ? 0xff : static_cast<std::uint8_t>(kUniqueId >> (56 - 8 * ((n - 5) % 8)));
    }
    static std::uint8_t data(const Flash& f, std::uint32_t n, Cycles) {
        return n <= 3 ? 0xff : f.read(f.address() + n - 4);
    }
    static std::uint8_t fast_data(const Flash& f, std::uint32_t n, Cycles) {
        return n <= 4 ? 0xff : f.read(f.address() + n - 5);
    }
    static std::uint8_t parameters(const Flash& f, std::uint32_t n, Cycles) {
        return n <= 4 ? 0xff : parameter(f, (f.address() + n - 5) & 0xff);
    }
    static std::uint8_t security_data(const Flash& f, std::uint32_t n, Cycles) {
        const unsigned which = security_register(f);
        return n <= 4 || which == 0 ? 0xff : f.state_.security[which - 1][(f.address() + n - 5) % kPageBytes];
    }

    /// JESD216: the header, one parameter header, the basic table at 0x80.
    static std::uint8_t parameter(const Flash& f, std::uint32_t at) {
        static constexpr std::uint8_t kHeader[] = {'S',  'F',  'D',  'P',  0x05, 0x01, 0x00, 0xff,
                                                   0x00, 0x05, 0x01, 0x10, 0x80, 0x00, 0x00, 0xff};
        static constexpr std::uint8_t kBasic[] = {
            0xe5, 0x20, 0xf9, 0xff, 0xff, 0xff, 0xff, 0x00, 0x44, 0xeb, 0x08, 0x6b, 0x08, 0x3b, 0x42, 0xbb,
            0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0xff, 0xff, 0x40, 0xeb, 0x0c, 0x20, 0x0f, 0x52,
            0x10, 0xd8, 0x00, 0x00, 0x36, 0x02, 0xa6, 0x00, 0x82, 0xea, 0x14, 0xc9, 0xe9, 0x63, 0x76, 0x33,
            0x7a, 0x75, 0x7a, 0x75, 0xf7, 0xa2, 0xd5, 0x5c, 0x19, 0xf7, 0x4d, 0xff, 0xe9, 0x30, 0xf8, 0x80};
        constexpr std::uint32_t kTable = 0x80, kDensity = 4;  // the second word of the table: bits, less one
        if (at < sizeof kHeader) return kHeader[at];
        if (at < kTable || at >= kTable + sizeof kBasic) return 0xff;
        at -= kTable;
        if (at / 4 == kDensity / 4) return static_cast<std::uint8_t>((f.size() * 8 - 1) >> 8 * (at % 4));
        return kBasic[at];
    }
    /// 1 to 3 by address bits 15 to 12; 0: none.
    static unsigned security_register(const Flash& f) {
        const unsigned which = f.address() >> 12 & 0xf;
        return which <= 3 ? which : 0;
    }

    // ---- what happens on deselection

    static void enable_write(Flash& f, Cycles) { f.state_.write_enabled = true; }
    static void disable_write(Flash& f, Cycles) { f.state_.write_enabled = false; }
    static void write_status1(Flash& f, Cycles now) {
        if (!f.state_.write_enabled) return;
        if (f.state_.count >= 3) f.state_.status2 = f.state_.head[1];
        f.begin_busy(now, kWriteStatusTime);
    }
    static void write_status2(Flash& f, Cycles now) { write_status(f, f.state_.status2, now); }
    static void write_status3(Flash& f, Cycles now) { write_status(f, f.state_.status3, now); }
    static void write_status(Flash& f, std::uint8_t& status, Cycles now) {
        if (!f.state_.write_enabled || f.state_.count < 2) return;
        status = f.state_.head[0];
        f.begin_busy(now, kWriteStatusTime);
    }
    static void program_page(Flash& f, Cycles now) { f.program(now); }
    /// Erase instructions take effect with exactly three address bytes.
    template <std::uint32_t bytes, std::uint64_t time>
    static void erase(Flash& f, Cycles now) {
        if (f.state_.count == 4) f.erase(f.address(), bytes, now, time);
    }
    static void erase_chip(Flash& f, Cycles now) { f.erase(0, f.size(), now, kChipTime); }
    static void erase_security(Flash& f, Cycles now) {
        const unsigned which = security_register(f);
        if (!f.state_.write_enabled || f.state_.count != 4 || which == 0) return;
        std::fill(std::begin(f.state_.security[which - 1]), std::end(f.state_.security[which - 1]), std::uint8_t{0xff});
        f.begin_busy(now, kSectorTime);
    }
    static void program_security(Flash& f, Cycles now) {
        const unsigned which = security_register(f);
        if (!f.state_.write_enabled || f.state_.page_bytes == 0 || which == 0) return;
        for (std::uint32_t i = 0; i < std::min(f.state_.page_bytes, kPageBytes); ++i)
            f.state_.security[which - 1][(f.address() + i) % kPageBytes] &= f.state_.page[i];
        f.begin_busy(now, kPageTime);
    }
    static void enable_reset(Flash& f, Cycles) { f.state_.reset_enabled = true; }
    static void reset(Flash& f, Cycles) {
        if (f.state_.reset_enabled) f.reset();
    }
    static void power_down(Flash& f, Cycles) { f.state_.powered_down = true; }
    static void release_power_down(Flash& f, Cycles) { f.state_.powered_down = false; }

    static constexpr std::array<Instruction, 30> kTable{{
        {0x00, "end of continuous read", nullptr, nullptr},
        {0x01, "write status 1", nullptr, write_status1},
        {0x02, "page program", nullptr, program_page},
        {0x03, "read data", data, nullptr},
        {0x04, "write disable", nullptr, disable_write},
        {0x05, "read status 1", status1, nullptr, true},
        {0x06, "write enable", nullptr, enable_write},
        {0x0b, "fast read", fast_data, nullptr},
        {0x11, "write status 3", nullptr, write_status3},
        {0x15, "read status 3", status3, nullptr, true},
        {0x20, "sector erase", nullptr, erase<kSectorBytes, kSectorTime>},
        {0x31, "write status 2", nullptr, write_status2},
        {0x35, "read status 2", status2, nullptr, true},
        {0x42, "program security register", nullptr, program_security},
        {0x44, "erase security register", nullptr, erase_security},
        {0x48, "read security register", security_data, nullptr},
        {0x4b, "read unique ID", unique_id, nullptr},
        {0x50, "volatile write enable", nullptr, enable_write},
        {0x52, "block erase (32 kB)", nullptr, erase<0x8000, kBlock32Time>},
        {0x5a, "read SFDP", parameters, nullptr},
        {0x60, "chip erase", nullptr, erase_chip},
        {0x66, "enable reset", nullptr, enable_reset},
        {0x90, "manufacturer and device ID", manufacturer_id, nullptr},
        {0x99, "reset", nullptr, reset},
        {0x9f, "JEDEC ID", jedec_id, nullptr},
        {0xab, "release power-down, device ID", release_id, release_power_down},
        {0xb9, "power-down", nullptr, power_down},
        {0xc7, "chip erase", nullptr, erase_chip},
        {0xd8, "block erase (64 kB)", nullptr, erase<0x10000, kBlock64Time>},
        {0xff, "end of continuous read", nullptr, nullptr},
    }};
};

const Flash::Instruction* Flash::find(std::uint8_t code) {
    const auto& table = Instructions::kTable;
    const auto found =
        std::find_if(table.begin(), table.end(), [code](const Instruction& i) { return i.code == code; });
    return found == table.end() ? nullptr : &*found;
}

}  // namespace rp2040
