// Reads a word across an alignment boundary, three calls deep.
#include <stdint.h>

volatile uint32_t sink;
uint32_t words[2] = {1, 2};

__attribute__((noinline)) uint32_t read_word(const uint8_t* where) {
    sink += *where;
    return *(const volatile uint32_t*)where;
}

__attribute__((noinline)) uint32_t middle(uint32_t offset) { return read_word((const uint8_t*)words + offset) + 1; }

int main(void) {
    for (uint32_t i = 0; i < 1000; ++i) sink += i;
    return (int)middle(2);
}
