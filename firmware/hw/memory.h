// The stack's high-water mark. (memcpy and friends are declared in libc/string.h.)
#pragma once

#include <stdint.h>

// Bytes of the stack that were never written since reset (startup.S paints it).
uint32_t memory_stack_unused(void);
