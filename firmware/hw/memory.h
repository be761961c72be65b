// The memory functions that the compiler calls on its own, and the stack's high-water mark.
#pragma once

#include <stddef.h>
#include <stdint.h>

void* memcpy(void* restrict to, const void* restrict from, size_t size);
void* memmove(void* to, const void* from, size_t size);
void* memset(void* to, int byte, size_t size);

// Bytes of the stack that were never written since reset (startup.S paints it).
uint32_t memory_stack_unused(void);
