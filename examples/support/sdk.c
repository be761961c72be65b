#include "sdk.h"

enum { RESET_IO_QSPI = 1u << 6, RESET_PADS_QSPI = 1u << 9, RESET_PLLS = 3u << 12, ALL_RESETS = 0x1ffffff };
enum { LATE_RESETS = 1u << 0 | 1u << 15 | 3u << 16 | 3u << 22 | 1u << 24 }; /* ADC, RTC, SPI, UART, USB */

static void unreset(uint32_t bits) {
    REG(RESETS + CLR_ALIAS) = bits;
    while (~REG(RESETS + 8) & bits) {
    }
}

static void pll_start(uint32_t pll, uint32_t feedback, uint32_t post1, uint32_t post2) {
    const uint32_t bit = pll == PLL_SYS ? 1u << 12 : 1u << 13;
    REG(RESETS + SET_ALIAS) = bit;
    unreset(bit);
    REG(pll + 0x0) = 1;
    REG(pll + 0x8) = feedback;
    REG(pll + CLR_ALIAS + 0x4) = 1u << 0 | 1u << 5;
    while (!(REG(pll) >> 31)) {
    }
    REG(pll + 0xc) = post1 << 16 | post2 << 12;
    REG(pll + CLR_ALIAS + 0x4) = 1u << 3;
}

enum { CLK_REF = 4, CLK_SYS, CLK_PERI, CLK_USB, CLK_ADC, CLK_RTC };

/* Glitchless generators go to the reference first and come back; the others are stopped while they change. */
static void clock_configure(unsigned clock, uint32_t source, uint32_t aux, uint32_t divider) {
    const uint32_t ctrl = CLOCKS + 12 * clock, div = ctrl + 4, selected = ctrl + 8;
    const bool glitchless = clock == CLK_REF || clock == CLK_SYS;
    if (divider > REG(div)) REG(div) = divider;
    if (glitchless && source == 1) {
        REG(ctrl + CLR_ALIAS) = 3;
        while (!(REG(selected) & 1)) {
        }
    } else {
        REG(ctrl + CLR_ALIAS) = 1u << 11;
        for (volatile int settle = 100; settle; settle--) {
        }
    }
    FIELD_WRITE(ctrl, 0xe0, aux << 5);
    if (glitchless) {
        FIELD_WRITE(ctrl, 3, source);
        while (!(REG(selected) & 1u << source)) {
        }
    }
    REG(ctrl + SET_ALIAS) = 1u << 11;
    REG(div) = divider;
}

static void clocks_start(void) {
    REG(WATCHDOG + 0x2c) = 12 | 1u << 9;
    REG(CLOCKS + 0x78) = 0; /* resuscitation off */
    REG(XOSC) = 0xaa0;
    REG(XOSC + 0xc) = (12000 + 128) / 256;
    REG(XOSC + SET_ALIAS) = 0xfab << 12;
    while (!(REG(XOSC + 4) >> 31)) {
    }
    REG(CLOCKS + 12 * CLK_SYS + CLR_ALIAS) = 1;
    while (REG(CLOCKS + 12 * CLK_SYS + 8) != 1) {
    }
    REG(CLOCKS + 12 * CLK_REF + CLR_ALIAS) = 3;
    while (REG(CLOCKS + 12 * CLK_REF + 8) != 1) {
    }
    pll_start(PLL_SYS, 125, 6, 2);
    pll_start(PLL_USB, 40, 5, 2);
    clock_configure(CLK_REF, 2, 0, 1 << 8);
    clock_configure(CLK_SYS, 1, 0, 1 << 8);
    clock_configure(CLK_USB, 0, 0, 1 << 8);
    clock_configure(CLK_ADC, 0, 0, 1 << 8);
    clock_configure(CLK_RTC, 0, 0, 1024 << 8);
    clock_configure(CLK_PERI, 0, 0, 1 << 8);
}

void pin_function(unsigned pin, unsigned function) {
    const uint32_t pad = PADS_BANK0 + 4 + 4 * pin;
    FIELD_WRITE(pad, 0xc0, 0x40); /* input enabled, output not disabled */
    REG(IO_BANK0 + 8 * pin + 4) = function;
}

static void uart_start(void) {
    REG(RESETS + SET_ALIAS) = 1u << 22;
    unreset(1u << 22);
    const uint32_t divisor = 8u * 125000000u / 115200u;
    REG(UART0 + 0x24) = divisor >> 7;
    REG(UART0 + 0x28) = ((divisor & 0x7f) + 1) / 2;
    REG(UART0 + SET_ALIAS + 0x2c) = 0; /* latches the divisors */
    FIELD_WRITE(UART0 + 0x2c, 0x6e, 0x60);
    REG(UART0 + 0x30) = 0x301;
    REG(UART0 + SET_ALIAS + 0x2c) = 0x10;
    REG(UART0 + 0x48) = 3;
    pin_function(0, 2);
    pin_function(1, 2);
}

void sdk_init(void) {
    REG(RESETS + SET_ALIAS) = ALL_RESETS & ~(RESET_IO_QSPI | RESET_PADS_QSPI | RESET_PLLS | 1u << 20);
    unreset(ALL_RESETS & ~LATE_RESETS);
    clocks_start();
    unreset(ALL_RESETS);
    for (unsigned n = 0; n < 8; n++) REG(PPB + 0xe400 + 4 * n) = 0x80808080;
    for (unsigned n = 0; n < 32; n++) REG(SIO + 0x100 + 4 * n) = 0; /* release all spinlocks */
    uart_start();
}

uint64_t time_us(void) {
    uint32_t high = REG(TIMER + 0x24);
    for (;;) {
        const uint32_t low = REG(TIMER + 0x28), again = REG(TIMER + 0x24);
        if (again == high) return (uint64_t)high << 32 | low;
        high = again;
    }
}

void busy_wait_us(uint32_t us) {
    const uint32_t start = REG(TIMER + 0x28);
    while (REG(TIMER + 0x28) - start < us) {
    }
}

typedef void* (*rom_lookup_t)(const uint16_t* table, uint32_t code);
#define ROM_HALFWORD(address) ((uintptr_t) * (const volatile uint16_t*)(address))

static void* rom_lookup(uintptr_t table, char first, char second) {
    const rom_lookup_t lookup = (rom_lookup_t)ROM_HALFWORD(0x18);
    return lookup((const uint16_t*)table, (uint32_t)second << 8 | (uint8_t)first);
}
void* rom_function(char first, char second) { return rom_lookup(ROM_HALFWORD(0x14), first, second); }
void* rom_data(char first, char second) { return rom_lookup(ROM_HALFWORD(0x16), first, second); }

void put_char(char c) {
    while (REG(UART0 + 0x18) & 1u << 5) {
    }
    REG(UART0) = (uint8_t)c;
}

void print(const char* text) {
    for (; *text; text++) put_char(*text);
}

void show(const char* name, uint32_t value) {
    char digits[12];
    unsigned n = 0;
    do digits[n++] = (char)('0' + value % 10);
    while (value /= 10);
    print(name);
    put_char('=');
    while (n) put_char(digits[--n]);
    put_char('\n');
}

void show_hex(const char* name, uint32_t value) {
    print(name);
    print("=0x");
    for (int shift = 28; shift >= 0; shift -= 4) put_char("0123456789abcdef"[value >> shift & 15]);
    put_char('\n');
}

void flush(void) {
    while (REG(UART0 + 0x18) & 1u << 3) {
    }
}

/* GCC may turn loops into calls of these. */
void* memcpy(void* to, const void* from, size_t count);
void* memcpy(void* to, const void* from, size_t count) {
    for (size_t n = 0; n < count; n++) ((volatile uint8_t*)to)[n] = ((const uint8_t*)from)[n];
    return to;
}
void* memset(void* to, int value, size_t count);
void* memset(void* to, int value, size_t count) {
    for (size_t n = 0; n < count; n++) ((volatile uint8_t*)to)[n] = (uint8_t)value;
    return to;
}
