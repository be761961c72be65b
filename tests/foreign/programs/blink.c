/* A LED on GPIO25 that changes every 250 ms, and a line without an end. */
#include "sdk.h"

int main(void) {
    sdk_init();
    print("blinking");
    pin_function(25, 5);
    REG(SIO + 0x24) = 1u << 25;
    for (;;) {
        REG(SIO + 0x1c) = 1u << 25;
        busy_wait_us(250000);
    }
}
