/* A terminal by SEGGER's RTT: answers each line; its identifier is put together at run time, as SEGGER's code does. */
#include "sdk.h"

typedef struct {
    const char* name;
    char* memory;
    uint32_t size, written, read, flags;
} ring_t;
static struct {
    char identifier[16];
    uint32_t up_count, down_count;
    ring_t up[1], down[1];
} block;
static char up_memory[32], down_memory[8];

static void put(char c) {
    volatile ring_t* ring = &block.up[0];
    const uint32_t next = (ring->written + 1) % ring->size;
    while (next == ring->read) {
    }
    ring->memory[ring->written] = c;
    dmb();
    ring->written = next;
}

static void say(const char* text) {
    while (*text) put(*text++);
}

static char get(void) {
    volatile ring_t* ring = &block.down[0];
    while (ring->written == ring->read) {
    }
    const char c = ring->memory[ring->read];
    ring->read = (ring->read + 1) % ring->size;
    return c;
}

int main(void) {
    static const char backwards[] = "TTR REGGES"; /* "SEGGER RTT" */
    sdk_init();
    block.up_count = block.down_count = 1;
    block.up[0] = (ring_t){"Terminal", up_memory, sizeof up_memory, 0, 0, 0};
    block.down[0] = (ring_t){"Terminal", down_memory, sizeof down_memory, 0, 0, 0};
    for (unsigned n = 0; n < 10; n++) ((volatile char*)block.identifier)[n] = backwards[9 - n];
    say("ready, in more than the ring of 32 bytes holds at once\n");
    for (unsigned lines = 0;; lines++) {
        say("echo ");
        for (char c = get(); c != '\n'; c = get()) {
            if (c == '!') __asm__ volatile("udf #0");
            put(c);
        }
        put('\n');
    }
}
