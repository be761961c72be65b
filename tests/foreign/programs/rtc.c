/* Date and time set, running over a leap day, an alarm by interrupt, and one that repeats every minute. */
#include "sdk.h"

enum { CLKDIV_M1, SETUP0 = 4, SETUP1 = 8, CTRL = 12, IRQ0 = 16, IRQ1 = 20, RTC1 = 24, RTC0 = 28, INTR = 32, INTE = 36 };

static volatile uint32_t alarms;
void isr_irq25(void);
void isr_irq25(void) {
    REG(RTC + IRQ0 + CLR_ALIAS) = 1u << 28;
    while (REG(RTC + IRQ0) & 1u << 29) {
    }
    alarms++;
}

static void set(uint32_t year, uint32_t month, uint32_t day, uint32_t weekday, uint32_t h, uint32_t m, uint32_t s) {
    REG(RTC + CTRL) = 0;
    while (REG(RTC + CTRL) & 2) {
    }
    REG(RTC + SETUP0) = year << 12 | month << 8 | day;
    REG(RTC + SETUP1) = weekday << 24 | h << 16 | m << 8 | s;
    REG(RTC + CTRL + SET_ALIAS) = 1u << 4;
    REG(RTC + CTRL + SET_ALIAS) = 1;
    while (!(REG(RTC + CTRL) & 2)) {
    }
}

static void enable_alarm(void) {
    REG(RTC + INTE + SET_ALIAS) = 1;
    irq_enable(25);
    REG(RTC + IRQ0 + SET_ALIAS) = 1u << 28;
    while (!(REG(RTC + IRQ0) & 1u << 29)) {
    }
}

int main(void) {
    sdk_init();
    REG(RESETS + SET_ALIAS) = 1u << 15;
    REG(RESETS + CLR_ALIAS) = 1u << 15;
    while (!(REG(RESETS + 8) & 1u << 15)) {
    }
    REG(RTC + CLKDIV_M1) = 48000000 / 1024 - 1;
    set(2024, 2, 28, 3, 23, 59, 58);
    REG(RTC + IRQ0 + CLR_ALIAS) = 1u << 28;
    REG(RTC + IRQ0) = 29u << 0 | 1u << 24; /* day 29, */
    REG(RTC + IRQ1) = 0u | 1u << 28;       /* second 0 */
    enable_alarm();
    const uint64_t begun = time_us();
    while (!alarms) wfi();
    show("alarm_ms", (uint32_t)(time_us() - begun + 500) / 1000);
    const uint32_t time = REG(RTC + RTC0), date = REG(RTC + RTC1); /* RTC_0 latches RTC_1 */
    show("year", date >> 12);
    show("month", date >> 8 & 15);
    show("day", date & 31);
    show("weekday", time >> 24);
    show("second", time & 63);

    /* Matching only the second's value repeats each minute. */
    REG(RTC + IRQ0 + CLR_ALIAS) = 1u << 28;
    REG(RTC + IRQ0) = 0;
    REG(RTC + IRQ1) = 2u | 1u << 28;
    alarms = 0;
    set(2021, 12, 31, 5, 23, 59, 1);
    enable_alarm();
    while (!alarms) wfi();
    show("second", REG(RTC + RTC0) & 63);
    flush();
    return 0;
}
