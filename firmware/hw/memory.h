// The stack's high-water mark. (memcpy and friends are declared in libc/string.h.)
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Bytes of the stack that were never written since reset (startup.S paints it).
uint32_t memory_stack_unused(void);

// Whether the end of the stack was never reached: its last 64 bytes hold the paint.
bool memory_stack_guarded(void);
