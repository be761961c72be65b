/* librp2040 as a shared library: the whole RP2040, processors included, with a PDM microphone on two pins. For hosts
 * that run a program and bring no processor of their own: other languages, a web page (the same functions, compiled to
 * WebAssembly). rp2040.h is the other half, for simulators with a Cortex-M0+; status and conventions are its.
 *
 * A host makes an emulator, loads a program, starts it, then in turn supplies sound, runs to a moment of emulated time
 * and takes what was sent. Between two calls nothing happens. An emulator may be used by one thread at a time. */
#ifndef RP2040_EMULATOR_H
#define RP2040_EMULATOR_H

#include "rp2040.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rp2040_emulator rp2040_emulator;

/* Why rp2040_emulator_run came back; but for the first, rp2040_emulator_error has a line about it. */
typedef enum {
    RP2040_RAN = 0,         /* the time was reached */
    RP2040_LOCKUP = 3,      /* a core locked up; the rest of the chip can go on */
    RP2040_UNKNOWN_BIT = 4, /* the program used a register or bit that the model does not have */
    RP2040_BOOT_ERROR = 5,  /* flash holds nothing that boots */
    RP2040_NOT_RUN = 100,   /* an argument was wrong, or an error of the library's own */
} rp2040_stop;

/* A chip without power: flash_bytes is a power of two from 64 kB to 16 MB, xosc_hz the crystal, `seed` that of what
 * memories hold when power comes. NULL when an argument is outside its range. */
RP2040_API rp2040_emulator* rp2040_emulator_create(uint32_t flash_bytes, uint32_t xosc_hz, uint64_t seed);
RP2040_API void rp2040_emulator_destroy(rp2040_emulator* emulator);
/* What the last call that failed had to say; never NULL. */
RP2040_API const char* rp2040_emulator_error(const rp2040_emulator* emulator);

/* A terminal, 8N1, on two pins: what rp2040_emulator_take reads and rp2040_emulator_send sends for that UART. */
RP2040_API rp2040_status rp2040_emulator_terminal(rp2040_emulator* emulator, uint32_t uart, uint32_t tx, uint32_t rx,
                                                  uint32_t baud);
/* Writes a part of the program into flash or SRAM. */
RP2040_API rp2040_status rp2040_emulator_load(rp2040_emulator* emulator, uint32_t address, const uint8_t* data,
                                              size_t size);
/* Power-on at cycle 0: core 0 boots from flash, or begins at `ram_entry` when that is not 0. */
RP2040_API rp2040_status rp2040_emulator_start(rp2040_emulator* emulator, uint32_t ram_entry);
/* Runs to the first instruction that begins at or after `picoseconds` of emulated time. */
RP2040_API rp2040_stop rp2040_emulator_run(rp2040_emulator* emulator, uint64_t picoseconds);

/* clk_sys cycles and picoseconds since power-on; cycles of core 0 asleep among them. */
RP2040_API uint64_t rp2040_emulator_cycles(const rp2040_emulator* emulator);
RP2040_API uint64_t rp2040_emulator_picoseconds(const rp2040_emulator* emulator);
RP2040_API uint64_t rp2040_emulator_sleep_cycles(rp2040_emulator* emulator);

/* As rp2040_serial_take and rp2040_serial_send; port 0 and 1 are the UARTs, 2 is USB. */
RP2040_API uint32_t rp2040_emulator_take(rp2040_emulator* emulator, uint32_t port, uint8_t* bytes, uint64_t* cycles,
                                         uint32_t room);
RP2040_API rp2040_status rp2040_emulator_send(rp2040_emulator* emulator, uint32_t port, const uint8_t* bytes,
                                              size_t size);
/* Share of time that a pad is high, 0..65536: the PWM's duty where PWM drives it, else its level. */
RP2040_API uint32_t rp2040_emulator_pin_share(rp2040_emulator* emulator, uint32_t pin);
/* Drives a pad from outside: 0 low, 1 high, 2 released. */
RP2040_API rp2040_status rp2040_emulator_drive_pin(rp2040_emulator* emulator, uint32_t pin, uint32_t drive);

/* Solders the microphone on, once: `right` is its SELECT pin, `seed` that of its dither. */
RP2040_API rp2040_status rp2040_emulator_mic_attach(rp2040_emulator* emulator, uint32_t clock_pin, uint32_t data_pin,
                                                    uint32_t right, uint32_t seed);
/* Sound: Q23 samples at 16 kHz, the first one ever pushed sounds at time zero. What was not pushed is silence. */
RP2040_API rp2040_status rp2040_emulator_mic_push(rp2040_emulator* emulator, const int32_t* samples, size_t count);
RP2040_API uint64_t rp2040_emulator_mic_supplied(const rp2040_emulator* emulator);

#ifdef __cplusplus
}
#endif

#endif
