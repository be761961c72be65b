/* Dormant mode of either oscillator, as pico_sleep enters it. The test wakes the chip through pins 10 and 11. */
#include "sdk.h"

enum { CLK_REF_CTRL = 0x30, CLK_SYS_CTRL = 0x3c, INTR1 = 0xf4, DORMANT_WAKE_INTE1 = 0x164, DORMANT_WAKE_INTS1 = 0x184 };
enum { XOSC_STATUS = 4, XOSC_DORMANT = 8, ROSC_DORMANT = 0xc, ROSC_STATUS = 0x18, TIMERAWL = 0x28, PWM_CH0_CTR = 8 };
#define COMA 0x636f6d61u
#define WAKE 0x77616b65u
#define STABLE (1u << 31)

static uint32_t slept_us, slept_pwm;

static void wait_stable(uint32_t status) {
    while (!(REG(status) & STABLE)) {
    }
}

/* What the timer and a PWM slice count from the order to sleep until the code goes on. */
static void sleep(uint32_t dormant, uint32_t status) {
    const uint32_t us = REG(TIMER + TIMERAWL), pwm = REG(PWM + PWM_CH0_CTR);
    REG(dormant) = COMA;
    slept_pwm = (REG(PWM + PWM_CH0_CTR) - pwm) & 0xffff;
    wait_stable(status);
    slept_us = REG(TIMER + TIMERAWL) - us;
}

int main(void) {
    sdk_init();
    pin_function(10, 5);
    pin_function(11, 5);
    REG(PWM) = 1;

    /* All clocks from the crystal, the ring stopped. */
    REG(CLOCKS + CLK_SYS_CTRL + CLR_ALIAS) = 1;
    REG(ROSC) = 0xd1eu << 12 | 0xfa4;
    REG(IO_BANK0 + DORMANT_WAKE_INTE1) = 8u << 8; /* rising edge of pin 10 */
    sleep(XOSC + XOSC_DORMANT, XOSC + XOSC_STATUS);
    const uint32_t crystal_us = slept_us, crystal_pwm = slept_pwm, woken_by = REG(IO_BANK0 + DORMANT_WAKE_INTS1);

    /* The event is still pending: the next order does not last. */
    sleep(XOSC + XOSC_DORMANT, XOSC + XOSC_STATUS);
    const uint32_t again_us = slept_us;
    REG(IO_BANK0 + INTR1) = 8u << 8;

    /* All clocks from the ring; an invalid code has started it. The crystal sleeps, and something else wakes it. */
    REG(ROSC) = 0xfffu << 12;
    wait_stable(ROSC + ROSC_STATUS);
    REG(CLOCKS + CLK_REF_CTRL + CLR_ALIAS) = 3;
    REG(XOSC + XOSC_DORMANT) = COMA;
    const uint32_t asleep = REG(XOSC + XOSC_DORMANT) == COMA && !(REG(XOSC + XOSC_STATUS) & STABLE);
    REG(XOSC + XOSC_DORMANT) = WAKE;
    wait_stable(XOSC + XOSC_STATUS);
    REG(IO_BANK0 + DORMANT_WAKE_INTE1) = 1u << 12; /* pin 11 low */
    sleep(ROSC + ROSC_DORMANT, ROSC + ROSC_STATUS);
    const uint32_t ring_us = slept_us, ring_pwm = slept_pwm;

    sdk_init();
    show("crystal_us", crystal_us);
    show("crystal_pwm", crystal_pwm);
    show_hex("woken_by", woken_by);
    show("again_us", again_us);
    show("asleep", asleep);
    show("ring_us", ring_us);
    show("ring_pwm", ring_pwm);
    flush();
    return 0;
}
