// UART console: text goes into a ring that the DMA empties, so that no caller ever waits for the line.
#pragma once

#include <stdint.h>

#define CONSOLE_RING_BYTES 1024

void console_init(void);

// Queues `size` bytes, or none of them when they do not fit: a lost line is counted, never truncated.
void console_write(const char* text, uint32_t size);

// Bytes refused since reset because the ring was full.
uint32_t console_dropped(void);
