// What a train of bursts in one band is by the standards, with their tolerances and what rooms and blocks of 32 ms add.
//
//   T3          ISO 8201: 0.5 s on, 0.5 s off, three times, then 1.5 s off. Named with the burst after a pause.
//   T4          UL 2034: four beeps of 0.1 s, 0.1 s apart, every 5 s or with 5 s of pause. Named with the second group.
//   continuous  one steady tone that began at once.
//   pulsed      a regular train of 1 to 10 bursts a second; those slower than 1.5 a second last longer than they pause,
//               or are as long as their pauses.
//   hi-lo       two such trains in turn at two pitches.
//
// training/model/cadence.py is the reference, equal to the bit.
#pragma once

#include "apps/detector/bursts.h"

typedef enum {
    CADENCE_NONE = 0,
    CADENCE_T3 = 1,
    CADENCE_T4 = 2,
    CADENCE_CONTINUOUS = 3,
    CADENCE_PULSED = 4,
    CADENCE_HI_LO = 5
} cadence_t;

// The cadence that the newest block makes certain in this band, by its timing alone; CADENCE_NONE for most blocks.
// `index` counts from BURST_FIRST_BAND. Call once a block, after bursts_update(): it notes groups of four beeps.
cadence_t cadence_of(bursts_t* bursts, uint32_t index);

// Whether a train of pulses is one that hardly anything but a sounder makes: two a second, as long as their pauses, for
// 3.5 s, 30 dB above the bands beside it. The network knows such tones least, and need believe them less.
bool cadence_is_clear(const band_t* band);
