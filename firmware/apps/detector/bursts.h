// Bursts of sound, band by band: when each band of 250 Hz rose, for how long, how regularly, and how tonal it was.
//
// A band is followed by a Schmitt trigger whose two thresholds lie halfway between its last peak and the valley since,
// so that it sees the beeps of a loud alarm through their own reverberation and a faint one over noise. Levels are
// feature units (0.376 dB) above -128, the mean of a block's four frames; times are blocks of 32 ms, saturating at 255.
//
// training/model/bursts.py is the reference, equal to the bit.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dsp/features.h"

#define BURST_FIRST_BAND 1  // 250 Hz; below is rumble
#define BURST_BANDS 20      // up to 5.25 kHz
#define BURST_FRAMES 4      // feature frames in a block
#define BURST_HISTORY 4     // finished bursts remembered

typedef struct {
    uint8_t valley, peak;            // lowest level since the last burst, highest of the newest burst
    uint8_t contrast;                // of the newest burst where it was loudest: above the bands 750 Hz away
    uint8_t belief;                  // highest probability of the network since the newest burst began
    uint8_t trust;                   // the same, averaged over the bursts of the present train
    uint8_t tonality;                // contrast, averaged likewise
    uint8_t before, drift;           // peak of the last burst that was judged; how far the next is from it, averaged
    uint8_t length;                  // of the newest burst, so far; beyond 7 s it runs from 224 to 255 again and again
    uint8_t since_onset, since_end;  // of the newest burst
    uint8_t rise;                    // level of the newest burst's first three blocks above the valley before
    uint8_t regular;                 // successive periods that agree with the one before
    uint8_t since_group;             // blocks since a group of four quick beeps was complete
    uint8_t lengths[BURST_HISTORY];  // of finished bursts, newest first, 0 = none
    uint8_t periods[BURST_HISTORY];  // onset to onset, newest first, 0 = none
    bool on;
} band_t;

typedef struct {
    band_t bands[BURST_BANDS];  // [0] is band BURST_FIRST_BAND
    uint8_t creep;              // blocks until valleys rise by a unit
} bursts_t;

void bursts_init(bursts_t* bursts);

// Take the newest block: its features and what the network made of them.
void bursts_update(bursts_t* bursts, const int8_t features[BURST_FRAMES][FEATURE_BANDS], uint8_t probability);
