// What both applications do first.
#pragma once

#include "drivers/watchdog.h"

// Clocks, resets, watchdog, LED, console and microphone, ready for pdm_mic_start(). Returns why the chip started.
restart_t start_up(void);
