// Is the microphone alive? Judges each block and reports faults with hysteresis. Pure C11.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    HEALTH_STUCK_LOW = 1u << 0,   // every PDM bit 0: no microphone, or data shorted to ground
    HEALTH_STUCK_HIGH = 1u << 1,  // every PDM bit 1
    HEALTH_DC = 1u << 2,          // mean beyond half of full scale: broken or saturated microphone
    HEALTH_CLIPPING = 1u << 3,    // more than one PCM sample in eight saturated
    HEALTH_CLOCK = 1u << 4,       // a block did not take its time within 1 %
    HEALTH_OVERRUN = 1u << 5,     // the state machine had to wait for the DMA
    HEALTH_DEAF = 1u << 6,        // a minute quieter than any microphone's own noise
    HEALTH_FLASH = 1u << 7,       // the flash does not hold what the build wrote
    HEALTH_OSCILLATOR = 1u << 8,  // the ring oscillator, measured by the crystal, is not what it can be
    HEALTH_LED = 1u << 9,         // the LED's pin does not follow the program: it is shorted
};
#define HEALTH_SYMPTOMS 10

#define HEALTH_RAISE_BLOCKS 4  // a symptom in as many blocks running is a fault (128 ms)
#define HEALTH_CLEAR_BLOCKS 8  // and is over after as many blocks without it (256 ms)

// MEMS microphones with a PDM output have 59 to 66 dB of signal to noise at 94 dB SPL, which is -26 dBFS: a noise floor
// of -85 to -92 dBFS (A-weighted, 20 kHz). What is below -96 dBFS for so long is no microphone in a quiet room.
#define HEALTH_DEAF_LEVEL 97u
#define HEALTH_DEAF_BLOCKS 1875u  // 60 s

typedef struct {
    uint32_t faults;  // HEALTH_ bits that stand
    bool unsettled;   // some streak is under way
    uint8_t streak[HEALTH_SYMPTOMS];
    uint16_t quiet;  // blocks below HEALTH_DEAF_LEVEL in a row, saturating
} health_t;

void health_init(health_t* health);

// HEALTH_STUCK_LOW or HEALTH_STUCK_HIGH of a block of PDM words.
uint32_t health_check_pdm(const uint32_t* words, uint32_t count);

// HEALTH_DC; `mean` is the running mean of the signal before the DC blocker, in Q15.
uint32_t health_check_mean(int32_t mean);

// HEALTH_CLIPPING of a block of PCM.
uint32_t health_check_pcm(const int16_t* samples, uint32_t count);

// HEALTH_DEAF; `level` is that of a block in -dBFS.
uint32_t health_check_level(health_t* health, uint32_t level);

// Takes the symptoms of one block. Returns the faults that this block raised; `health->faults` has those that stand.
uint32_t health_update(health_t* health, uint32_t symptoms);

// The protocol's word for the lowest bit in `fault`.
const char* health_name(uint32_t fault);
