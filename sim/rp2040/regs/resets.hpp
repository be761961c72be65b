// Rendered from platforms/rp2040/resets.toml by `make chip`: change it there.
// Resets of the blocks (datasheet 2.14.3).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kResetsFields[] = {
    // RESET
    {"USBCTRL", 24, 1, Access::rw, Verdict::full, 1},
    {"UART1", 23, 1, Access::rw, Verdict::full, 1},
    {"UART0", 22, 1, Access::rw, Verdict::full, 1},
    {"TIMER", 21, 1, Access::rw, Verdict::full, 1},
    {"TBMAN", 20, 1, Access::rw, Verdict::full, 1},
    {"SYSINFO", 19, 1, Access::rw, Verdict::full, 1},
    {"SYSCFG", 18, 1, Access::rw, Verdict::full, 1},
    {"SPI1", 17, 1, Access::rw, Verdict::full, 1},
    {"SPI0", 16, 1, Access::rw, Verdict::full, 1},
    {"RTC", 15, 1, Access::rw, Verdict::full, 1},
    {"PWM", 14, 1, Access::rw, Verdict::full, 1},
    {"PLL_USB", 13, 1, Access::rw, Verdict::full, 1},
    {"PLL_SYS", 12, 1, Access::rw, Verdict::full, 1},
    {"PIO1", 11, 1, Access::rw, Verdict::full, 1},
    {"PIO0", 10, 1, Access::rw, Verdict::full, 1},
    {"PADS_QSPI", 9, 1, Access::rw, Verdict::full, 1},
    {"PADS_BANK0", 8, 1, Access::rw, Verdict::full, 1},
    {"JTAG", 7, 1, Access::rw, Verdict::stored, 1},
    {"IO_QSPI", 6, 1, Access::rw, Verdict::full, 1},
    {"IO_BANK0", 5, 1, Access::rw, Verdict::full, 1},
    {"I2C1", 4, 1, Access::rw, Verdict::full, 1},
    {"I2C0", 3, 1, Access::rw, Verdict::full, 1},
    {"DMA", 2, 1, Access::rw, Verdict::full, 1},
    {"BUSCTRL", 1, 1, Access::rw, Verdict::full, 1},
    {"ADC", 0, 1, Access::rw, Verdict::full, 1},
    // WDSEL
    {"USBCTRL", 24, 1, Access::rw},
    {"UART1", 23, 1, Access::rw},
    {"UART0", 22, 1, Access::rw},
    {"TIMER", 21, 1, Access::rw},
    {"TBMAN", 20, 1, Access::rw},
    {"SYSINFO", 19, 1, Access::rw},
    {"SYSCFG", 18, 1, Access::rw},
    {"SPI1", 17, 1, Access::rw},
    {"SPI0", 16, 1, Access::rw},
    {"RTC", 15, 1, Access::rw},
    {"PWM", 14, 1, Access::rw},
    {"PLL_USB", 13, 1, Access::rw},
    {"PLL_SYS", 12, 1, Access::rw},
    {"PIO1", 11, 1, Access::rw},
    {"PIO0", 10, 1, Access::rw},
    {"PADS_QSPI", 9, 1, Access::rw},
    {"PADS_BANK0", 8, 1, Access::rw},
    {"JTAG", 7, 1, Access::rw},
    {"IO_QSPI", 6, 1, Access::rw},
    {"IO_BANK0", 5, 1, Access::rw},
    {"I2C1", 4, 1, Access::rw},
    {"I2C0", 3, 1, Access::rw},
    {"DMA", 2, 1, Access::rw},
    {"BUSCTRL", 1, 1, Access::rw},
    {"ADC", 0, 1, Access::rw},
    // RESET_DONE
    {"USBCTRL", 24, 1, Access::ro},
    {"UART1", 23, 1, Access::ro},
    {"UART0", 22, 1, Access::ro},
    {"TIMER", 21, 1, Access::ro},
    {"TBMAN", 20, 1, Access::ro},
    {"SYSINFO", 19, 1, Access::ro},
    {"SYSCFG", 18, 1, Access::ro},
    {"SPI1", 17, 1, Access::ro},
    {"SPI0", 16, 1, Access::ro},
    {"RTC", 15, 1, Access::ro},
    {"PWM", 14, 1, Access::ro},
    {"PLL_USB", 13, 1, Access::ro},
    {"PLL_SYS", 12, 1, Access::ro},
    {"PIO1", 11, 1, Access::ro},
    {"PIO0", 10, 1, Access::ro},
    {"PADS_QSPI", 9, 1, Access::ro},
    {"PADS_BANK0", 8, 1, Access::ro},
    {"JTAG", 7, 1, Access::ro},
    {"IO_QSPI", 6, 1, Access::ro},
    {"IO_BANK0", 5, 1, Access::ro},
    {"I2C1", 4, 1, Access::ro},
    {"I2C0", 3, 1, Access::ro},
    {"DMA", 2, 1, Access::ro},
    {"BUSCTRL", 1, 1, Access::ro},
    {"ADC", 0, 1, Access::ro},
};
inline constexpr Register kResetsRegisters[] = {
    {"RESET", 0x000, {kResetsFields, 25}},
    {"WDSEL", 0x004, {kResetsFields + 25, 25}},
    {"RESET_DONE", 0x008, {kResetsFields + 50, 25}},
};
inline constexpr std::string_view kResetsInstances[] = {"RESETS"};
inline constexpr std::uint32_t kResetsBases[] = {0x4000c000};
inline constexpr Block kResets{
    "RESETS", kResetsInstances, kResetsBases, 0x4000, kResetsRegisters};
// clang-format on

}  // namespace rp2040::regs
