// UART: Arm PL011 r1p5 (datasheet 4.2).
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/peripheral.hpp"
#include "base/rate_counter.hpp"
#include "io/gpio.hpp"
#include "periph/fifo.hpp"
#include "regs/uart.hpp"

namespace rp2040 {

namespace uart {
inline constexpr std::uint32_t kUarten = regs::kUart.mask("UARTCR.UARTEN"), kLbe = regs::kUart.mask("UARTCR.LBE"),
                               kTxe = regs::kUart.mask("UARTCR.TXE"), kRxe = regs::kUart.mask("UARTCR.RXE"),
                               kCtsen = regs::kUart.mask("UARTCR.CTSEN");
inline constexpr std::uint32_t kBrk = regs::kUart.mask("UARTLCR_H.BRK"), kPen = regs::kUart.mask("UARTLCR_H.PEN"),
                               kEps = regs::kUart.mask("UARTLCR_H.EPS"), kStp2 = regs::kUart.mask("UARTLCR_H.STP2"),
                               kFen = regs::kUart.mask("UARTLCR_H.FEN"), kSps = regs::kUart.mask("UARTLCR_H.SPS");
inline constexpr std::uint32_t kCtsi = regs::kUart.mask("UARTRIS.CTSRMIS");
inline constexpr regs::Bits kWlen = regs::kUart.bits("UARTLCR_H.WLEN");
inline constexpr std::uint32_t kFramingError = regs::kUart.mask("UARTDR.FE"),
                               kParityError = regs::kUart.mask("UARTDR.PE"), kBreak = regs::kUart.mask("UARTDR.BE");
/// A received character with its errors.
inline constexpr std::uint32_t kFrame = regs::kUart.mask("UARTDR.DATA") | kFramingError | kParityError | kBreak;
}  // namespace uart

/// A time with a binary fraction of a cycle: consecutive frames must not round each one up.
struct FineTime {
    Cycles cycle = 0;
    std::uint32_t fraction = 0;  // Units of 2^-32 cycle.
    FineTime& operator+=(Wide q32) {
        q32 += fraction;
        cycle += static_cast<Cycles>(q32 >> 32);
        fraction = static_cast<std::uint32_t>(q32);
        return *this;
    }
    [[nodiscard]] Cycles ceil() const { return cycle + (fraction != 0); }
};

struct UartState {
    std::uint32_t ibrd = 0, fbrd = 0, lcr_h = 0, cr = regs::kUart.reset("UARTCR"), ifls = regs::kUart.reset("UARTIFLS"),
                  imsc = 0, dmacr = 0, rsr = 0;
    std::uint32_t ilpr = 0;
    std::uint32_t active_divisor = 0;  // IBRD * 64 + FBRD as latched by the write of LCR_H.
    std::uint32_t ris = 0;             // Latched causes: RT, FE, PE, BE, OE, and the edge-triggered TX, RX.
    Fifo<std::uint8_t, 32> tx;
    Fifo<std::uint16_t, 32> rx;  // Bits 0-7 data, 8-10 FE, PE, BE, 11 OE: characters before it were lost.
    bool shifting = false;       // A frame is in the transmit shift register.
    std::uint8_t shift = 0;
    FineTime tx_start{};
    FineTime tx_end{};        // End of that frame's last stop bit.
    std::uint16_t frame = 0;  // Bits of the frame on the wire, start bit lowest.
    std::uint8_t frame_bits = 0;
    std::uint8_t next_bit = 0;  // First bit not yet put on the pins.
    bool line = true;           // Level of TX.
    bool rts = false;           // Asserted: the pin is low.
    bool receiving = false;
    std::uint16_t rx_shift = 0;
    FineTime rx_end{};
    Cycles rx_timeout = kNever;
    bool rx_overrun = false;  // The next character that is received follows a loss.
    bool sampling = false;    // A start bit has come on the RX pin.
    bool rx_line = true;      // Level of RX at its last change.
    std::uint8_t samples_taken = 0;
    std::uint16_t samples = 0;  // Start bit lowest.
    FineTime sample_start{};
    std::uint64_t bit_q32 = 0;      // Length of a bit, to stretch a frame in flight when a clock changes.
    Cycles stopped_at = kNever;     // While there is no clk_peri,
    std::uint64_t stopped_bit = 0;  // with the length of a bit before.
};

/// Frames are sent whole, one event each. The TX pins follow lazily, bit by bit, when somebody looks. What is sent
/// while no pin has the UART function reaches nobody. Frames come in from the wave form on an RX pin, sampled in the
/// middle of each bit, and whole from the host: its bytes wait until the receiver is enabled and connected to a pin.
class Uart final : public StatefulPeripheral<UartState>, public TimedDriver {
  public:
    struct Byte {
        std::uint8_t value;
        Cycles when;  ///< End of the last stop bit.
    };

    Uart(Fabric& fabric, unsigned instance);
    std::uint32_t read(std::uint32_t offset) override;
    std::uint32_t peek(std::uint32_t offset) override;
    [[nodiscard]] Cycles steady_until(std::uint32_t offset) const override;
    void write(std::uint32_t offset, std::uint32_t value) override;
    void clocks_changed() override { update(); }
    void reset() override;
    void save(StateWriter& out) const override;
    void restore(StateReader& in) override;

    // TimedDriver: the TX pins.
    void catch_up(Cycles until) override;
    [[nodiscard]] Cycles next_step() const override;
    [[nodiscard]] PinFunction steps_through() const override { return PinFunction::uart; }
    [[nodiscard]] std::uint32_t awaited_pins() const override { return awaited_pins_; }
    void plan() override { update(); }

    /// What the board has on this UART: a terminal, 8N1, on two pins.
    struct Terminal {
        unsigned tx, rx;  ///< As the chip names them.
        std::uint32_t baud;
    };
    void set_terminal(const Terminal& terminal) { terminal_ = terminal; }
    /// Why the terminal could not read, or could not be read: the first reason; empty if there was none.
    [[nodiscard]] const std::string& note() const { return note_; }

    [[nodiscard]] bool has_transmitted() const { return !transmitted_.empty(); }
    /// Bytes sent since the last call, oldest first; only those that the terminal can read, if there is one.
    [[nodiscard]] std::vector<Byte> take_transmitted();
    /// Bytes for the RX pin, back to back at the UART's own rate, the first start bit no earlier than now.
    void host_send(std::span<const std::uint8_t> bytes);
    /// A frame with FE, PE or BE (bits 8, 9, 10 of UARTDR) for tests of error handling.
    void host_send_frame(std::uint16_t frame);
    /// Host frames not yet received.
    [[nodiscard]] std::size_t host_pending() const { return host_queue_.size() + (s_.receiving ? 1 : 0); }
    /// Length of one frame in clk_sys cycles, rounded up; 0 while the baud rate is not set.
    [[nodiscard]] Cycles frame_cycles() const;
    /// What the host says; with CTS on a pin, its level counts as well (true = asserted: the pin is low).
    void set_cts(bool asserted);

  private:
    [[nodiscard]] Wide frame_q32() const;
    [[nodiscard]] Wide bits_q32(unsigned bits) const;
    [[nodiscard]] bool fifo_enabled() const { return (s_.lcr_h & uart::kFen) != 0; }
    [[nodiscard]] unsigned depth() const { return fifo_enabled() ? 32 : 1; }
    [[nodiscard]] unsigned data_bits() const { return 5 + uart::kWlen.of(s_.lcr_h); }
    [[nodiscard]] std::uint32_t data_mask() const { return 0xffu >> (8 - data_bits()); }
    [[nodiscard]] bool parity_of(std::uint32_t data) const;
    [[nodiscard]] std::uint32_t tx_pins() const { return instance_ == 0 ? 0x10011001u : 0x01100110u; }
    [[nodiscard]] std::uint32_t rx_pins() const { return tx_pins() << 1; }
    static constexpr std::uint32_t kAllPins = (1u << kPins) - 1;
    [[nodiscard]] std::uint32_t cts_pins() const { return tx_pins() << 2 & kAllPins; }
    [[nodiscard]] std::uint32_t rts_pins() const { return tx_pins() << 3 & kAllPins; }
    [[nodiscard]] std::uint32_t selected(std::uint32_t pins) const;
    [[nodiscard]] FineTime bit_time(unsigned bit) const;
    [[nodiscard]] unsigned next_edge() const;
    void set_line(bool level, Cycles when);
    // uart_terminal.cpp
    [[nodiscard]] bool terminal_reads();
    [[nodiscard]] bool terminal_is_read();
    [[nodiscard]] std::string wrong_setting() const;
    bool note(const std::string& why);
    [[nodiscard]] Cycles edge_time() const;
    [[nodiscard]] bool looped_back() const { return (s_.cr & uart::kLbe) != 0; }
    void set_control(std::uint32_t value);
    void follow_clock();
    void heard(bool level, Cycles when);
    // uart_line.cpp: the receiver's pin
    class Inputs final : public LineWatcher {
      public:
        explicit Inputs(Uart& uart) : uart_(uart) {}
        [[nodiscard]] std::uint32_t watched_lines() const override { return uart_.awaited_pins_ | uart_.cts_watched_; }
        [[nodiscard]] std::uint32_t driven_lines() const override { return 0; }
        void line_changed(unsigned pin, bool level, Cycles when) override { uart_.input_changed(pin, level, when); }

      private:
        Uart& uart_;
    };
    [[nodiscard]] Cycles sample_time() const;
    void sample_until(Cycles until);
    void input_changed(unsigned pin, bool level, Cycles when);
    void settle();
    void start_transmit(FineTime from);
    void start_receive(FineTime from);
    void finish_transmit();
    void finish_receive();
    void receive(std::uint16_t frame);
    void event(Cycles when);
    void push_transmit(std::uint8_t value);
    std::uint32_t pop_receive();
    void restart_timeout();
    [[nodiscard]] bool can_send() const;
    [[nodiscard]] bool clear_to_send() const;
    [[nodiscard]] bool request_to_send() const;
    void show_rts(Cycles when);
    [[nodiscard]] bool receiver_on() const;
    [[nodiscard]] bool can_receive() const;
    void update();
    void update_requests();
    void reschedule();
    void replan_pins();
    [[nodiscard]] bool choose_pins();
    [[nodiscard]] std::size_t transmit_trigger() const;
    [[nodiscard]] std::size_t receive_trigger() const;
    unsigned instance_;
    EventId event_;
    Irq irq_;
    Dreq tx_dreq_, rx_dreq_;
    Inputs inputs_{*this};
    bool started_ = false;            ///< A frame, since the last look in update().
    std::uint32_t awaited_pins_ = 0;  ///< RX pins while the receiver is on.
    std::uint32_t cts_watched_ = 0;   ///< CTS pins while somebody cares.
    std::deque<std::uint16_t> host_queue_;
    std::vector<Byte> transmitted_;
    bool cts_ = true;
    std::optional<Terminal> terminal_;  ///< Part of the board, not of the state.
    std::string note_;
};

}  // namespace rp2040
