// Is the program still what was built, on a chip that is still set up as it was? What IEC 60730-1 annex H asks of class
// B software at run time (table H.1): program memory by a checksum in the background, the stack, the clock against a
// second source, the peripherals' configuration, and the order of the program's own steps.
//
// What a restart puts right (code in SRAM, configuration, stack, sequence) ends in one, at once, and is reported after
// it. What it cannot put right (flash, oscillator) is a fault that stands, like a microphone's.
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    SELFTEST_CODE = 1,  // code in SRAM is not what was copied there
    SELFTEST_STACK,     // the stack's end was reached
    SELFTEST_CONFIG,    // a register that no one writes has changed, or the DMA has lost its place
    SELFTEST_SEQUENCE,  // a step of the block's work was left out
} selftest_check_t;

// Steps of the work on one block, in any order.
enum {
    STEP_DECIMATED = 1u << 0,
    STEP_CLASSIFIED = 1u << 1,
    STEP_JUDGED = 1u << 2,
    STEP_REPORTED = 1u << 3,
    STEP_CHECKED = 1u << 4,
};
#define STEPS_ALL 0x1fu

// Takes the configuration as it is now for the one to keep. Call when the capture runs. Where the image in flash is not
// intact it may be these checks that are damaged: then they are left out, and HEALTH_FLASH stands. A listener without
// them is better than one that restarts for ever.
void selftest_start(bool image_intact);

// Once per block: a slice of everything; 30 kB of flash are seen in 4 s, 14 kB of code in 2 s. Returns HEALTH_FLASH and
// HEALTH_OSCILLATOR, restarts for the rest. `block` is its number.
#define SELFTEST_FLASH_SLICE 256u
#define SELFTEST_CODE_SLICE 256u
uint32_t selftest_slice(uint32_t block);

// A step is done. Before the watchdog is fed all of them must be: selftest_steps_done() restarts else.
void selftest_step(uint32_t step);
void selftest_steps_done(void);

// The protocol's word for a check that ended in a restart.
const char* selftest_name(uint32_t check);
