// Lines of text without stdio: append to a fixed buffer, never past its end. Pure C11.
#pragma once

#include <stdint.h>

#define TEXT_CAPACITY 160

typedef struct {
    uint32_t size;
    char data[TEXT_CAPACITY];
} text_t;

void text_clear(text_t* text);
void text_string(text_t* text, const char* string);
// At most `limit` characters of `string`.
void text_prefix(text_t* text, const char* string, uint32_t limit);
void text_decimal(text_t* text, uint32_t value);
void text_hex(text_t* text, uint32_t value);
// Microseconds as seconds with three decimals, truncated.
void text_seconds(text_t* text, uint64_t us);
