#include "apps/common/start.h"

#include "drivers/console.h"
#include "drivers/led.h"
#include "drivers/pdm_mic.h"
#include "hw/clocks.h"
#include "hw/resets.h"

restart_t start_up(void) {
    clocks_init();
    resets_release(RESETS_RESET_IO_BANK0 | RESETS_RESET_PADS_BANK0 | RESETS_RESET_TIMER);
    // A restart by the watchdog may come amid a transfer, which would write on while the program begins anew.
    resets_cycle(RESETS_RESET_DMA);
    const restart_t restart = watchdog_take_restart();
    watchdog_start();
    led_init();
    console_init();
    pdm_mic_init();
    return restart;
}
