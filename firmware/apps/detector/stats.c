#include "apps/detector/stats.h"

void stats_add(stats_t* stats, uint32_t cycles) {
    stats->blocks++;
    stats->busy_count++;
    stats->busy_sum = cycles > UINT32_MAX - stats->busy_sum ? UINT32_MAX : stats->busy_sum + cycles;
    if (cycles > stats->busy_max) stats->busy_max = cycles;
}

uint32_t stats_take_mean(stats_t* stats) {
    const uint32_t mean = stats->busy_count ? stats->busy_sum / stats->busy_count : 0;
    stats->busy_sum = 0;
    stats->busy_count = 0;
    return mean;
}
