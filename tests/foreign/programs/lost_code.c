/* Takes flash out of the memory map and returns to code in flash, which is a mistake. */
#include "sdk.h"

static TIME_CRITICAL("leave") void leave(void (*connect)(void), void (*exit_xip)(void)) {
    connect();
    exit_xip();
}

int main(void) {
    sdk_init();
    leave((void (*)(void))rom_function('I', 'F'), (void (*)(void))rom_function('E', 'X'));
    show("back", 1);
    return 0;
}
