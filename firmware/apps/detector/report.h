// The line protocol on the console; docs/protocol.md describes every line.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "apps/detector/events.h"
#include "apps/detector/stats.h"

void report_banner(bool image_intact);
void report_window(uint32_t block, uint8_t probability, uint32_t level, bool alarm);
void report_event(event_t event, uint64_t us);
void report_stats(stats_t* stats, uint32_t stack_unused, uint32_t dropped);
void report_fault(const char* what, uint64_t us);
// As report_fault, with an address: FAULT <what>-<8 hex digits>.
void report_fault_at(const char* what, uint32_t address, uint64_t us);
