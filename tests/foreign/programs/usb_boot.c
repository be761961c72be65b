/* Asks the ROM for USB boot, with the activity LED on GPIO 25. */
#include "sdk.h"

int main(void) {
    sdk_init();
    print("leaving\n");
    flush();
    ((void (*)(uint32_t, uint32_t))rom_function('U', 'B'))(1u << 25, 0);
    for (;;) {
    }
}
