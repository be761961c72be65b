// Event logic: bursts and the network's opinion of them become "possible alarm", ALARM on, kind and off.
//
// The standards decide by time (cadence.h), in every band by itself; the network decides by sound: a cadence counts
// when the probability, averaged over the bursts of the train (band_t.trust), reaches the gate of its kind, and the
// bursts stand out of the bands beside them. T3 and T4 are hardly ever anything else, so their gates are low; a steady
// tone or a regular pulse may be an insect, so theirs are high.
//
//   possible  the network has said alarm for a short while, or a band began a train that it believes: seconds before a
//             cadence can be known. Over after EVENTS_HOLD_BLOCKS without.
//   alarm     a cadence, from the block that makes it certain until EVENTS_HOLD_BLOCKS after the last that confirmed
//             it. So an alarm is never shorter than that, and whatever ends it must begin anew to raise it again.
//
// training/model/events.py is the reference, equal to the bit. The parameters come from detector.toml through a
// generated detector_config.h, whose quoted name EVENTS_CONFIG_HEADER is; there are no others.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "apps/detector/bursts.h"
#include "apps/detector/cadence.h"

typedef enum {
    EVENT_NONE = 0,
    EVENT_ALARM_ON = 1,
    EVENT_ALARM_OFF = 2,
    EVENT_ALARM_KIND = 3,  // the alarm is on already and another cadence, of a higher rank, has been recognised
    EVENT_POSSIBLE = 4,
    EVENT_CLEAR = 5  // what was possible has not become an alarm
} event_type_t;

// What one block brought about; `kind` is a cadence_t, and CADENCE_NONE for EVENT_POSSIBLE and EVENT_CLEAR.
typedef struct {
    uint8_t type;
    uint8_t kind;
} event_t;

typedef enum { ALARM_NONE = 0, ALARM_POSSIBLE = 1, ALARM_CERTAIN = 2 } alarm_t;

typedef struct {
    bursts_t bursts;
    uint8_t kind;     // cadence_t, while the alarm is on
    uint8_t alarm;    // alarm_t
    uint8_t likely;   // blocks for which the network has said alarm, less those since
    uint8_t waiting;  // blocks since the present state was confirmed
} events_t;

// Nothing heard yet.
void events_init(events_t* events);

// Take the newest block: its features and the network's probability (0..255); at most one event per block.
event_t events_update(events_t* events, const int8_t features[BURST_FRAMES][FEATURE_BANDS], uint8_t probability);

// The protocol's word for a cadence_t; "unknown" for anything else.
const char* events_kind_name(uint8_t kind);
