// The event logic over a whole stream, for native_events.py: what the firmware's loop calls block by block.
#include "apps/detector/events.h"

typedef struct {
    uint32_t block;
    uint8_t type, kind;
    uint8_t unused[2];
} native_event_t;

// Returns how many events there were; `out` has room for one per block.
uint32_t native_events(const int8_t* features, const uint8_t* probabilities, uint32_t blocks, native_event_t* out);

uint32_t native_events(const int8_t* features, const uint8_t* probabilities, uint32_t blocks, native_event_t* out) {
    events_t events;
    uint32_t found = 0;
    events_init(&events);
    for (uint32_t block = 0; block < blocks; block++) {
        const int8_t(*frames)[FEATURE_BANDS] =
            (const int8_t(*)[FEATURE_BANDS])(features + block * (BURST_FRAMES * FEATURE_BANDS));
        const event_t event = events_update(&events, frames, probabilities[block]);
        if (event.type != EVENT_NONE) out[found++] = (native_event_t){block, event.type, event.kind, {0, 0}};
    }
    return found;
}
