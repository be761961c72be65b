/* System calls that are taken in HardFault, as NuttX makes them: SVC while interrupts are masked. The handler looks for
   the SVC in the halfword before the stacked address and returns to that address. At last comes a call that it does not
   return from, until the watchdog resets the chip; then one more of the ordinary kind. */
#include "sdk.h"

enum { CALL = 0xdf00, REASON = 8, LOAD = 4 };

static volatile uint32_t calls;
static uint32_t table[48] __attribute__((aligned(256)));

__attribute__((used)) static void taken(const uint32_t* frame) {
    if (((const uint16_t*)frame[6])[-1] == CALL)
        ++calls;
    else
        for (;;) continue;
}

__attribute__((naked)) static void hard_fault(void) { __asm__("mov r0, sp\n push {r4, lr}\n bl taken\n pop {r4, pc}"); }

static void call(void) { __asm__ volatile("cpsid i\n svc #0\n cpsie i" ::: "memory"); }

int main(void) {
    sdk_init();
    for (uint32_t i = 0; i < 48; ++i) table[i] = ((const uint32_t*)REG(PPB + 0xed08))[i];
    table[3] = (uint32_t)hard_fault;
    REG(PPB + 0xed08) = (uint32_t)table;
    call();
    if (REG(WATCHDOG + REASON) == 0) {
        call();
        call();
        show("calls", calls);
        flush();
        busy_wait_us(3000);                       /* longer than it takes until the host has seen the line */
        REG(PSM + SET_ALIAS + 8) = 0x1ffff & ~3u; /* everything but the oscillators */
        REG(WATCHDOG + CLR_ALIAS) = 7u << 24;
        REG(WATCHDOG + LOAD) = 20000; /* counts down twice a microsecond */
        REG(WATCHDOG + SET_ALIAS) = 1u << 30;
        __asm__ volatile("cpsid i\n svc #1" ::: "memory");
    }
    call();
    show("after_reset", calls);
    for (;;) wfi();
}
