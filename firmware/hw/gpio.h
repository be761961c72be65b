// Pins: function and pad (datasheet 2.19).
#pragma once

#include "hw/rp2040.h"

// The pad first, so that the pin never drives with the old pad settings.
static inline void gpio_set_output(uint32_t pin, uint32_t function) {
    PADS_BANK0->GPIO[pin] = PADS_BANK0_GPIO_IE | PADS_BANK0_GPIO_DRIVE_4MA | PADS_BANK0_GPIO_SCHMITT;
    IO_BANK0->GPIO[pin].CTRL = function;
}

// Input with pull-down: an unconnected line reads as a steady 0 and can be told from a signal.
static inline void gpio_set_input(uint32_t pin, uint32_t function) {
    PADS_BANK0->GPIO[pin] =
        PADS_BANK0_GPIO_IE | PADS_BANK0_GPIO_DRIVE_4MA | PADS_BANK0_GPIO_SCHMITT | PADS_BANK0_GPIO_PDE;
    IO_BANK0->GPIO[pin].CTRL = function;
}
