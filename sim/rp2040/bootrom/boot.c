// Booting from flash: the second stage is the first 256 bytes, copied to the top of SRAM5 and entered when its
// checksum is right (datasheet 2.8.1.2, 2.8.1.3).
#include "rom.h"

enum { BOOT2_BYTES = 256, ATTEMPTS = 128 };
#define BOOT_VECTOR_MAGIC 0xb007c0d3u
#define SRAM_END 0x20042000u
#define PSM_ALL_BUT_OSCILLATORS 0x1fffcu
#define WATCHDOG_TRIGGER 0x80000000u
#define BOOT2_LOAD ((uint8_t*)0x20041f00u)

/* CRC-32 with polynomial 0x04c11db7, most significant bit first, no final inversion. */
static uint32_t crc32(const uint8_t* data, size_t count) {
    uint32_t crc = 0xffffffffu;
    while (count--) {
        crc ^= (uint32_t)*data++ << 24;
        for (int bit = 0; bit < 8; bit++) crc = crc & 0x80000000u ? crc << 1 ^ 0x04c11db7u : crc << 1;
    }
    return crc;
}

void boot_from_flash(void);
void boot_from_flash(void) {
    connect_internal_flash();
    flash_exit_xip();
    for (unsigned attempt = 0; attempt < ATTEMPTS; attempt++) {
        // Flash parts differ in clock polarity and phase after power-up: try all four.
        flash_set_clock_mode(attempt & 3);
        flash_read(0, BOOT2_LOAD, BOOT2_BYTES);
        if (crc32(BOOT2_LOAD, BOOT2_BYTES - 4) != *(const uint32_t*)(BOOT2_LOAD + BOOT2_BYTES - 4)) continue;
        flash_flush_cache();
        // boot2 returns to LR; zero tells it to enter the image's vector table instead.
        __asm__ volatile("mov lr, %1\n\tbx %0" ::"l"((uint32_t)BOOT2_LOAD | 1), "l"(0));
        __builtin_unreachable();
    }
}

// USB boot begins with a reset, whose vector is where the chip then waits; the model plays the device.
void rom_usb_boot(void);
void reset_to_usb_boot(uint32_t activity_pins, uint32_t disabled_interfaces);
void reset_to_usb_boot(uint32_t activity_pins, uint32_t disabled_interfaces) {
    REG(WATCHDOG_SCRATCH(0)) = activity_pins;
    REG(WATCHDOG_SCRATCH(1)) = disabled_interfaces;
    REG(WATCHDOG_SCRATCH(4)) = BOOT_VECTOR_MAGIC;
    REG(WATCHDOG_SCRATCH(5)) = (uint32_t)rom_usb_boot ^ (0u - BOOT_VECTOR_MAGIC);
    REG(WATCHDOG_SCRATCH(6)) = SRAM_END;
    REG(WATCHDOG_SCRATCH(7)) = (uint32_t)rom_usb_boot;
    REG(PSM_WDSEL) = PSM_ALL_BUT_OSCILLATORS;
    REG(WATCHDOG_CTRL) = WATCHDOG_TRIGGER;
    for (;;) {
    }
}
