// UART console: text goes into a ring that the DMA empties, so that no caller ever waits for the line.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Log2 of the ring's size; an application that sends more than lines of text sets its own (sim/detector/build.py).
#ifndef CONSOLE_RING_BITS
#define CONSOLE_RING_BITS 10
#endif
#define CONSOLE_RING_BYTES (1u << CONSOLE_RING_BITS)

void console_init(void);

// Queues `size` bytes, or none of them when they do not fit: a lost line is counted, never truncated.
void console_write(const char* text, uint32_t size);

// Bytes refused since reset because the ring was full.
uint32_t console_dropped(void);

// Whether what waits, what is being sent and what the DMA does agree; not so, nothing may ever be sent again.
bool console_in_order(void);
