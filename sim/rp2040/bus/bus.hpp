// The bus fabric: finds what answers at an address, moves the data, says what the access costs.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_set>
#include <vector>

#include "base/fabric.hpp"
#include "base/peripheral.hpp"
#include "bus/crossbar.hpp"
#include "bus/flash.hpp"
#include "bus/memory_map.hpp"
#include "bus/never_written.hpp"
#include "bus/ssi.hpp"
#include "bus/xip.hpp"
#include "cpu/code_cache.hpp"

namespace rp2040 {

class Cpu;
class Sio;
class Usb;

class Bus final : public CodeSource {
  public:
    /// Watches SRAM on request.
    NeverWritten never_written;
    Bus(Fabric& fabric, Flash& flash, Ssi& ssi, Xip& xip);

    void connect(Sio& sio, Usb& usb) {
        sio_ = &sio;
        usb_ = &usb;
    }
    void connect(CodeCache& code) { code_ = &code; }
    /// Puts a block at an APB base address; `alias_penalty` for I2C, UART, SPI (datasheet 2.1.2).
    void connect_apb(std::uint32_t base, Peripheral& block, bool alias_penalty = false);
    /// DMA, USB controller, PIO0 or PIO1.
    void connect_ahb(std::uint32_t base, Peripheral& block);

    Crossbar crossbar;

    std::uint8_t* sram() { return sram_.data(); }
    std::vector<std::uint8_t>& rom() { return rom_; }

    /// Accesses of a core, naturally aligned, at its spilled state. Fill `value` and `cost` (the whole instruction's
    /// cycles); false is a bus fault.
    bool load(Cpu& cpu, std::uint32_t address, unsigned bytes);
    /// A load that finds what it would find up to cycle `until`, and does nothing else. False: it is not known to be
    /// one, and has not been done.
    bool load_steady(Cpu& cpu, std::uint32_t address, unsigned bytes, Cycles until);
    bool store(Cpu& cpu, std::uint32_t address, unsigned bytes, std::uint32_t data);
    /// Cycles from the begin of an access to its effect, if nothing makes it wait; kNever for memory, where only the
    /// order of instructions counts.
    [[nodiscard]] Cycles effect_after(std::uint32_t address, bool write) const;
    /// Cycles that a write to `address` takes longer because it becomes a read and a write (datasheet 2.1.2).
    [[nodiscard]] Cycles alias_penalty(std::uint32_t address) const;
    /// Vector table read during exception entry; Cpu::share_vector() has its waits.
    bool read_vector(std::uint32_t address, std::uint32_t& value) const;

    /// Accesses of the DMA at events().now().
    bool master_read(std::uint32_t address, unsigned bytes, std::uint32_t& value);
    bool master_write(std::uint32_t address, unsigned bytes, std::uint32_t data);

    /// CodeSource.
    bool fetch(std::uint32_t address, std::uint16_t& halfword) const override;
    const std::uint8_t* lines(std::uint32_t address) const override { return xip_.lines(address); }

    /// Debugger's and loader's accesses: no time, no side effects, any alignment. False where there is no memory.
    bool debug_read(std::uint32_t address, std::span<std::uint8_t> out);
    bool debug_write(std::uint32_t address, std::span<const std::uint8_t> in);
    /// Flash content changed: forget what was decoded from it.
    void flash_changed(std::uint32_t offset, std::uint32_t bytes);

    std::unordered_set<std::uint32_t> breakpoints;
    [[nodiscard]] bool is_breakpoint(std::uint32_t address) const { return breakpoints.contains(address); }

    void save(StateWriter& out) const {
        out.bytes(sram_.data(), sram_.size());
        crossbar.save(out, fabric_.events().now());
    }
    void restore(StateReader& in);

  private:
    struct Slot {
        Peripheral* block = nullptr;
        bool alias_penalty = false;
    };
    [[nodiscard]] const Slot& slot(std::uint32_t address, Target target) const;
    [[nodiscard]] const std::uint8_t* memory(std::uint32_t address) const;
    std::uint32_t read_block(std::uint32_t address, Target target, unsigned bytes);
    void write_block(std::uint32_t address, Target target, unsigned bytes, std::uint32_t data);
    std::uint32_t read_dpram(std::uint32_t address, unsigned bytes);
    void write_dpram(std::uint32_t address, unsigned bytes, std::uint32_t data);
    bool write_xip_sram(std::uint32_t address, unsigned bytes, std::uint32_t data);
    void sram_written(std::uint32_t offset, unsigned bytes);
    [[noreturn]] static void absent(std::uint32_t address, bool is_write);

    Fabric& fabric_;
    Flash& flash_;
    Ssi& ssi_;
    Xip& xip_;
    CodeCache* code_ = nullptr;
    Sio* sio_ = nullptr;
    Usb* usb_ = nullptr;
    std::vector<std::uint8_t> rom_ = std::vector<std::uint8_t>(kRomSize);
    std::vector<std::uint8_t> sram_ = std::vector<std::uint8_t>(kSramSize);
    std::array<Slot, 28> apb_{};
    std::array<Slot, 5> ahb_{};
    Slot none_{}, ssi_slot_, xip_slot_;
};

}  // namespace rp2040
