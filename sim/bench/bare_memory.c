// What GCC may call on its own in a program without a C library.
#include <stddef.h>

void* memcpy(void* to, const void* from, size_t size) {
    for (size_t i = 0; i < size; ++i) ((char*)to)[i] = ((const char*)from)[i];
    return to;
}

void* memset(void* to, int byte, size_t size) {
    for (size_t i = 0; i < size; ++i) ((char*)to)[i] = (char)byte;
    return to;
}
