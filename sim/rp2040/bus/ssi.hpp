// XIP_SSI: the DW_apb_ssi controller between XIP and the serial flash (datasheet 4.10).
#pragma once

#include <array>
#include <functional>

#include "base/peripheral.hpp"
#include "bus/flash.hpp"

namespace rp2040 {

struct SsiState {
    std::uint32_t ctrlr0 = 0, ctrlr1 = 0, ssienr = 0, ser = 0, baudr = 0, txftlr = 0, rxftlr = 0, imr = 0, latched = 0,
                  dmacr = 0, dmatdlr = 0, dmardlr = 0, rx_sample_dly = 0, spi_ctrlr0 = 0x03000000, txd_drive_edge = 0;
    struct Received {
        std::uint32_t data;
        Cycles ready;
    };
    std::array<Received, 16> rx{};
    std::uint32_t rx_head = 0, rx_count = 0;
    Cycles enabled_at = 0;  // Where a period of SCK begins.
    Cycles busy_until = 0;
    Cycles frame_cycles = 0;
    bool selected = false;
    std::uint32_t forced = 0;  // The chip select override as last seen.
    bool have_instruction = false;
    std::uint32_t instruction = 0;
    // The rest of a quad read that is longer than the FIFO.
    std::uint32_t frames_left = 0, next_address = 0;
    Cycles next_ready = 0, frame_period = 0;
};

class Ssi final : public StatefulPeripheral<SsiState> {
  public:
    Ssi(Fabric& fabric, Flash& flash);
    void reset() override;
    std::uint32_t read(std::uint32_t offset) override;
    std::uint32_t peek(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;

    /// clk_sys cycles of one execute-in-place transfer of `data_bits` that is asked for at `at`, from the programmed
    /// divider and frame format; `overhead` is what goes on around it. `phase` is the cycle that decides how long a
    /// period of SCK has still to go. Throws Unmodelled when XIP would get no data: the run stops.
    [[nodiscard]] Cycles xip_transfer_cycles(unsigned data_bits, Cycles at, Cycles phase, Cycles overhead) const;

    /// State of the chip-select override in IO_QSPI: 0 none, 2 driven low, 3 driven high. Connected by Chip.
    std::function<unsigned()> chip_select_override;
    /// Tells that the override changed.
    void chip_select_changed();

  private:
    void check_xip(Cycles at) const;
    [[noreturn]] void refuse_xip(std::uint32_t offset, std::string_view why) const;
    [[noreturn]] void refuse_instruction() const;
    [[nodiscard]] unsigned lanes() const { return 1u << (s_.ctrlr0 >> 21 & 3); }
    [[nodiscard]] unsigned frame_bits() const { return (s_.ctrlr0 >> 16 & 31) + 1; }
    [[nodiscard]] bool enabled() const { return s_.ssienr != 0 && s_.ser != 0 && s_.baudr != 0; }
    [[nodiscard]] unsigned forced() const {
        const unsigned mode = chip_select_override ? chip_select_override() : 0;
        return mode >= 2 ? mode : 0;
    }
    [[nodiscard]] unsigned tx_waiting(Cycles now) const;
    [[nodiscard]] unsigned rx_available(Cycles now) const;
    [[nodiscard]] std::uint32_t status(Cycles now) const;
    void push(std::uint32_t value);
    void push_standard(std::uint32_t value);
    void push_enhanced(std::uint32_t value);
    void receive(std::uint32_t data, Cycles ready);
    void fill();
    void update();
    [[nodiscard]] std::uint32_t interrupts(Cycles now) const;
    std::uint32_t pop();
    void end_transaction(Cycles at);
    Flash& flash_;
};

}  // namespace rp2040
