// Core 0 launches core 1 as the boot ROM wants it; then each counts.
#include <stdint.h>

#define FIFO_ST (*(volatile uint32_t*)0xd0000050)
#define FIFO_WR (*(volatile uint32_t*)0xd0000054)
#define FIFO_RD (*(volatile uint32_t*)0xd0000058)

extern uint32_t vectors[];
volatile uint32_t count0, count1;
static uint32_t stack1[64];

__attribute__((noinline)) void work1(void) { ++count1; }
__attribute__((noinline)) void work0(void) { ++count0; }

static void core1(void) {
    for (;;) work1();
}

static uint32_t exchange(uint32_t word) {
    if (word == 0)
        while (FIFO_ST & 1) (void)FIFO_RD;
    while (!(FIFO_ST & 2)) {
    }
    FIFO_WR = word;
    __asm volatile("sev");
    while (!(FIFO_ST & 1)) __asm volatile("wfe");
    return FIFO_RD;
}

int main(void) {
    for (volatile uint32_t i = 0; i < 300; ++i) {
    }
    const uint32_t sequence[] = {0, 0, 1, (uint32_t)vectors, (uint32_t)(stack1 + 64), (uint32_t)core1};
    for (uint32_t i = 0; i < 6;) i = exchange(sequence[i]) == sequence[i] ? i + 1 : 0;
    for (;;) work0();
}
