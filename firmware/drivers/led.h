// The alarm LED, dimmed by PWM.
#pragma once

#include <stdint.h>

void led_init(void);

// 0 is dark, 255 is full. Power is proportional to level squared, which the eye sees as about even steps.
void led_set(uint8_t level);
