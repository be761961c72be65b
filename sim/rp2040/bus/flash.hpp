// The serial flash chip: a Winbond W25Q-like device on the other side of the SSI.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <vector>

#include "base/fabric.hpp"
#include "base/state.hpp"

namespace rp2040 {

class Flash {
  public:
    static constexpr std::uint32_t kSectorBytes = 4096, kPageBytes = 256;

    /// `bytes` is a power of two between 64 kB and 16 MB.
    Flash(Fabric& fabric, std::uint32_t bytes);

    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(data_.size()); }
    [[nodiscard]] const std::uint8_t* data() const { return data_.data(); }
    /// Puts an image in place as a programmer would: becomes the content that snapshots refer to.
    void load(std::uint32_t offset, std::span<const std::uint8_t> bytes);

    // The serial bus, one byte at a time.
    void select();
    std::uint8_t exchange(std::uint8_t out, Cycles now);
    void deselect(Cycles now);
    /// A transfer of instruction, address and mode bits by the SSI's enhanced modes; data follow by read().
    void fast_read(std::uint8_t instruction, std::uint32_t address, std::uint8_t mode);
    [[nodiscard]] std::uint8_t read(std::uint32_t address) const { return data_[address & (size() - 1)]; }

    /// Called after an erase or program operation changed [offset, offset + bytes).
    std::function<void(std::uint32_t offset, std::uint32_t bytes)> on_change;

    void reset();
    void save(StateWriter& out) const;
    void restore(StateReader& in);

  private:
    void begin_busy(Cycles now, std::uint64_t microseconds);
    void keep_original(std::uint32_t offset, std::uint32_t bytes);
    void erase(std::uint32_t offset, std::uint32_t bytes, Cycles now, std::uint64_t microseconds);
    void program(Cycles now);
    std::uint8_t respond(std::uint8_t out, Cycles now);
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

    Fabric& fabric_;
    std::vector<std::uint8_t> data_;
    std::map<std::uint32_t, std::vector<std::uint8_t>>
        originals_;  ///< Sectors as loaded, where they have changed since.
    State state_;
};

}  // namespace rp2040
