/* Event logic: a stream of probabilities, one per 32 ms block, becomes ALARM on/off events.
 *
 * Three stages, all integer:
 *   1. evidence: two leaky sums of (probability - neutral), bounded per block on both sides, so that neither one wild
 *      block nor the pause of a cadence decides alone. The quick one has a high neutral and hears a clear alarm within
 *      half a second; the patient one has a low neutral and hears a faint one that lasts. The alarm goes on when either
 *      reaches its threshold, or when the third stage recognises T3 or T4: nothing else keeps their time;
 *   2. activity: two thresholds with hysteresis turn probabilities into bursts and gaps; the alarm goes off after
 *      EVENTS_HOLD_BLOCKS without activity, longer than the pause of any standard cadence;
 *   3. cadence: lengths of bursts and distances of their onsets name the kind (ISO 8201 T3, T4, continuous, pulsed).
 *
 * training/model/events.py is the reference, equal to the bit. The parameters come from training/released/detector.toml
 * through a generated detector_config.h (define EVENTS_CONFIG_HEADER as its quoted name); without one, these hold.
 */
#ifndef APP_EVENTS_H
#define APP_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#ifdef EVENTS_CONFIG_HEADER
#include EVENTS_CONFIG_HEADER
#endif

#ifndef EVENTS_NEUTRAL
#define EVENTS_NEUTRAL 160 /* probability that adds no evidence, 0..255 */
#endif
#ifndef EVENTS_RISE
#define EVENTS_RISE 90 /* most evidence one block can add */
#endif
#ifndef EVENTS_FALL
#define EVENTS_FALL 8 /* most evidence one block can take away */
#endif
#ifndef EVENTS_ON_SCORE
#define EVENTS_ON_SCORE 900 /* evidence that raises the alarm */
#endif
#ifndef EVENTS_MAX_SCORE
#define EVENTS_MAX_SCORE 2700 /* evidence saturates here */
#endif
#ifndef EVENTS_SLOW_NEUTRAL
#define EVENTS_SLOW_NEUTRAL 128 /* the same four for the patient sum, which hears faint but lasting alarms */
#endif
#ifndef EVENTS_SLOW_RISE
#define EVENTS_SLOW_RISE 60
#endif
#ifndef EVENTS_SLOW_FALL
#define EVENTS_SLOW_FALL 4
#endif
#ifndef EVENTS_SLOW_ON_SCORE
#define EVENTS_SLOW_ON_SCORE 4000
#endif
#ifndef EVENTS_ACTIVE_ON
#define EVENTS_ACTIVE_ON 170 /* a burst begins at this probability */
#endif
#ifndef EVENTS_ACTIVE_OFF
#define EVENTS_ACTIVE_OFF 140 /* and ends below this one */
#endif
#ifndef EVENTS_HOLD_BLOCKS
#define EVENTS_HOLD_BLOCKS 188 /* blocks without activity until the alarm is off (6 s) */
#endif

/* Lengths of the standard cadences in blocks of 32 ms, with the tolerance that block edges, reverberation and the
 * network's own rise and fall need. */
#define EVENTS_T3_PERIOD_MIN 25 /* onset to onset within a group: 1 s, observed devices 0.8 s to 1.1 s */
#define EVENTS_T3_PERIOD_MAX 36
#define EVENTS_T3_PAUSE_MIN 66 /* onset of the third burst to the next group: 2.5 s */
#define EVENTS_T3_PAUSE_MAX 90
#define EVENTS_T3_BURST_MIN 9 /* 0.5 s */
#define EVENTS_T3_BURST_MAX 24
#define EVENTS_T4_PERIOD_MIN 4 /* beep to beep: 0.2 s */
#define EVENTS_T4_PERIOD_MAX 9
#define EVENTS_T4_GROUP_MIN 12 /* four beeps seen as one burst: 0.7 s */
#define EVENTS_T4_GROUP_MAX 34
#define EVENTS_T4_REPEAT_MIN 125 /* group to group: 5 s */
#define EVENTS_T4_REPEAT_MAX 188
#define EVENTS_T4_AGAIN_MIN 8    /* so much of the next group must have been heard */
#define EVENTS_CONTINUOUS_MIN 63 /* one burst of 2 s */
#define EVENTS_PULSE_PERIOD_MAX 63
#define EVENTS_PULSE_JITTER 4 /* greatest difference between successive periods */

#define EVENTS_HISTORY 4 /* bursts remembered, the newest included */

typedef enum { EVENT_NONE = 0, EVENT_ALARM_ON = 1, EVENT_ALARM_OFF = 2, EVENT_ALARM_KIND = 3 } event_type_t;

typedef enum {
    ALARM_KIND_UNKNOWN = 0,
    ALARM_KIND_T3 = 1,
    ALARM_KIND_T4 = 2,
    ALARM_KIND_CONTINUOUS = 3,
    ALARM_KIND_PULSED = 4
} alarm_kind_t;

/* What one block brought about. EVENT_ALARM_KIND: the alarm is on already and its cadence has now been recognised. */
typedef struct {
    uint8_t type; /* event_type_t */
    uint8_t kind; /* alarm_kind_t, valid for every type but EVENT_NONE */
} event_t;

typedef struct {
    int32_t score;                    /* 0..EVENTS_MAX_SCORE */
    int32_t slow_score;               /* 0..EVENTS_SLOW_ON_SCORE */
    uint16_t since_onset;             /* blocks since the newest burst began, saturating */
    uint16_t since_active;            /* blocks since activity, saturating */
    uint16_t burst;                   /* length of the newest burst so far */
    uint16_t lengths[EVENTS_HISTORY]; /* lengths of finished bursts, newest first, 0 = none */
    uint16_t periods[EVENTS_HISTORY]; /* onset-to-onset distances, newest first, 0 = none */
    uint8_t kind;                     /* alarm_kind_t, kept while the alarm is on */
    bool active;                      /* within a burst */
    bool alarm;                       /* between ALARM on and ALARM off */
} events_t;

/* Start with no evidence and no history. */
void events_init(events_t* events);

/* Take the probability (0..255) of the newest block; at most one event per block. */
event_t events_update(events_t* events, uint8_t probability);

/* The protocol's word for an alarm_kind_t; "unknown" for anything else. */
const char* events_kind_name(uint8_t kind);

#endif
