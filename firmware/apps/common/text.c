#include "apps/common/text.h"

void text_clear(text_t* text) { text->size = 0; }

static void append(text_t* text, char character) {
    if (text->size < TEXT_CAPACITY) text->data[text->size++] = character;
}

void text_prefix(text_t* text, const char* string, uint32_t limit) {
    while (*string && limit--) append(text, *string++);
}

void text_string(text_t* text, const char* string) { text_prefix(text, string, TEXT_CAPACITY); }

// At least `digits` digits.
static void padded(text_t* text, uint32_t value, uint32_t digits) {
    char reversed[10];
    uint32_t count = 0;
    while (value || count < digits) {
        reversed[count++] = (char)('0' + value % 10);
        value /= 10;
    }
    while (count) append(text, reversed[--count]);
}

void text_decimal(text_t* text, uint32_t value) { padded(text, value, 1); }

void text_hex(text_t* text, uint32_t value) {
    for (int shift = 28; shift >= 0; shift -= 4) append(text, "0123456789abcdef"[value >> shift & 15]);
}

void text_seconds(text_t* text, uint64_t us) {
    const uint64_t ms = us / 1000;
    text_decimal(text, (uint32_t)(ms / 1000));
    append(text, '.');
    padded(text, (uint32_t)(ms % 1000), 3);
}
