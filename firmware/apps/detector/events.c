#include "events.h"

#include <string.h>

static bool within(uint16_t value, uint16_t low, uint16_t high) { return value >= low && value <= high; }

static void push(uint16_t history[EVENTS_HISTORY], uint16_t value) {
    for (int i = EVENTS_HISTORY - 1; i > 0; --i) history[i] = history[i - 1];
    history[0] = value;
}

static void forget_bursts(events_t* events) {
    memset(events->lengths, 0, sizeof events->lengths);
    memset(events->periods, 0, sizeof events->periods);
}

/* Sound that has stopped for longer than any cadence pauses starts a new history. */
static void follow_activity(events_t* events, uint8_t probability) {
    if (events->since_onset < UINT16_MAX) events->since_onset++;
    if (!events->active && probability >= EVENTS_ACTIVE_ON) {
        if (events->burst != 0 && events->since_active <= EVENTS_HOLD_BLOCKS) {
            push(events->lengths, events->burst);
            push(events->periods, events->since_onset);
        } else {
            forget_bursts(events);
        }
        events->active = true;
        events->since_onset = 0;
        events->burst = 0;
    } else if (events->active && probability < EVENTS_ACTIVE_OFF) {
        events->active = false;
    }
    if (events->active) {
        if (events->burst < UINT16_MAX) events->burst++;
        events->since_active = 0;
    } else if (events->since_active < UINT16_MAX) {
        events->since_active++;
    }
}

static int32_t leaky_sum(int32_t score, int32_t step, int32_t rise, int32_t fall, int32_t limit) {
    if (step > rise) step = rise;
    if (step < -fall) step = -fall;
    score += step;
    if (score < 0) return 0;
    return score > limit ? limit : score;
}

static void weigh_evidence(events_t* events, uint8_t probability) {
    events->score =
        leaky_sum(events->score, (int32_t)probability - EVENTS_NEUTRAL, EVENTS_RISE, EVENTS_FALL, EVENTS_MAX_SCORE);
    events->slow_score = leaky_sum(events->slow_score, (int32_t)probability - EVENTS_SLOW_NEUTRAL, EVENTS_SLOW_RISE,
                                   EVENTS_SLOW_FALL, EVENTS_SLOW_ON_SCORE);
}

/* Two bursts of T3 length one T3 period apart, the first of them finished, and no contradicting history: the pause
 * between groups is the only other distance T3 has. */
static bool is_t3(const events_t* events) {
    if (!within(events->lengths[0], EVENTS_T3_BURST_MIN, EVENTS_T3_BURST_MAX)) return false;
    if (events->burst < EVENTS_T3_BURST_MIN || events->burst > EVENTS_T3_BURST_MAX) return false;
    const bool beat = within(events->periods[0], EVENTS_T3_PERIOD_MIN, EVENTS_T3_PERIOD_MAX);
    const bool pause = within(events->periods[0], EVENTS_T3_PAUSE_MIN, EVENTS_T3_PAUSE_MAX);
    const bool previous_beat = within(events->periods[1], EVENTS_T3_PERIOD_MIN, EVENTS_T3_PERIOD_MAX);
    const bool previous_pause = within(events->periods[1], EVENTS_T3_PAUSE_MIN, EVENTS_T3_PAUSE_MAX);
    return (beat && (previous_beat || previous_pause)) || (pause && previous_beat);
}

/* Groups of four beeps every 5 s; the network may show a group as four bursts or as one. */
static bool is_t4(const events_t* events) {
    if (within(events->periods[0], EVENTS_T4_REPEAT_MIN, EVENTS_T4_REPEAT_MAX) &&
        within(events->lengths[0], EVENTS_T4_GROUP_MIN, EVENTS_T4_GROUP_MAX) &&
        within(events->burst, EVENTS_T4_AGAIN_MIN, EVENTS_T4_GROUP_MAX)) {
        return true;
    }
    for (int i = 0; i < 3; ++i) {
        if (!within(events->periods[i], EVENTS_T4_PERIOD_MIN, EVENTS_T4_PERIOD_MAX)) return false;
    }
    return !events->active && events->since_active >= EVENTS_T4_GROUP_MIN;
}

/* A regular train that is neither: two successive periods agree. */
static bool is_pulsed(const events_t* events) {
    const uint16_t newer = events->periods[0];
    const uint16_t older = events->periods[1];
    if (newer == 0 || older == 0 || newer > EVENTS_PULSE_PERIOD_MAX || older > EVENTS_PULSE_PERIOD_MAX) return false;
    return newer <= older + EVENTS_PULSE_JITTER && older <= newer + EVENTS_PULSE_JITTER;
}

static uint8_t classify(const events_t* events) {
    if (events->burst >= EVENTS_CONTINUOUS_MIN) return ALARM_KIND_CONTINUOUS;
    if (is_t4(events)) return ALARM_KIND_T4;
    if (is_t3(events)) return ALARM_KIND_T3;
    const bool t3_beat = within(events->periods[0], EVENTS_T3_PERIOD_MIN, EVENTS_T3_PERIOD_MAX);
    const bool t4_beat = within(events->periods[0], EVENTS_T4_PERIOD_MIN, EVENTS_T4_PERIOD_MAX);
    if (!t3_beat && !t4_beat && is_pulsed(events)) return ALARM_KIND_PULSED;
    return ALARM_KIND_UNKNOWN;
}

void events_init(events_t* events) {
    memset(events, 0, sizeof *events);
    events->since_onset = UINT16_MAX;
    events->since_active = UINT16_MAX;
}

event_t events_update(events_t* events, uint8_t probability) {
    event_t event = {EVENT_NONE, ALARM_KIND_UNKNOWN};
    follow_activity(events, probability);
    weigh_evidence(events, probability);
    const uint8_t kind = classify(events);

    if (!events->alarm) {
        const bool in_time = events->active && (kind == ALARM_KIND_T3 || kind == ALARM_KIND_T4);
        if (events->score >= EVENTS_ON_SCORE || events->slow_score >= EVENTS_SLOW_ON_SCORE || in_time) {
            events->alarm = true;
            events->kind = kind;
            event.type = EVENT_ALARM_ON;
            event.kind = kind;
        }
    } else if (events->since_active > EVENTS_HOLD_BLOCKS) {
        event.type = EVENT_ALARM_OFF;
        event.kind = events->kind;
        events->alarm = false;
        events->kind = ALARM_KIND_UNKNOWN;
        events->score = 0;
        events->slow_score = 0;
    } else if (events->kind == ALARM_KIND_UNKNOWN && kind != ALARM_KIND_UNKNOWN) {
        events->kind = kind;
        event.type = EVENT_ALARM_KIND;
        event.kind = kind;
    }
    return event;
}

const char* events_kind_name(uint8_t kind) {
    switch (kind) {
        case ALARM_KIND_T3: return "t3";
        case ALARM_KIND_T4: return "t4";
        case ALARM_KIND_CONTINUOUS: return "continuous";
        case ALARM_KIND_PULSED: return "pulsed";
        default: return "unknown";
    }
}
