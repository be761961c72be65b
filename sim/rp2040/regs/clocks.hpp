// Rendered from platforms/rp2040/clocks.toml by `make chip`: change it there.
// Clock generators (datasheet 2.15.7).
#pragma once

#include "base/registers.hpp"

namespace rp2040::regs {

// clang-format off
inline constexpr Field kClocksFields[] = {
    // CLK_GPOUT%_CTRL
    {"NUDGE", 20, 1, Access::rw, Verdict::stored},
    {"PHASE", 16, 2, Access::rw, Verdict::stored},
    {"DC50", 12, 1, Access::rw, Verdict::stored},
    {"ENABLE", 11, 1, Access::rw},
    {"KILL", 10, 1, Access::rw},
    {"AUXSRC", 5, 4, Access::rw},
    // CLK_GPOUT%_DIV
    {"INT", 8, 24, Access::rw, Verdict::full, 1},
    {"FRAC", 0, 8, Access::rw},
    // CLK_GPOUT%_SELECTED
    {"CLK_GPOUT%_SELECTED", 0, 32, Access::ro, Verdict::full, 1},
    // CLK_REF_CTRL
    {"AUXSRC", 5, 2, Access::rw},
    {"SRC", 0, 2, Access::rw},
    // CLK_REF_DIV
    {"INT", 8, 2, Access::rw, Verdict::full, 1},
    // CLK_REF_SELECTED
    {"CLK_REF_SELECTED", 0, 32, Access::ro, Verdict::full, 1},
    // CLK_SYS_CTRL
    {"AUXSRC", 5, 3, Access::rw},
    {"SRC", 0, 1, Access::rw},
    // CLK_SYS_SELECTED
    {"CLK_SYS_SELECTED", 0, 32, Access::ro, Verdict::full, 1},
    // CLK_PERI_CTRL
    {"ENABLE", 11, 1, Access::rw},
    {"KILL", 10, 1, Access::rw},
    {"AUXSRC", 5, 3, Access::rw},
    // CLK_PERI_DIV
    {"INT", 8, 24, Access::rw, Verdict::refused, 1, 1, 0, "clk_peri has no divider (datasheet 2.15.3.1); only 1.0 and zero are taken"},
    {"FRAC", 0, 8, Access::rw, Verdict::refused, 0, 1, 0, "clk_peri has no divider (datasheet 2.15.3.1); only 1.0 and zero are taken"},
    // CLK_PERI_SELECTED
    {"CLK_PERI_SELECTED", 0, 32, Access::ro, Verdict::full, 1},
    // CLK_USB_CTRL
    {"NUDGE", 20, 1, Access::rw, Verdict::stored},
    {"PHASE", 16, 2, Access::rw, Verdict::stored},
    {"ENABLE", 11, 1, Access::rw},
    {"KILL", 10, 1, Access::rw},
    {"AUXSRC", 5, 3, Access::rw},
    // CLK_USB_SELECTED
    {"CLK_USB_SELECTED", 0, 32, Access::ro, Verdict::full, 1},
    // CLK_ADC_SELECTED
    {"CLK_ADC_SELECTED", 0, 32, Access::ro, Verdict::full, 1},
    // CLK_RTC_SELECTED
    {"CLK_RTC_SELECTED", 0, 32, Access::ro, Verdict::full, 1},
    // CLK_SYS_RESUS_CTRL
    {"CLEAR", 16, 1, Access::rw},
    {"FRCE", 12, 1, Access::rw},
    {"ENABLE", 8, 1, Access::rw},
    {"TIMEOUT", 0, 8, Access::rw, Verdict::stored, 0xff},
    // CLK_SYS_RESUS_STATUS
    {"RESUSSED", 0, 1, Access::ro},
    // FC0_REF_KHZ
    {"FC0_REF_KHZ", 0, 20, Access::rw},
    // FC0_MIN_KHZ
    {"FC0_MIN_KHZ", 0, 25, Access::rw},
    // FC0_MAX_KHZ
    {"FC0_MAX_KHZ", 0, 25, Access::rw, Verdict::full, 0x1ffffff},
    // FC0_DELAY
    {"FC0_DELAY", 0, 3, Access::rw, Verdict::full, 1},
    // FC0_INTERVAL
    {"FC0_INTERVAL", 0, 4, Access::rw, Verdict::full, 8},
    // FC0_SRC
    {"FC0_SRC", 0, 8, Access::rw},
    // FC0_STATUS
    {"DIED", 28, 1, Access::ro},
    {"FAST", 24, 1, Access::ro},
    {"SLOW", 20, 1, Access::ro},
    {"FAIL", 16, 1, Access::ro},
    {"WAITING", 12, 1, Access::ro},
    {"RUNNING", 8, 1, Access::ro},
    {"DONE", 4, 1, Access::ro},
    {"PASS", 0, 1, Access::ro},
    // FC0_RESULT
    {"KHZ", 5, 25, Access::ro},
    {"FRAC", 0, 5, Access::ro},
    // WAKE_EN0
    {"CLK_SYS_SRAM3", 31, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_SRAM2", 30, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_SRAM1", 29, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_SRAM0", 28, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_SPI1", 27, 1, Access::rw, Verdict::stored, 1},
    {"CLK_PERI_SPI1", 26, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_SPI0", 25, 1, Access::rw, Verdict::stored, 1},
    {"CLK_PERI_SPI0", 24, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_SIO", 23, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_RTC", 22, 1, Access::rw, Verdict::stored, 1},
    {"CLK_RTC_RTC", 21, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_ROSC", 20, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_ROM", 19, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_RESETS", 18, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_PWM", 17, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_PSM", 16, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_PLL_USB", 15, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_PLL_SYS", 14, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_PIO1", 13, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_PIO0", 12, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_PADS", 11, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_VREG_AND_CHIP_RESET", 10, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_JTAG", 9, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_IO", 8, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_I2C1", 7, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_I2C0", 6, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_DMA", 5, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_BUSFABRIC", 4, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_BUSCTRL", 3, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_ADC", 2, 1, Access::rw, Verdict::stored, 1},
    {"CLK_ADC_ADC", 1, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_CLOCKS", 0, 1, Access::rw, Verdict::stored, 1},
    // WAKE_EN1
    {"CLK_SYS_XOSC", 14, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_XIP", 13, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_WATCHDOG", 12, 1, Access::rw, Verdict::stored, 1},
    {"CLK_USB_USBCTRL", 11, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_USBCTRL", 10, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_UART1", 9, 1, Access::rw, Verdict::stored, 1},
    {"CLK_PERI_UART1", 8, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_UART0", 7, 1, Access::rw, Verdict::stored, 1},
    {"CLK_PERI_UART0", 6, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_TIMER", 5, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_TBMAN", 4, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_SYSINFO", 3, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_SYSCFG", 2, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_SRAM5", 1, 1, Access::rw, Verdict::stored, 1},
    {"CLK_SYS_SRAM4", 0, 1, Access::rw, Verdict::stored, 1},
    // ENABLED0
    {"CLK_SYS_SRAM3", 31, 1, Access::ro},
    {"CLK_SYS_SRAM2", 30, 1, Access::ro},
    {"CLK_SYS_SRAM1", 29, 1, Access::ro},
    {"CLK_SYS_SRAM0", 28, 1, Access::ro},
    {"CLK_SYS_SPI1", 27, 1, Access::ro},
    {"CLK_PERI_SPI1", 26, 1, Access::ro},
    {"CLK_SYS_SPI0", 25, 1, Access::ro},
    {"CLK_PERI_SPI0", 24, 1, Access::ro},
    {"CLK_SYS_SIO", 23, 1, Access::ro},
    {"CLK_SYS_RTC", 22, 1, Access::ro},
    {"CLK_RTC_RTC", 21, 1, Access::ro},
    {"CLK_SYS_ROSC", 20, 1, Access::ro},
    {"CLK_SYS_ROM", 19, 1, Access::ro},
    {"CLK_SYS_RESETS", 18, 1, Access::ro},
    {"CLK_SYS_PWM", 17, 1, Access::ro},
    {"CLK_SYS_PSM", 16, 1, Access::ro},
    {"CLK_SYS_PLL_USB", 15, 1, Access::ro},
    {"CLK_SYS_PLL_SYS", 14, 1, Access::ro},
    {"CLK_SYS_PIO1", 13, 1, Access::ro},
    {"CLK_SYS_PIO0", 12, 1, Access::ro},
    {"CLK_SYS_PADS", 11, 1, Access::ro},
    {"CLK_SYS_VREG_AND_CHIP_RESET", 10, 1, Access::ro},
    {"CLK_SYS_JTAG", 9, 1, Access::ro},
    {"CLK_SYS_IO", 8, 1, Access::ro},
    {"CLK_SYS_I2C1", 7, 1, Access::ro},
    {"CLK_SYS_I2C0", 6, 1, Access::ro},
    {"CLK_SYS_DMA", 5, 1, Access::ro},
    {"CLK_SYS_BUSFABRIC", 4, 1, Access::ro},
    {"CLK_SYS_BUSCTRL", 3, 1, Access::ro},
    {"CLK_SYS_ADC", 2, 1, Access::ro},
    {"CLK_ADC_ADC", 1, 1, Access::ro},
    {"CLK_SYS_CLOCKS", 0, 1, Access::ro},
    // ENABLED1
    {"CLK_SYS_XOSC", 14, 1, Access::ro},
    {"CLK_SYS_XIP", 13, 1, Access::ro},
    {"CLK_SYS_WATCHDOG", 12, 1, Access::ro},
    {"CLK_USB_USBCTRL", 11, 1, Access::ro},
    {"CLK_SYS_USBCTRL", 10, 1, Access::ro},
    {"CLK_SYS_UART1", 9, 1, Access::ro},
    {"CLK_PERI_UART1", 8, 1, Access::ro},
    {"CLK_SYS_UART0", 7, 1, Access::ro},
    {"CLK_PERI_UART0", 6, 1, Access::ro},
    {"CLK_SYS_TIMER", 5, 1, Access::ro},
    {"CLK_SYS_TBMAN", 4, 1, Access::ro},
    {"CLK_SYS_SYSINFO", 3, 1, Access::ro},
    {"CLK_SYS_SYSCFG", 2, 1, Access::ro},
    {"CLK_SYS_SRAM5", 1, 1, Access::ro},
    {"CLK_SYS_SRAM4", 0, 1, Access::ro},
    // INTR
    {"CLK_SYS_RESUS", 0, 1, Access::ro},
    // INTE
    {"CLK_SYS_RESUS", 0, 1, Access::rw},
};
inline constexpr Register kClocksRegisters[] = {
    {"CLK_GPOUT%_CTRL", 0x000, {kClocksFields, 6}, 4, 0xc},
    {"CLK_GPOUT%_DIV", 0x004, {kClocksFields + 6, 2}, 4, 0xc},
    {"CLK_GPOUT%_SELECTED", 0x008, {kClocksFields + 8, 1}, 4, 0xc},
    {"CLK_REF_CTRL", 0x030, {kClocksFields + 9, 2}},
    {"CLK_REF_DIV", 0x034, {kClocksFields + 11, 1}},
    {"CLK_REF_SELECTED", 0x038, {kClocksFields + 12, 1}},
    {"CLK_SYS_CTRL", 0x03c, {kClocksFields + 13, 2}},
    {"CLK_SYS_DIV", 0x040, {kClocksFields + 6, 2}},
    {"CLK_SYS_SELECTED", 0x044, {kClocksFields + 15, 1}},
    {"CLK_PERI_CTRL", 0x048, {kClocksFields + 16, 3}},
    {"CLK_PERI_DIV", 0x04c, {kClocksFields + 19, 2}},
    {"CLK_PERI_SELECTED", 0x050, {kClocksFields + 21, 1}},
    {"CLK_USB_CTRL", 0x054, {kClocksFields + 22, 5}},
    {"CLK_USB_DIV", 0x058, {kClocksFields + 11, 1}},
    {"CLK_USB_SELECTED", 0x05c, {kClocksFields + 27, 1}},
    {"CLK_ADC_CTRL", 0x060, {kClocksFields + 22, 5}},
    {"CLK_ADC_DIV", 0x064, {kClocksFields + 11, 1}},
    {"CLK_ADC_SELECTED", 0x068, {kClocksFields + 28, 1}},
    {"CLK_RTC_CTRL", 0x06c, {kClocksFields + 22, 5}},
    {"CLK_RTC_DIV", 0x070, {kClocksFields + 6, 2}},
    {"CLK_RTC_SELECTED", 0x074, {kClocksFields + 29, 1}},
    {"CLK_SYS_RESUS_CTRL", 0x078, {kClocksFields + 30, 4}},
    {"CLK_SYS_RESUS_STATUS", 0x07c, {kClocksFields + 34, 1}},
    {"FC0_REF_KHZ", 0x080, {kClocksFields + 35, 1}},
    {"FC0_MIN_KHZ", 0x084, {kClocksFields + 36, 1}},
    {"FC0_MAX_KHZ", 0x088, {kClocksFields + 37, 1}},
    {"FC0_DELAY", 0x08c, {kClocksFields + 38, 1}},
    {"FC0_INTERVAL", 0x090, {kClocksFields + 39, 1}},
    {"FC0_SRC", 0x094, {kClocksFields + 40, 1}},
    {"FC0_STATUS", 0x098, {kClocksFields + 41, 8}},
    {"FC0_RESULT", 0x09c, {kClocksFields + 49, 2}},
    {"WAKE_EN0", 0x0a0, {kClocksFields + 51, 32}},
    {"WAKE_EN1", 0x0a4, {kClocksFields + 83, 15}},
    {"SLEEP_EN0", 0x0a8, {kClocksFields + 51, 32}},
    {"SLEEP_EN1", 0x0ac, {kClocksFields + 83, 15}},
    {"ENABLED0", 0x0b0, {kClocksFields + 98, 32}},
    {"ENABLED1", 0x0b4, {kClocksFields + 130, 15}},
    {"INTR", 0x0b8, {kClocksFields + 145, 1}},
    {"INTE", 0x0bc, {kClocksFields + 146, 1}},
    {"INTF", 0x0c0, {kClocksFields + 146, 1}},
    {"INTS", 0x0c4, {kClocksFields + 145, 1}},
};
inline constexpr std::string_view kClocksInstances[] = {"CLOCKS"};
inline constexpr std::uint32_t kClocksBases[] = {0x40008000};
inline constexpr Block kClocks{
    "CLOCKS", kClocksInstances, kClocksBases, 0x4000, kClocksRegisters};
// clang-format on

}  // namespace rp2040::regs
