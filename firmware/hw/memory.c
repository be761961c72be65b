// memcpy, memmove, memset (the compiler calls them on its own) and the stack mark.
//
// Without this option GCC recognises the loops below as the functions they implement and recurses.
#pragma GCC optimize("no-tree-loop-distribute-patterns")

#include "hw/memory.h"

#include <string.h>

#include "hot.h"

#define STACK_PAINT 0x5aa5c33cu

extern const uint32_t __stack_bottom[], __stack_top[];

static inline int word_aligned(const void* a, const void* b) { return (((uintptr_t)a | (uintptr_t)b) & 3u) == 0; }

HOT void* memcpy(void* restrict to, const void* restrict from, size_t size) {
    uint8_t* t = to;
    const uint8_t* f = from;
    if (word_aligned(t, f)) {
        for (; size >= 4; size -= 4, t += 4, f += 4) *(uint32_t*)t = *(const uint32_t*)f;
    }
    while (size--) *t++ = *f++;
    return to;
}

HOT void* memmove(void* to, const void* from, size_t size) {
    uint8_t* t = to;
    const uint8_t* f = from;
    if (t <= f || t >= f + size) return memcpy(to, from, size);
    t += size;
    f += size;
    while (size--) *--t = *--f;
    return to;
}

HOT void* memset(void* to, int byte, size_t size) {
    uint8_t* t = to;
    const uint32_t word = (uint8_t)byte * 0x01010101u;
    if (word_aligned(t, t)) {
        for (; size >= 4; size -= 4, t += 4) *(uint32_t*)t = word;
    }
    while (size--) *t++ = (uint8_t)byte;
    return to;
}

#define GUARD_WORDS 16u

COLD bool memory_stack_guarded(void) {
    for (uint32_t i = 0; i < GUARD_WORDS; i++) {
        if (__stack_bottom[i] != STACK_PAINT) return false;
    }
    return true;
}

uint32_t memory_stack_unused(void) {
    const uint32_t* word = __stack_bottom;
    while (word < __stack_top && *word == STACK_PAINT) word++;
    return (uint32_t)((uintptr_t)word - (uintptr_t)__stack_bottom);
}
