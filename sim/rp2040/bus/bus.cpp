#include "bus/bus.hpp"

#include <cstring>

#include "cpu/cpu.hpp"
#include "cpu/timing.hpp"
#include "periph/sio.hpp"
#include "periph/usb.hpp"

namespace rp2040 {

namespace {

template <class Bytes>
std::uint32_t get(const Bytes* p, unsigned bytes) {
    std::uint32_t value = 0;
    std::memcpy(&value, p, bytes);
    return value;
}

void put(std::uint8_t* p, unsigned bytes, std::uint32_t value) { std::memcpy(p, &value, bytes); }

/// Narrow reads of a register take the addressed lanes.
std::uint32_t extract(std::uint32_t word, std::uint32_t address, unsigned bytes) {
    if (bytes == 4) return word;
    word >>= (address & 3) * 8;
    return bytes == 2 ? word & 0xffff : word & 0xff;
}

/// Narrow writes put the data on all lanes, and registers take all 32 bits (datasheet 2.1.4).
std::uint32_t replicate(std::uint32_t data, unsigned bytes) {
    if (bytes == 1) return (data & 0xff) * 0x01010101u;
    if (bytes == 2) return (data & 0xffff) * 0x00010001u;
    return data;
}

struct Cost {
    Cycles load, store;
};

/// Instruction cycles of one load or store; XIP stalls and alias penalties come on top.
constexpr Cost cost_of(Target target) {
    switch (target) {
        case Target::ssi:
        case Target::apb: return {timing::kApbRead, timing::kApbWrite};
        case Target::sio: return {timing::kIoPort, timing::kIoPort};
        default: return {timing::kLoadStore, timing::kLoadStore};
    }
}

constexpr unsigned alias_of(std::uint32_t address) { return address >> 12 & 3; }

}  // namespace

Bus::Bus(Fabric& fabric, Flash& flash, Ssi& ssi, Xip& xip)
    : fabric_(fabric), flash_(flash), ssi_(ssi), xip_(xip), ssi_slot_{&ssi, true}, xip_slot_{&xip, false} {}

void Bus::connect_apb(std::uint32_t base, Peripheral& block, bool alias_penalty) {
    apb_.at((base - kApbBase) >> 14) = {&block, alias_penalty};
}

void Bus::connect_ahb(std::uint32_t base, Peripheral& block) { ahb_.at(base >> 20 & 7) = {&block, false}; }

const Bus::Slot& Bus::slot(std::uint32_t address, Target target) const {
    switch (target) {
        case Target::apb: return apb_[(address - kApbBase) >> 14];
        case Target::ahb: return ahb_[address >> 20 & 7];
        case Target::ssi: return ssi_slot_;
        case Target::xip_ctrl: return xip_slot_;
        default: return none_;
    }
}

Cycles Bus::effect_after(std::uint32_t address, bool write) const {
    const Target target = find_target(address);
    switch (target) {
        case Target::apb:
        case Target::ssi:
        case Target::ahb:
        case Target::usb_dpram:
        case Target::xip_aux:
        case Target::sio:
        case Target::ppb: break;
        case Target::xip_ctrl: return timing::kXipFlush;  // it may wait for a flush
        default: return kNever;
    }
    return (write ? cost_of(target).store + alias_penalty(address) : cost_of(target).load) - 1;
}

Cycles Bus::alias_penalty(std::uint32_t address) const {
    return alias_of(address) != 0 && slot(address, find_target(address)).alias_penalty ? timing::kAtomicAlias : 0;
}

void Bus::absent(std::uint32_t address, bool is_write) {
    Unmodelled error("bus", address & 0xfff, is_write, "no such block in this model");
    error.address = address;
    throw error;
}

std::uint32_t Bus::read_block(std::uint32_t address, Target target, unsigned bytes) {
    Peripheral* block = slot(address, target).block;
    if (block == nullptr) absent(address, false);
    if (block->held_in_reset()) return 0;
    try {
        if (!block->clocked()) block->refuse_unclocked(address & 0xffc, false);
        return extract(block->read(address & 0xffc), address, bytes);
    } catch (Unmodelled& error) {
        error.address = address;
        throw;
    }
}

void Bus::write_block(std::uint32_t address, Target target, unsigned bytes, std::uint32_t data) {
    Peripheral* block = slot(address, target).block;
    if (block == nullptr) absent(address, true);
    if (block->held_in_reset()) return;
    try {
        if (!block->clocked()) block->refuse_unclocked(address & 0xffc, true);
        const std::uint32_t value = replicate(data, bytes);
        if (const unsigned alias = alias_of(address); alias != 0)
            block->write_alias(address & 0xffc, value, alias);
        else
            block->write(address & 0xffc, value);
    } catch (Unmodelled& error) {
        error.address = address;
        throw;
    }
}

std::uint32_t Bus::read_dpram(std::uint32_t address, unsigned bytes) {
    return usb_->held_in_reset() ? 0 : usb_->dpram_read(address - kUsbDpramBase, bytes);
}

void Bus::write_dpram(std::uint32_t address, unsigned bytes, std::uint32_t data) {
    if (!usb_->held_in_reset()) usb_->dpram_write(address - kUsbDpramBase, data, bytes);
}

const std::uint8_t* Bus::memory(std::uint32_t address) const {
    switch (find_target(address)) {
        case Target::rom: return rom_.data() + address;
        case Target::xip: return flash_.data() + (address & 0xffffff & (flash_.size() - 1));
        case Target::xip_sram: return xip_.cache_as_sram() ? xip_.ram() + (address - kXipSramBase) : nullptr;
        case Target::sram: return sram_.data() + (address - kSramBase);
        case Target::sram_banks: return sram_.data() + striped_offset(address);
        default: return nullptr;
    }
}

bool Bus::load(Cpu& cpu, std::uint32_t address, unsigned bytes) {
    const Target target = find_target(address);
    cpu.cost = cost_of(target).load;
    switch (target) {
        case Target::none: return false;
        case Target::xip: cpu.cost += xip_.fetch(address, cpu.cycles + 1, cpu.master()); [[fallthrough]];
        case Target::rom:
        case Target::xip_sram:
        case Target::sram:
        case Target::sram_banks: {
            const std::uint8_t* p = memory(address);
            if (p == nullptr) return false;
            cpu.value = get(p, bytes);
            return true;
        }
        default: break;
    }
    if (target == Target::xip_ctrl) cpu.cost += xip_.flush_stall(address & 0xffc, cpu.cycles);
    const Cycles at = cpu.cycles + cpu.cost - 1;
    cpu.come_to(at, port_of(address));
    switch (target) {
        case Target::sio: {
            const std::uint32_t offset = address - kSioBase;
            try {
                cpu.value = extract(sio_->read(cpu.core(), offset & ~3u), address, bytes);
                if (cpu.polling()) cpu.note_steady(sio_->steady_until(offset & ~3u));
            } catch (Unmodelled& error) {
                error.address = address;
                throw;
            }
            return true;
        }
        case Target::ppb:
            cpu.note_steady(0);
            cpu.value = extract(cpu.ppb_read((address - kPpbBase) & ~3u, at), address, bytes);
            return true;
        case Target::usb_dpram:
            cpu.note_steady(0);
            cpu.value = read_dpram(address, bytes);
            return true;
        case Target::xip_aux:
            cpu.note_steady(0);
            cpu.value = extract(xip_.pop_stream(), address, bytes);
            return true;
        default: break;
    }
    cpu.value = read_block(address, target, bytes);
    if (cpu.polling()) {
        const Peripheral& block = *slot(address, target).block;
        cpu.note_steady(block.held_in_reset() ? 0 : block.steady_until(address & 0xffc));
    }
    return true;
}

bool Bus::load_steady(Cpu& cpu, std::uint32_t address, unsigned bytes, Cycles until) {
    const Target target = find_target(address);
    const bool block = target == Target::apb || target == Target::ahb;
    if ((!block && target != Target::sio) || address % bytes != 0 || (block && alias_of(address) != 0)) return false;
    Peripheral* const p = block ? slot(address, target).block : sio_;
    const std::uint32_t offset = block ? address & 0xffc : (address - kSioBase) & ~3u;
    if (p == nullptr || p->held_in_reset() || !p->clocked() || p->steady_until(offset) < until) return false;
    try {
        cpu.value = extract(block ? p->read(offset) : sio_->read(cpu.core(), offset), address, bytes);
    } catch (const Unmodelled&) {
        return false;  // it stops the run when its turn comes
    }
    cpu.cost = cost_of(target).load;
    return true;
}

bool Bus::store(Cpu& cpu, std::uint32_t address, unsigned bytes, std::uint32_t data) {
    const Target target = find_target(address);
    cpu.cost = cost_of(target).store;
    switch (target) {
        case Target::none: return false;
        case Target::rom: return true;  // ignored: TinyUSB stores through a null pointer with every EP0 transfer
        case Target::xip: return xip_.write_flash(address);
        case Target::xip_sram: return write_xip_sram(address, bytes, data);
        case Target::sram: {
            const std::uint32_t offset = address - kSramBase;
            if (never_written.on()) never_written.write(address, bytes);
            put(sram_.data() + offset, bytes, data);
            sram_written(offset, bytes);
            return true;
        }
        case Target::sram_banks: {
            const std::uint32_t offset = striped_offset(address);
            put(sram_.data() + offset, bytes, data);
            sram_written(offset, bytes);
            return true;
        }
        default: break;
    }
    cpu.cost += alias_penalty(address);
    const Cycles at = cpu.cycles + cpu.cost - 1;
    cpu.come_to(at, port_of(address));
    switch (target) {
        case Target::sio: try { sio_->write(cpu.core(), (address - kSioBase) & ~3u, replicate(data, bytes));
            } catch (Unmodelled& error) {
                error.address = address;
                throw;
            }
            return true;
        case Target::ppb: cpu.ppb_write((address - kPpbBase) & ~3u, replicate(data, bytes), at); return true;
        case Target::usb_dpram: write_dpram(address, bytes, data); return true;
        case Target::xip_aux: return true;
        default: break;
    }
    write_block(address, target, bytes, data);
    return true;
}

bool Bus::write_xip_sram(std::uint32_t address, unsigned bytes, std::uint32_t data) {
    if (!xip_.cache_as_sram()) return false;
    put(xip_.ram() + (address - kXipSramBase), bytes, data);
    code_->invalidate(address, bytes);
    return true;
}

void Bus::sram_written(std::uint32_t offset, unsigned bytes) {
    if (code_->sram_code_words()[offset / 4] == 0) return;
    code_->invalidate(kSramBase + offset, bytes);
    if (offset < kSramStripedSize) code_->invalidate(banks_address(offset), bytes);
    code_->stored_over_code(offset);
}

bool Bus::read_vector(std::uint32_t address, std::uint32_t& value) const {
    const std::uint8_t* p = memory(address);
    if (p == nullptr) return false;
    value = get(p, 4);
    return true;
}

bool Bus::fetch(std::uint32_t address, std::uint16_t& halfword) const {
    const std::uint8_t* p = memory(address);
    if (p == nullptr) return false;
    halfword = static_cast<std::uint16_t>(get(p, 2));
    return true;
}

bool Bus::master_read(std::uint32_t address, unsigned bytes, std::uint32_t& value) {
    if (address - kSramBase < kSramSize && !never_written.on()) [[likely]] {
        value = get(sram_.data() + (address - kSramBase), bytes);
        return true;
    }
    const Target target = find_target(address);
    switch (target) {
        case Target::none:
        case Target::sio:
        case Target::ppb: return false;  // private to the cores
        case Target::usb_dpram: value = read_dpram(address, bytes); return true;
        case Target::xip_aux: value = extract(xip_.pop_stream(), address, bytes); return true;
        default: break;
    }
    if (never_written.on()) never_written.read({2, 0, address, bytes, fabric_.events().now()});
    if (const std::uint8_t* p = memory(address); p != nullptr)
        value = get(p, bytes);
    else if (target == Target::xip_sram)
        return false;
    else
        value = read_block(address, target, bytes);
    return true;
}

bool Bus::master_write(std::uint32_t address, unsigned bytes, std::uint32_t data) {
    const Target target = find_target(address);
    switch (target) {
        case Target::none:
        case Target::sio:
        case Target::ppb: return false;
        case Target::rom: return true;
        case Target::xip: return xip_.write_flash(address);
        case Target::xip_sram: return write_xip_sram(address, bytes, data);
        case Target::sram:
        case Target::sram_banks: {
            const std::uint32_t offset = address < kSramBanksBase ? address - kSramBase : striped_offset(address);
            if (never_written.on()) never_written.write(address, bytes);
            put(sram_.data() + offset, bytes, data);
            sram_written(offset, bytes);
            return true;
        }
        case Target::usb_dpram: write_dpram(address, bytes, data); return true;
        case Target::xip_aux: return true;
        default: write_block(address, target, bytes, data); return true;
    }
}

bool Bus::debug_read(std::uint32_t address, std::span<std::uint8_t> out) {
    for (std::size_t i = 0; i < out.size(); ++i) {
        const std::uint32_t at = address + static_cast<std::uint32_t>(i);
        if (const std::uint8_t* p = memory(at); p != nullptr) {
            out[i] = *p;
            continue;
        }
        const Target target = find_target(at);
        if (target == Target::usb_dpram)
            out[i] = static_cast<std::uint8_t>(read_dpram(at, 1));
        else if (target == Target::sio)
            out[i] = static_cast<std::uint8_t>(extract(sio_->peek(0, (at - kSioBase) & ~3u), at, 1));
        else if (Peripheral* block = slot(at, target).block; block != nullptr)
            out[i] = static_cast<std::uint8_t>(extract(block->held_in_reset() ? 0 : block->peek(at & 0xffc), at, 1));
        else
            return false;
    }
    return true;
}

bool Bus::debug_write(std::uint32_t address, std::span<const std::uint8_t> in) {
    for (std::size_t i = 0; i < in.size(); ++i) {
        const std::uint32_t at = address + static_cast<std::uint32_t>(i);
        switch (find_target(at)) {
            case Target::rom:
                rom_[at] = in[i];
                code_->invalidate(at, 1);
                break;
            case Target::xip: {  // a run of bytes at once: the rest of this write lies in flash
                const std::uint32_t offset = at & 0xffffff;
                if (offset >= flash_.size() || in.size() - i > flash_.size() - offset) return false;
                flash_.load(offset, in.subspan(i));
                flash_changed(offset, static_cast<std::uint32_t>(in.size() - i));
                return true;
            }
            case Target::xip_sram:
            case Target::sram:
            case Target::sram_banks:
                if (!master_write(at, 1, in[i])) return false;
                break;
            default: return false;
        }
    }
    return true;
}

void Bus::flash_changed(std::uint32_t offset, std::uint32_t bytes) {
    for (std::uint32_t alias = kXipBase; alias < kXipEnd; alias += 0x01000000) code_->invalidate(alias + offset, bytes);
}

void Bus::restore(StateReader& in) {
    // Code that is the same before and after stays decoded.
    std::vector<std::uint8_t> before(sram_);
    in.bytes(sram_.data(), sram_.size());
    crossbar.restore(in);
    for (std::uint32_t offset = 0; offset < kSramSize; offset += kCodeBlock) {
        if (code_->sram_code_map()[offset / kCodeBlock] == 0) continue;
        if (std::memcmp(before.data() + offset, sram_.data() + offset, kCodeBlock) == 0) continue;
        for (std::uint32_t word = offset; word < offset + kCodeBlock; word += 4) sram_written(word, 4);
    }
}

}  // namespace rp2040
