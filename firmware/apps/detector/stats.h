// What the S line reports: how many blocks, how many of them went wrong, how long the CPU was busy. Pure C11.
#pragma once

#include <stdint.h>

typedef struct {
    uint32_t blocks;      // processed
    uint32_t missed;      // overwritten before or while they were read
    uint32_t late;        // took longer than the 32 ms there are
    uint32_t busy_max;    // cycles of the slowest block since reset
    uint32_t busy_sum;    // cycles since the last report, saturating
    uint32_t busy_count;  // blocks since the last report
} stats_t;

void stats_add(stats_t* stats, uint32_t cycles);
// Mean cycles per block since the last call, which this one begins anew.
uint32_t stats_take_mean(stats_t* stats);
