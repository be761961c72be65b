// The part of <string.h> that this firmware has, for code that is also compiled on hosts (dsp/, generated networks).
// Implemented in hw/memory.c; no C library is linked.
#pragma once

#include <stddef.h>

void* memcpy(void* restrict to, const void* restrict from, size_t size);
void* memmove(void* to, const void* from, size_t size);
void* memset(void* to, int byte, size_t size);
