/* Blinks, once a second; a button on GP10 makes it five times as fast, and slow again. */
#include "sdk.h"

enum { LED = 25, BUTTON = 10, SIO_IN = 0x04, SIO_TOGGLE = 0x1c, SIO_ENABLE = 0x24 };

int main(void) {
    sdk_init();
    pin_function(LED, 5);
    pin_function(BUTTON, 5);
    REG(PADS_BANK0 + 4 + 4 * BUTTON) = 0x4a; /* input with pull-up and Schmitt trigger */
    REG(SIO + SIO_ENABLE) = 1u << LED;
    print("blinking\n");
    uint32_t half_period = 500000, since = 0;
    bool was_up = true;
    for (;;) {
        busy_wait_us(1000);
        const bool up = REG(SIO + SIO_IN) >> BUTTON & 1;
        if (was_up && !up) {
            half_period = half_period == 500000 ? 100000 : 500000;
            print(half_period == 500000 ? "slow\n" : "fast\n");
        }
        was_up = up;
        since += 1000;
        if (since >= half_period) {
            since = 0;
            REG(SIO + SIO_TOGGLE) = 1u << LED;
        }
    }
}
