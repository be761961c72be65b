// The serial flash chip: a Winbond W25Q-like device on the other side of the SSI.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "device/device.hpp"

namespace rp2040 {

/// On the SSI's pins, where execute-in-place reads it as memory; another one may hang on any SPI bus.
class Flash final : public Device {
  public:
    static constexpr std::uint32_t kSectorBytes = 4096, kPageBytes = 256;

    /// `bytes` is a power of two between 64 kB and 16 MB.
    explicit Flash(std::uint32_t bytes, std::string name = "flash");

    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(data_.size()); }
    [[nodiscard]] const std::uint8_t* data() const { return data_.data(); }
    /// Writes at once, as a programmer does.
    void load(std::uint32_t offset, std::span<const std::uint8_t> bytes);
    /// What it holds now is the content that snapshots refer to; `image` tells contents apart.
    void adopt_content(std::uint64_t image) {
        originals_.clear();
        image_ = image;
    }
    [[nodiscard]] std::uint64_t image() const { return image_; }

    [[nodiscard]] std::string_view name() const override { return name_; }
    [[nodiscard]] std::vector<std::string_view> lines() const override { return {"sck", "mosi", "miso", "cs"}; }
    [[nodiscard]] std::uint32_t optional_lines() const override { return 0xf; }  // on the SSI they are no GPIOs
    void power_on() override { reset(); }
    /// Power fails: of an erase or program operation in progress, each bit that it changes has changed with the
    /// probability of the time that has passed of it; the same bits for the same seed.
    void cut_power(Cycles now, std::uint64_t seed);
    void spi_select(bool selected, Cycles now) override;
    std::uint16_t spi_send(unsigned bits, Cycles now) override;
    void spi_receive(std::uint16_t value, unsigned bits, Cycles now) override;
    /// A transfer of instruction, address and mode bits by the SSI's enhanced modes; data follow by read().
    void fast_read(std::uint8_t instruction, std::uint32_t address, std::uint8_t mode);
    [[nodiscard]] std::uint8_t read(std::uint32_t address) const { return data_[address & (size() - 1)]; }

    /// Whether the instruction of the transfer in progress is one of the table's. A chip ignores others.
    [[nodiscard]] bool understood() const { return instruction_ != nullptr || state_.ignored || state_.count == 0; }
    [[nodiscard]] std::uint8_t instruction() const { return state_.instruction; }
    /// Erasing, programming or writing a status register: answers to nothing but the reading of the latter.
    [[nodiscard]] bool busy(Cycles now) const { return now < state_.busy_until; }
    /// The next transfer begins with an address, its instruction being that of the last.
    [[nodiscard]] bool continuous() const { return state_.continuous; }

    /// Called after an erase or program operation changed [offset, offset + bytes).
    std::function<void(std::uint32_t offset, std::uint32_t bytes)> on_change;

    void reset();
    void save(StateWriter& out) const override;
    void restore(StateReader& in) override;

  private:
    /// A row of the data sheet's instruction set: what the chip answers, and does when it is deselected.
    struct Instruction {
        std::uint8_t code;
        std::string_view name;
        /// Byte `n` of the answer, from 1; null: none.
        std::uint8_t (*reply)(const Flash& flash, std::uint32_t n, Cycles now);
        void (*on_deselect)(Flash& flash, Cycles now);
        bool while_busy = false;
    };
    struct Instructions;  // flash_instructions.cpp
    [[nodiscard]] static const Instruction* find(std::uint8_t code);

    void begin_busy(Cycles now, std::uint64_t microseconds);
    void keep_original(std::uint32_t offset, std::uint32_t bytes);
    void remember(std::uint32_t offset, std::uint32_t bytes, Cycles now);
    void erase(std::uint32_t offset, std::uint32_t bytes, Cycles now, std::uint64_t microseconds);
    void program(Cycles now);
    void receive(std::uint8_t out, Cycles now);
    void select();
    void deselect(Cycles now);
    [[nodiscard]] std::uint32_t address() const {
        const auto all = static_cast<std::uint32_t>(state_.head[0] << 16 | state_.head[1] << 8 | state_.head[2]);
        return all & (size() - 1);
    }
    /// Size as the identification codes give it: a power of two.
    [[nodiscard]] std::uint8_t capacity() const { return static_cast<std::uint8_t>(__builtin_ctz(size())); }

    struct State {
        bool selected = false, write_enabled = false, continuous = false, reset_enabled = false, powered_down = false;
        bool ignored = false;  // The transfer in progress came while the chip was busy or powered down.
        std::uint8_t instruction = 0;
        // QE: set at the factory on the ...IQ parts that boards carry. DRV1, DRV0: a quarter of the drive strength.
        std::uint8_t status2 = 0x02, status3 = 0x60;
        std::uint8_t head[3] = {};  // The first bytes after the instruction: an address, or what goes into a register.
        std::uint32_t count = 0;    // Bytes of this transfer so far.
        Cycles busy_until = 0;
        std::uint32_t page_bytes = 0;
        std::uint8_t page[kPageBytes] = {};
        std::uint8_t security[3][kPageBytes] = {};
    };

    std::string name_;
    std::vector<std::uint8_t> data_;
    std::map<std::uint32_t, std::vector<std::uint8_t>>
        originals_;  ///< Sectors as loaded, where they have changed since.
    std::uint64_t image_ = 0;
    struct {
        std::uint32_t offset = 0;
        Cycles begun = 0;
        std::vector<std::uint8_t> before;
    } change_;  ///< What the operation in progress, or the last one, has changed.
    State state_;
    const Instruction* instruction_ = nullptr;  ///< Of the transfer in progress; null if the chip ignores it.
};

}  // namespace rp2040
