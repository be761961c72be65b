// Rendered from platforms/rp2040/chip.toml and the blocks by `make chip`: change it there.
#pragma once

#include <cstdint>

namespace rp2040 {

// clang-format off
// Memories and windows (datasheet 2.2).
inline constexpr std::uint32_t kRomBase = 0x00000000,
                               kRomSize = 0x4000;
inline constexpr std::uint32_t kFlashBase = 0x10000000,
                               kFlashSize = 0x1000000;
inline constexpr std::uint32_t kXipSramBase = 0x15000000,
                               kXipSramSize = 0x4000;
inline constexpr std::uint32_t kSramBase = 0x20000000,
                               kSramSize = 0x42000;
inline constexpr std::uint32_t kSramBanksBase = 0x21000000,
                               kSramBanksSize = 0x40000;
inline constexpr std::uint32_t kUsbDpramBase = 0x50100000,
                               kUsbDpramSize = 0x1000;
inline constexpr std::uint32_t kXipAuxBase = 0x50400000,
                               kXipAuxSize = 0x1000;
inline constexpr std::uint32_t kPpbBase = 0xe0000000,
                               kPpbSize = 0x100000;

// Blocks of registers.
inline constexpr std::uint32_t kAdcBase = 0x4004c000;
inline constexpr std::uint32_t kBusctrlBase = 0x40030000;
inline constexpr std::uint32_t kClocksBase = 0x40008000;
inline constexpr std::uint32_t kDmaBase = 0x50000000;
inline constexpr std::uint32_t kI2c0Base = 0x40044000;
inline constexpr std::uint32_t kI2c1Base = 0x40048000;
inline constexpr std::uint32_t kIoBank0Base = 0x40014000;
inline constexpr std::uint32_t kIoQspiBase = 0x40018000;
inline constexpr std::uint32_t kMpuBase = 0xe000ed90;
inline constexpr std::uint32_t kNvicBase = 0xe000e100;
inline constexpr std::uint32_t kPadsBank0Base = 0x4001c000;
inline constexpr std::uint32_t kPadsQspiBase = 0x40020000;
inline constexpr std::uint32_t kPio0Base = 0x50200000;
inline constexpr std::uint32_t kPio1Base = 0x50300000;
inline constexpr std::uint32_t kPllSysBase = 0x40028000;
inline constexpr std::uint32_t kPllUsbBase = 0x4002c000;
inline constexpr std::uint32_t kPsmBase = 0x40010000;
inline constexpr std::uint32_t kPwmBase = 0x40050000;
inline constexpr std::uint32_t kResetsBase = 0x4000c000;
inline constexpr std::uint32_t kRoscBase = 0x40060000;
inline constexpr std::uint32_t kRtcBase = 0x4005c000;
inline constexpr std::uint32_t kScbBase = 0xe000ed00;
inline constexpr std::uint32_t kSioBase = 0xd0000000;
inline constexpr std::uint32_t kSpi0Base = 0x4003c000;
inline constexpr std::uint32_t kSpi1Base = 0x40040000;
inline constexpr std::uint32_t kXipSsiBase = 0x18000000;
inline constexpr std::uint32_t kSyscfgBase = 0x40004000;
inline constexpr std::uint32_t kSysinfoBase = 0x40000000;
inline constexpr std::uint32_t kSystickBase = 0xe000e010;
inline constexpr std::uint32_t kTbmanBase = 0x4006c000;
inline constexpr std::uint32_t kTimerBase = 0x40054000;
inline constexpr std::uint32_t kUart0Base = 0x40034000;
inline constexpr std::uint32_t kUart1Base = 0x40038000;
inline constexpr std::uint32_t kUsbctrlBase = 0x50110000;
inline constexpr std::uint32_t kVregAndChipResetBase = 0x40064000;
inline constexpr std::uint32_t kWatchdogBase = 0x40058000;
inline constexpr std::uint32_t kXipCtrlBase = 0x14000000;
inline constexpr std::uint32_t kXoscBase = 0x40024000;

/// External interrupts (datasheet 2.3.2).
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

/// DMA data requests (datasheet 2.5.3.1). Values are TREQ_SEL encodings.
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

/// Bits of RESETS' registers (datasheet 2.14.3).
enum class ResetBit : std::uint8_t {
    adc,
    busctrl,
    dma,
    i2c0,
    i2c1,
    io_bank0,
    io_qspi,
    jtag,
    pads_bank0,
    pads_qspi,
    pio0,
    pio1,
    pll_sys,
    pll_usb,
    pwm,
    rtc,
    spi0,
    spi1,
    syscfg,
    sysinfo,
    tbman,
    timer,
    uart0,
    uart1,
    usbctrl,
    count
};

/// A range of addresses with its name in the C ABI.
struct Window {
    std::uint32_t base, size;
    const char* name;
};
inline constexpr Window kWindows[] = {
    {0x14000000, 0x4000, "xip_ctrl"},
    {0x18000000, 0x4000, "ssi"},
    {0x21000000, 0x40000, "sram_banks"},
    {0x40000000, 0x4000, "sysinfo"},
    {0x40004000, 0x4000, "syscfg"},
    {0x40008000, 0x4000, "clocks"},
    {0x4000c000, 0x4000, "resets"},
    {0x40010000, 0x4000, "psm"},
    {0x40014000, 0x4000, "io_bank0"},
    {0x40018000, 0x4000, "io_qspi"},
    {0x4001c000, 0x4000, "pads_bank0"},
    {0x40020000, 0x4000, "pads_qspi"},
    {0x40024000, 0x4000, "xosc"},
    {0x40028000, 0x4000, "pll_sys"},
    {0x4002c000, 0x4000, "pll_usb"},
    {0x40030000, 0x4000, "busctrl"},
    {0x40034000, 0x4000, "uart0"},
    {0x40038000, 0x4000, "uart1"},
    {0x4003c000, 0x4000, "spi0"},
    {0x40040000, 0x4000, "spi1"},
    {0x40044000, 0x4000, "i2c0"},
    {0x40048000, 0x4000, "i2c1"},
    {0x4004c000, 0x4000, "adc"},
    {0x40050000, 0x4000, "pwm"},
    {0x40054000, 0x4000, "timer"},
    {0x40058000, 0x4000, "watchdog"},
    {0x4005c000, 0x4000, "rtc"},
    {0x40060000, 0x4000, "rosc"},
    {0x40064000, 0x4000, "vreg"},
    {0x4006c000, 0x4000, "tbman"},
    {0x50000000, 0x4000, "dma"},
    {0x50100000, 0x1000, "usb_dpram"},
    {0x50110000, 0x4000, "usb"},
    {0x50200000, 0x4000, "pio0"},
    {0x50300000, 0x4000, "pio1"},
    {0x50400000, 0x1000, "xip_aux"},
    {0xd0000000, 0x1000, "sio"},
};
inline constexpr Window kMemories[] = {
    {0x00000000, 0x4000, "rom"},
    {0x10000000, 0x1000000, "flash"},
    {0x15000000, 0x4000, "xip_sram"},
    {0x20000000, 0x42000, "sram"},
};
// clang-format on

}  // namespace rp2040
