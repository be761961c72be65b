/* Core 0 asks, core 1 answers: how many primes are there below a number? Ends itself with the number of wrong answers.
 */
#include "sdk.h"

enum { FIFO_ST = 0x50, FIFO_WR = 0x54, FIFO_RD = 0x58, VALID = 1, READY = 2 };
static uint32_t stack1[256] __attribute__((aligned(8)));

static void push(uint32_t word) {
    while (!(REG(SIO + FIFO_ST) & READY)) {
    }
    REG(SIO + FIFO_WR) = word;
    sev();
}

static uint32_t pop(void) {
    while (!(REG(SIO + FIFO_ST) & VALID)) wfe();
    return REG(SIO + FIFO_RD);
}

static void core1(void) {
    for (;;) {
        const uint32_t limit = pop();
        uint32_t primes = 0;
        for (uint32_t n = 2; n < limit; n++) {
            bool prime = true;
            for (uint32_t d = 2; prime && d * d <= n; d++) prime = n % d != 0;
            primes += prime;
        }
        push(primes);
    }
}

/* Datasheet 2.8.2: the ROM's handshake. */
static void launch(void (*entry)(void)) {
    const uint32_t sequence[] = {0, 0, 1, REG(PPB + 0xed08), (uint32_t)(stack1 + 256), (uint32_t)entry};
    for (unsigned step = 0; step < 6;) {
        if (sequence[step] == 0) {
            while (REG(SIO + FIFO_ST) & VALID) (void)REG(SIO + FIFO_RD);
            sev();
        }
        push(sequence[step]);
        step = pop() == sequence[step] ? step + 1 : 0;
    }
}

static void end(uint32_t code) {
    const uint32_t block[2] = {0x20026, code}; /* ADP_Stopped_ApplicationExit */
    register uint32_t r0 __asm__("r0") = 0x20; /* SYS_EXIT_EXTENDED */
    register const uint32_t* r1 __asm__("r1") = block;
    __asm__ volatile("bkpt 0xab" ::"r"(r0), "r"(r1) : "memory");
}

int main(void) {
    sdk_init();
    launch(core1);
    uint32_t wrong = 0;
    const uint32_t questions[][2] = {{10, 4}, {100, 25}, {1000, 168}, {5000, 669}};
    for (unsigned n = 0; n < 4; n++) {
        push(questions[n][0]);
        const uint32_t answer = pop();
        show("primes", answer);
        wrong += answer != questions[n][1];
    }
    flush();
    end(wrong);
    return 0;
}
