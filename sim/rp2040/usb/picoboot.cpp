#include "usb/picoboot.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace rp2040 {

namespace {
constexpr std::uint32_t kMagic = 0x431fd10b;
constexpr std::size_t kCommandBytes = 32, kArguments = 16, kChunk = 4096;
enum Command : std::uint8_t {
    kExclusiveAccess = 0x01,
    kReboot = 0x02,
    kFlashErase = 0x03,
    kWrite = 0x05,
    kExitXip = 0x06,
    kEnterXip = 0x07,
    kExec = 0x08,
    kRead = 0x84
};

std::uint32_t word(std::span<const std::uint8_t> data, std::size_t at) {
    std::uint32_t value = 0;
    std::memcpy(&value, data.data() + at, 4);
    return value;
}

/// Bytes of arguments that a command has; 0xff: there is no such command.
std::uint8_t argument_bytes(std::uint8_t command) {
    switch (command) {
        case kExclusiveAccess: return 1;
        case kReboot: return 12;
        case kFlashErase:
        case kWrite:
        case kRead: return 8;
        case kExec: return 4;
        case kExitXip:
        case kEnterXip: return 0;
        default: return 0xff;
    }
}
}  // namespace

void Picoboot::reset() {
    ends.reset();
    s_.phase = Phase::command;
    page_.clear();
}

void Picoboot::fail(Status status) {
    s_.status = status;
    s_.phase = Phase::command;
    ends.to_host.clear();
    ends.in_halted = ends.out_halted = true;
}

bool Picoboot::busy() {
    if (s_.phase == Phase::calling && !chip_.boot_calling()) {
        if (s_.next_call != 0) {
            chip_.boot_call(std::exchange(s_.next_call, 0));
        } else {
            s_.phase = Phase::command;
            ends.send_empty();
        }
    }
    return s_.phase == Phase::calling || flash_.busy();
}

Picoboot::Status Picoboot::check(std::uint8_t command, std::uint32_t arguments, std::uint32_t transfer,
                                 std::uint32_t address, std::uint32_t size) {
    const std::uint8_t wanted = argument_bytes(command);
    if (wanted == 0xff) return Status::unknown_command;
    if (arguments != wanted) return Status::invalid_command_length;
    const bool moves = command == kRead || command == kWrite;
    if (transfer != (moves ? size : 0)) return Status::invalid_transfer_length;
    std::vector<std::uint8_t> one(1);
    const bool flash = UsbBootFlash::is_flash(address);
    if (command == kFlashErase) {
        if (!flash_.holds(address, size)) return Status::invalid_address;
        if (address % kBootSector != 0 || size % kBootSector != 0) return Status::bad_alignment;
    } else if (moves) {
        if (size == 0) return Status::invalid_transfer_length;
        if (address + (size - 1) < address || (flash && !flash_.holds(address, size))) return Status::invalid_address;
        if (!chip_.boot_read(address, one) || !chip_.boot_read(address + size - 1, one)) return Status::invalid_address;
        if (command == kWrite && flash && address % kBootPage != 0) return Status::bad_alignment;
        if (command == kWrite && !flash && !chip_.boot_write_ram(address, {})) return Status::invalid_address;
    } else if (command == kExec && !chip_.boot_read(address & ~1u, one)) {
        return Status::invalid_address;
    }
    return Status::ok;
}

void Picoboot::command(std::span<const std::uint8_t> data) {
    if (data.size() != kCommandBytes || word(data, 0) != kMagic) return fail(Status::unknown_error);
    s_.token = word(data, 4);
    s_.command = data[8];
    s_.status = Status::ok;
    const auto arguments = data.subspan(kArguments);
    const std::uint32_t first = word(arguments, 0), second = word(arguments, 4);
    if (const Status status = check(data[8], data[9], word(data, 12), first, second); status != Status::ok)
        return fail(status);
    if (s_.reboot_after != 0) return fail(Status::rebooting);
    switch (s_.command) {
        case kExclusiveAccess: s_.exclusive = arguments[0]; break;
        case kReboot:
            s_.reboot_entry = first;
            s_.reboot_stack = second;
            s_.reboot_after = std::max<std::uint32_t>(1, word(arguments, 8));
            break;
        case kFlashErase: flash_.erase(first, second); break;
        case kRead:
            s_.address = first;
            s_.left = second;
            s_.phase = Phase::data_in;
            return read_more();
        case kWrite:
            s_.address = s_.page_address = first;
            s_.left = second;
            page_.clear();
            s_.phase = Phase::data_out;
            return;
        case kExec:
            s_.phase = Phase::calling;
            chip_.boot_call(first);
            return;
        case kExitXip:  // for code that is called: the commands above need no SSI
            s_.phase = Phase::calling;
            s_.next_call = chip_.boot_rom_function('E', 'X');
            chip_.boot_call(chip_.boot_rom_function('I', 'F'));
            return;
        case kEnterXip:
            s_.phase = Phase::calling;
            chip_.boot_call(chip_.boot_rom_function('C', 'X'));
            return;
        default: break;
    }
    ends.send_empty();
}

void Picoboot::read_more() {
    std::vector<std::uint8_t> data(std::min<std::size_t>(s_.left, kChunk));
    if (!chip_.boot_read(s_.address, data)) return fail(Status::invalid_address);
    s_.address += static_cast<std::uint32_t>(data.size());
    s_.left -= static_cast<std::uint32_t>(data.size());
    ends.send(data);
}

void Picoboot::sent() {
    if (s_.phase != Phase::data_in || !ends.to_host.empty()) return;
    if (s_.left != 0)
        read_more();
    else
        s_.phase = Phase::acknowledge_out;
}

void Picoboot::write(std::span<const std::uint8_t> data) {
    const auto size = static_cast<std::uint32_t>(data.size());
    if (size > s_.left) return fail(Status::invalid_transfer_length);
    s_.left -= size;
    page_.insert(page_.end(), data.begin(), data.end());
    const bool flash = UsbBootFlash::is_flash(s_.address);
    if (page_.size() >= kBootPage || s_.left == 0) {
        if (flash) page_.resize((page_.size() + kBootPage - 1) / kBootPage * kBootPage, 0xff);
        const bool written =
            flash ? flash_.program(s_.page_address, page_) : chip_.boot_write_ram(s_.page_address, page_);
        if (!written) return fail(Status::invalid_address);
        s_.page_address += static_cast<std::uint32_t>(page_.size());
        page_.clear();
    }
    if (s_.left != 0) return;
    s_.phase = Phase::command;
    ends.send_empty();
}

void Picoboot::received(std::span<const std::uint8_t> data) {
    switch (s_.phase) {
        case Phase::command: return command(data);
        case Phase::data_out: return write(data);
        case Phase::acknowledge_out:
            s_.phase = Phase::command;  // picotool sends a byte where the datasheet has an empty packet
            return;
        default: return fail(Status::unknown_error);
    }
}

std::vector<std::uint8_t> Picoboot::status() const {
    std::vector<std::uint8_t> out(16);
    std::memcpy(out.data(), &s_.token, 4);
    std::memcpy(out.data() + 4, &s_.status, 4);
    out[8] = s_.command;
    out[9] = s_.phase != Phase::command || flash_.busy();
    return out;
}

void Picoboot::save(StateWriter& out) const {
    ends.save(out);
    out.put(s_);
    put_all(out, page_);
}

void Picoboot::restore(StateReader& in) {
    ends.restore(in);
    in.get(s_);
    get_all(in, page_);
}

}  // namespace rp2040
