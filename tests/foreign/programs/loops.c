/* Loops of all kinds, each timed by SysTick, from SRAM; with an interrupt in the middle; then one without an end. */
#include "sdk.h"

static volatile uint32_t count, alarms;

void isr_irq0(void);
void TIME_CRITICAL("alarm") isr_irq0(void) {
    REG(TIMER + 0x34) = 1;
    alarms++;
}

#define SYSTICK (PPB + 0xe010)
#define LOOP(name, body)                                                                         \
    static void TIME_CRITICAL(#name) name(uint32_t rounds) {                                     \
        uint32_t sum = 0, place = (uint32_t)&count, scratch;                                     \
        __asm__ volatile(".syntax unified\n1:\n" body "\n\tsubs %0, #1\n\tbne 1b\n"              \
                         : "+r"(rounds), "+r"(sum), "+r"(place), "=r"(scratch)::"cc", "memory"); \
    }
LOOP(adds, "adds %1, #1")
LOOP(stores, "adds %1, #1\n\tstr %1, [%2]")
LOOP(loads, "ldr %3, [%2]\n\tmuls %3, %3")
LOOP(branches, "lsrs %3, %0, #1\n\tbcc 2f\n\tadds %1, #1\n2:")
LOOP(nested, "movs %3, #5\n2:\tsubs %3, #1\n\tbne 2b")
LOOP(masks, "cpsid i\n\tadds %1, #1\n\tcpsie i")
LOOP(wide, "mrs %3, primask\n\tdmb")

static void TIME_CRITICAL("calls") calls(uint32_t rounds) {
    while (rounds--) nested(2);
}
static void TIME_CRITICAL("registers") registers(uint32_t rounds) {
    while (rounds--) (void)REG(UART0 + 0x18);
}

static void __attribute__((noinline)) in_flash(uint32_t rounds) {
    __asm__ volatile(".syntax unified\n\t.balign 8\n1: nop\n\tsubs %0, #1\n\tbne 1b" : "+r"(rounds)::"cc");
}
static void __attribute__((noinline)) far_in_flash(uint32_t rounds) {
    __asm__ volatile(".syntax unified\n\t.balign 8\n1: .rept 20\n\tnop\n\t.endr\n\tsubs %0, #1\n\tbne 1b"
                     : "+r"(rounds)::"cc");
}

static _Noreturn void TIME_CRITICAL("adds_for_ever") adds_for_ever(void) {
    __asm__ volatile(".syntax unified\n1: adds r0, #1\n\tb 1b");
    __builtin_unreachable();
}

static uint32_t TIME_CRITICAL("timed") timed(void (*loop)(uint32_t), uint32_t rounds) {
    REG(SYSTICK + 8) = 0;
    const uint32_t begin = REG(SYSTICK + 8);
    loop(rounds);
    return (begin - REG(SYSTICK + 8)) & 0xffffff;
}

int main(void) {
    sdk_init();
    REG(SYSTICK + 4) = 0xffffff;
    REG(SYSTICK) = 5;
    static const struct {
        const char* name;
        void (*loop)(uint32_t rounds);
    } all[] = {{"adds", adds},
               {"stores", stores},
               {"loads", loads},
               {"branches", branches},
               {"nested", nested},
               {"masks", masks},
               {"wide", wide},
               {"calls", calls},
               {"registers", registers},
               {"in_flash", in_flash},
               {"far_in_flash", far_in_flash}};
    for (unsigned rounds = 1; rounds <= 10000; rounds *= 100)
        for (unsigned n = 0; n < sizeof all / sizeof *all; n++) show(all[n].name, timed(all[n].loop, rounds));
    irq_enable(0);
    REG(TIMER + SET_ALIAS + 0x38) = 1;
    for (unsigned us = 10; us <= 60; us += 10) {
        REG(TIMER + 0x10) = REG(TIMER + 0x28) + us;
        adds(10000);
    }
    show("alarms", alarms);
    flush();
    adds_for_ever();
}
