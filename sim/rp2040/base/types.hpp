// Units and identifiers shared by every part of librp2040.
#pragma once

#include <cstdint>

namespace rp2040 {

/// A point in emulated time or a duration: whole clk_sys cycles since power-on.
using Cycles = std::uint64_t;

/// "No event": later than any reachable time.
inline constexpr Cycles kNever = ~Cycles{0};

/// Bus masters, in the order of the BUSCTRL_BUS_PRIORITY register (datasheet 2.1.1).
enum class Master : std::uint8_t { core0, core1, dma };

/// External interrupt numbers (datasheet table 80).
enum class Irq : std::uint8_t {
    timer_0,
    timer_1,
    timer_2,
    timer_3,
    pwm_wrap,
    usbctrl,
    xip,
    pio0_0,
    pio0_1,
    pio1_0,
    pio1_1,
    dma_0,
    dma_1,
    io_bank0,
    io_qspi,
    sio_proc0,
    sio_proc1,
    clocks,
    spi0,
    spi1,
    uart0,
    uart1,
    adc_fifo,
    i2c0,
    i2c1,
    rtc,
    count
};

/// DMA data requests (datasheet table 120). Values are TREQ_SEL encodings.
enum class Dreq : std::uint8_t {
    pio0_tx0,
    pio0_tx1,
    pio0_tx2,
    pio0_tx3,
    pio0_rx0,
    pio0_rx1,
    pio0_rx2,
    pio0_rx3,
    pio1_tx0,
    pio1_tx1,
    pio1_tx2,
    pio1_tx3,
    pio1_rx0,
    pio1_rx1,
    pio1_rx2,
    pio1_rx3,
    spi0_tx,
    spi0_rx,
    spi1_tx,
    spi1_rx,
    uart0_tx,
    uart0_rx,
    uart1_tx,
    uart1_rx,
    pwm_wrap0,
    pwm_wrap1,
    pwm_wrap2,
    pwm_wrap3,
    pwm_wrap4,
    pwm_wrap5,
    pwm_wrap6,
    pwm_wrap7,
    i2c0_tx,
    i2c0_rx,
    i2c1_tx,
    i2c1_rx,
    adc,
    xip_stream,
    xip_ssitx,
    xip_ssirx,
    count
};

/// Clock generators (datasheet 2.15), in register order.
enum class ClockId : std::uint8_t { gpout0, gpout1, gpout2, gpout3, ref, sys, peri, usb, adc, rtc, count };

}  // namespace rp2040
