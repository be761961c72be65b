/* What steps can be taken on: a console with commands, a button, an analogue input, PWM, flash, ends of all kinds. */
#include "sdk.h"

enum { BUTTON = 10, SQUARE = 14, SERVO = 16, TARGET = 0x100000 };
typedef void (*void_function)(void);
typedef void (*erase_function)(uint32_t, size_t, uint32_t, uint8_t);
static uint32_t boot2_copy[64];

TIME_CRITICAL("erase") static void erase_sector(void) {
    const void_function connect = (void_function)rom_function('I', 'F'), leave = (void_function)rom_function('E', 'X'),
                        flush_cache = (void_function)rom_function('F', 'C');
    const erase_function erase = (erase_function)rom_function('R', 'E');
    for (unsigned n = 0; n < 64; n++) boot2_copy[n] = REG(0x10000000 + 4 * n);
    __asm__ volatile("" ::: "memory");
    connect();
    leave();
    erase(TARGET, 4096, 4096, 0x20);
    flush_cache();
    ((void_function)((uintptr_t)boot2_copy + 1))();
}

static void semihosting(uint32_t operation, const void* parameter) {
    register uint32_t r0 __asm__("r0") = operation;
    register const void* r1 __asm__("r1") = parameter;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

static bool same(const char* one, const char* other) {
    while (*one && *one == *other) one++, other++;
    return *one == *other;
}

void _exit(int status) __attribute__((noreturn));
static int status;

static void obey(const char* line) {
    if (same(line, "adc")) {
        REG(ADC) = 1 | 4;
        while (!(REG(ADC) & 1u << 8)) {
        }
        show("adc", REG(ADC + 4));
    } else if (same(line, "erase")) {
        print("erasing\n");
        erase_sector();
        print("erased\n");
    } else if (same(line, "exit")) {
        const uint32_t block[2] = {0x20026, 7};
        semihosting(0x04, "bye\n");
        semihosting(0x20, block);
    } else if (same(line, "crash")) {
        __asm__ volatile("udf #0");
    } else if (same(line, "return")) {
        print("no more\n");
        status = 3;
    } else if (same(line, "panic")) {
        _exit(1);
    } else if (same(line, "reset")) {
        REG(PSM + SET_ALIAS + 8) = 0x1ffff & ~3u; /* everything but the oscillators */
        REG(WATCHDOG + SET_ALIAS) = 1u << 31;
    } else if (same(line, "escape")) {
        print("\033[31mred\n");
    } else {
        print("echo ");
        print(line);
        put_char('\n');
    }
}

static void pwm(unsigned pin, uint32_t divider, uint32_t top, uint32_t compare) {
    const uint32_t slice = PWM + 0x14 * (pin >> 1 & 7);
    pin_function(pin, 4);
    REG(slice + 4) = divider << 4;
    REG(slice + 16) = top;
    REG(slice + 12) = compare;
    REG(slice) = 1;
}

int main(void) {
    sdk_init();
    pin_function(BUTTON, 5);
    REG(PADS_BANK0 + 4 + 4 * BUTTON) = 0x4a; /* input, pull-up, Schmitt trigger */
    pin_function(26, 0x1f);
    pwm(SQUARE, 125, 999, 250);   /* 1 kHz, a quarter */
    pwm(SERVO, 125, 19999, 1500); /* 50 Hz, 1.5 ms */
    print("ready\n> ");
    char line[32];
    unsigned length = 0, presses = 0;
    bool was = true;
    while (!status) {
        const bool up = REG(SIO + 4) >> BUTTON & 1;
        if (was && !up) show("pressed", ++presses);
        was = up;
        if (REG(UART0 + 0x18) & 1u << 4) continue;
        const char c = (char)REG(UART0);
        if (c == '\r') continue;
        if (c == '\n' || length == sizeof line - 1) {
            line[length] = 0;
            length = 0;
            obey(line);
            print("> ");
        } else {
            line[length++] = c;
        }
    }
    return status;
}
