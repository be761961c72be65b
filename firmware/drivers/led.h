// The alarm LED, dimmed by PWM.
#pragma once

#include <stdbool.h>
#include <stdint.h>

void led_init(void);

// 0 is dark, 255 is full. Power is proportional to level squared, which the eye sees as about even steps.
void led_set(uint8_t level);

// Whether the pin shows what led_set() asked for, as far as one look can tell: always on, never on, or hardly ever.
bool led_in_order(void);
