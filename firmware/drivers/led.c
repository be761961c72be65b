#include "drivers/led.h"

#include "board.h"
#include "hw/gpio.h"
#include "hw/resets.h"

// A pin belongs to slice (pin / 2) mod 8, output A when even (datasheet 4.5.2).
#define LED_SLICE ((LED_PIN >> 1) & 7)
#define LED_OUTPUT_B (LED_PIN & 1)
#define LED_TOP 65024u  // 255 * 255 - 1: CC = TOP + 1 is a constant high

// Period of the PWM: (TOP + 1) * divider cycles, 240 Hz at 125 MHz; above flicker, below audible switching noise.
#define LED_DIVIDER 8u

void led_init(void) {
    resets_cycle(RESETS_RESET_PWM);
    PWM->CH[LED_SLICE].DIV = LED_DIVIDER << PWM_CH_DIV_INT_LSB;
    PWM->CH[LED_SLICE].TOP = LED_TOP;
    led_set(0);
    const uint32_t invert = LED_OUTPUT_B ? PWM_CH_CSR_B_INV : PWM_CH_CSR_A_INV;
    PWM->CH[LED_SLICE].CSR = PWM_CH_CSR_EN | (LED_ACTIVE_LOW ? invert : 0);
    gpio_set_output(LED_PIN, IO_BANK0_GPIO_CTRL_FUNCSEL_PWM);
}

// Below this the PWM is on for less than a sixteenth of its period, which four looks 32 ms apart do not meet each time:
// 240 Hz is no multiple of the blocks' rate.
#define GLIMMER 64u

static uint8_t shown;

void led_set(uint8_t level) {
    shown = level;
    const uint32_t compare = (uint32_t)level * level;
    PWM->CH[LED_SLICE].CC = LED_OUTPUT_B ? compare << 16 : compare;
}

bool led_in_order(void) {
    const bool high = IO_BANK0->GPIO[LED_PIN].STATUS & IO_BANK0_GPIO_STATUS_INFROMPAD;
    const bool lit = high != (bool)LED_ACTIVE_LOW;
    return lit ? shown >= GLIMMER : shown < UINT8_MAX;
}
