// Sizes, fields and names of the applications' structures, told by the compiler to the tests.

#include <stddef.h>

#include "apps/common/text.h"
#include "apps/detector/health.h"
#include "apps/detector/stats.h"

const uint32_t text_size = sizeof(text_t), text_capacity = TEXT_CAPACITY;
const uint32_t health_size = sizeof(health_t), stats_size = sizeof(stats_t);
const uint32_t stuck_low = HEALTH_STUCK_LOW, stuck_high = HEALTH_STUCK_HIGH, dc = HEALTH_DC;
const uint32_t deaf = HEALTH_DEAF, deaf_level = HEALTH_DEAF_LEVEL, deaf_blocks = HEALTH_DEAF_BLOCKS;
const uint32_t clipping = HEALTH_CLIPPING, raise_blocks = HEALTH_RAISE_BLOCKS, clear_blocks = HEALTH_CLEAR_BLOCKS;

uint32_t text_read(const text_t* text, char* out) {
    for (uint32_t i = 0; i < text->size; i++) out[i] = text->data[i];
    return text->size;
}
uint32_t health_faults(const health_t* health) { return health->faults; }
uint32_t stats_blocks(const stats_t* stats) { return stats->blocks; }
uint32_t stats_busy_max(const stats_t* stats) { return stats->busy_max; }
