/* What the programs share: registers by address, start-up of clocks in the SDK's order, ROM functions, a console. */
#ifndef SDK_H
#define SDK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REG(address) (*(volatile uint32_t*)(address))
#define REG16(address) (*(volatile uint16_t*)(address))
#define REG8(address) (*(volatile uint8_t*)(address))
#define XOR_ALIAS 0x1000u
#define SET_ALIAS 0x2000u
#define CLR_ALIAS 0x3000u

enum {
    SYSINFO = 0x40000000,
    SYSCFG = 0x40004000,
    CLOCKS = 0x40008000,
    RESETS = 0x4000c000,
    PSM = 0x40010000,
    IO_BANK0 = 0x40014000,
    IO_QSPI = 0x40018000,
    PADS_BANK0 = 0x4001c000,
    XOSC = 0x40024000,
    PLL_SYS = 0x40028000,
    PLL_USB = 0x4002c000,
    BUSCTRL = 0x40030000,
    UART0 = 0x40034000,
    SPI0 = 0x4003c000,
    I2C0 = 0x40044000,
    ADC = 0x4004c000,
    PWM = 0x40050000,
    TIMER = 0x40054000,
    WATCHDOG = 0x40058000,
    RTC = 0x4005c000,
    ROSC = 0x40060000,
    VREG = 0x40064000,
    TBMAN = 0x4006c000,
    DMA = 0x50000000,
    USB_DPRAM = 0x50100000,
    USB = 0x50110000,
    PIO0 = 0x50200000,
};
#define XIP_CTRL 0x14000000u
#define SSI 0x18000000u
#define SIO 0xd0000000u
#define PPB 0xe0000000u

#define TIME_CRITICAL(name) __attribute__((noinline, section(".time_critical." name)))
#define FIELD_WRITE(address, mask, value) (REG((address) + XOR_ALIAS) = (REG(address) ^ (value)) & (mask))

static inline void irq_enable(unsigned line) {
    REG(PPB + 0xe280) = 1u << line;
    REG(PPB + 0xe100) = 1u << line;
}
static inline void dmb(void) { __asm__ volatile("dmb" ::: "memory"); }
static inline void wfi(void) { __asm__ volatile("wfi" ::: "memory"); }
static inline void wfe(void) { __asm__ volatile("wfe" ::: "memory"); }
static inline void sev(void) { __asm__ volatile("sev" ::: "memory"); }
static inline uint32_t disable_interrupts(void) {
    uint32_t old;
    __asm__ volatile("mrs %0, primask\n\tcpsid i" : "=r"(old)::"memory");
    return old;
}
static inline void restore_interrupts(uint32_t old) { __asm__ volatile("msr primask, %0" ::"r"(old) : "memory"); }

/** Resets everything but flash and PLLs, starts the crystal and both PLLs, 125 MHz, then UART0 at 115200. */
void sdk_init(void);
void pin_function(unsigned pin, unsigned function);
uint64_t time_us(void);
void busy_wait_us(uint32_t us);

void* rom_function(char first, char second);
void* rom_data(char first, char second);

void put_char(char c);
void print(const char* text);
/** `name=value` in decimal, one line. */
void show(const char* name, uint32_t value);
void show_hex(const char* name, uint32_t value);
/** Waits until the last character has left the pin. */
void flush(void);

#endif
