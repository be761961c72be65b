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
    void spi_select(bool selected, Cycles now) override;
    std::uint16_t spi_send(unsigned bits, Cycles now) override;
    void spi_receive(std::uint16_t value, unsigned bits, Cycles now) override;
    /// A transfer of instruction, address and mode bits by the SSI's enhanced modes; data follow by read().
    void fast_read(std::uint8_t instruction, std::uint32_t address, std::uint8_t mode);
    [[nodiscard]] std::uint8_t read(std::uint32_t address) const { return data_[address & (size() - 1)]; }

    /// Called after an erase or program operation changed [offset, offset + bytes).
    std::function<void(std::uint32_t offset, std::uint32_t bytes)> on_change;

    void reset();
    void save(StateWriter& out) const override;
    void restore(StateReader& in) override;

  private:
    void begin_busy(Cycles now, std::uint64_t microseconds);
    void keep_original(std::uint32_t offset, std::uint32_t bytes);
    void erase(std::uint32_t offset, std::uint32_t bytes, Cycles now, std::uint64_t microseconds);
    void program(Cycles now);
    [[nodiscard]] std::uint8_t respond(Cycles now) const;
    void receive(std::uint8_t out, Cycles now);
    void select();
    void deselect(Cycles now);
    [[nodiscard]] std::uint32_t address() const { return state_.address & (size() - 1); }

    struct State {
        bool selected = false, write_enabled = false, continuous = false;
        std::uint8_t instruction = 0;
        std::uint8_t status2 = 0x02;  // QE: set at the factory on the ...IQ parts that boards carry
        std::uint32_t count = 0;      // bytes of this transaction so far
        std::uint32_t address = 0;
        Cycles busy_until = 0;
        std::uint32_t page_bytes = 0;
        std::uint8_t page[kPageBytes] = {};
        std::uint8_t status_write[2] = {};
    };

    std::string name_;
    std::vector<std::uint8_t> data_;
    std::map<std::uint32_t, std::vector<std::uint8_t>>
        originals_;  ///< Sectors as loaded, where they have changed since.
    std::uint64_t image_ = 0;
    State state_;
};

}  // namespace rp2040
