#include "apps/detector/events.h"

#include <string.h>

#include "hot.h"

#ifndef EVENTS_CONFIG_HEADER
#error "define EVENTS_CONFIG_HEADER as the quoted name of the header generated from a detector.toml"
#endif
#include EVENTS_CONFIG_HEADER

static const uint8_t trust_gates[] = {
    [CADENCE_T3] = EVENTS_TRUST_T3,
    [CADENCE_T4] = EVENTS_TRUST_T4,
    [CADENCE_CONTINUOUS] = EVENTS_TRUST_CONTINUOUS,
    [CADENCE_PULSED] = EVENTS_TRUST_PULSED,
    [CADENCE_HI_LO] = EVENTS_TRUST_PULSED,
};

// Of two kinds at once the one with more features of its own.
static const uint8_t ranks[] = {
    [CADENCE_NONE] = 0,  [CADENCE_CONTINUOUS] = 1, [CADENCE_PULSED] = 2,
    [CADENCE_HI_LO] = 3, [CADENCE_T3] = 4,         [CADENCE_T4] = 5,
};

static bool believed(const band_t* band, cadence_t cadence) {
    const bool clear = cadence == CADENCE_PULSED && cadence_is_clear(band);
    return band->trust >= (clear ? EVENTS_TRUST_CLEAR : trust_gates[cadence]) && band->tonality >= EVENTS_TONALITY;
}

// The cadence of the highest rank that this block makes certain in any band.
static cadence_t recognise(bursts_t* bursts) {
    cadence_t found = CADENCE_NONE;
    for (uint32_t i = 0; i < BURST_BANDS; i++) {
        const cadence_t cadence = cadence_of(bursts, i);
        if (ranks[cadence] > ranks[found] && believed(&bursts->bands[i], cadence)) found = cadence;
    }
    return found;
}

static bool is_likely(events_t* events, uint8_t probability) {
    if (probability >= EVENTS_POSSIBLE_ON) {
        if (events->likely < EVENTS_POSSIBLE_BLOCKS) events->likely++;
    } else if (events->likely > 0) {
        events->likely--;
    }
    return events->likely == EVENTS_POSSIBLE_BLOCKS;
}

static event_t enter(events_t* events, alarm_t alarm, event_type_t type, uint8_t kind) {
    events->alarm = alarm;
    events->kind = alarm == ALARM_CERTAIN ? kind : CADENCE_NONE;
    return (event_t){(uint8_t)type, kind};
}

void events_init(events_t* events) {
    memset(events, 0, sizeof *events);
    bursts_init(&events->bursts);
}

HOT event_t events_update(events_t* events, const int8_t features[BURST_FRAMES][FEATURE_BANDS], uint8_t probability) {
    bursts_update(&events->bursts, features, probability);
    const cadence_t cadence = recognise(&events->bursts);
    const bool likely = is_likely(events, probability);
    const bool confirmed = cadence != CADENCE_NONE || (likely && events->alarm != ALARM_CERTAIN);
    events->waiting = confirmed ? 0 : (uint8_t)(events->waiting < UINT8_MAX ? events->waiting + 1 : UINT8_MAX);

    if (cadence != CADENCE_NONE && events->alarm != ALARM_CERTAIN)
        return enter(events, ALARM_CERTAIN, EVENT_ALARM_ON, cadence);
    if (events->alarm == ALARM_NONE && likely) return enter(events, ALARM_POSSIBLE, EVENT_POSSIBLE, CADENCE_NONE);
    if (ranks[cadence] > ranks[events->kind]) return enter(events, ALARM_CERTAIN, EVENT_ALARM_KIND, cadence);
    if (events->alarm != ALARM_NONE && events->waiting > EVENTS_HOLD_BLOCKS) {
        const bool certain = events->alarm == ALARM_CERTAIN;
        return enter(events, ALARM_NONE, certain ? EVENT_ALARM_OFF : EVENT_CLEAR,
                     certain ? events->kind : CADENCE_NONE);
    }
    return (event_t){EVENT_NONE, CADENCE_NONE};
}

const char* events_kind_name(uint8_t kind) {
    switch (kind) {
        case CADENCE_T3: return "t3";
        case CADENCE_T4: return "t4";
        case CADENCE_CONTINUOUS: return "continuous";
        case CADENCE_PULSED: return "pulsed";
        case CADENCE_HI_LO: return "hi-lo";
        default: return "unknown";
    }
}
