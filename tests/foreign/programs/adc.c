/* One-shot, temperature, free-running round robin through the FIFO by interrupt and by DMA. */
#include "sdk.h"

enum { CS, RESULT = 4, FCS = 8, FIFO = 12, DIV = 16, INTR = 20, INTE = 24, INTF = 28, INTS = 32 };

static volatile uint32_t samples;
static volatile uint16_t seen[4];
void isr_irq22(void);
void isr_irq22(void) {
    while (!(REG(ADC + FCS) & 1u << 8)) seen[samples++ & 3] = (uint16_t)REG(ADC + FIFO);
    if (samples >= 40) REG(ADC + INTE) = 0;
}

static uint32_t read_input(unsigned input) {
    FIELD_WRITE(ADC + CS, 7u << 12, input << 12);
    REG(ADC + CS + SET_ALIAS) = 4;
    while (!(REG(ADC + CS) & 1u << 8)) {
    }
    return REG16(ADC + RESULT);
}

int main(void) {
    sdk_init();
    REG(ADC + CS) = 1;
    while (!(REG(ADC + CS) & 1u << 8)) {
    }
    for (unsigned pin = 26; pin < 28; pin++) {
        pin_function(pin, 0x1f);
        REG(PADS_BANK0 + 4 + 4 * pin + CLR_ALIAS) = 0x40 | 0xc;
    }
    show("input0", read_input(0));
    show("input1", read_input(1));
    REG(ADC + CS + SET_ALIAS) = 2;
    busy_wait_us(1000);
    show("temperature", read_input(4));

    REG(ADC + FCS) = 1 | 1u << 24;               /* FIFO on, threshold 1 */
    REG(ADC + CS) = 1 | 1u << 12 | 3u << 16 | 8; /* free running over inputs 0 and 1, beginning with 1 */
    irq_enable(22);
    const uint32_t begun = REG(TIMER + 0x28);
    REG(ADC + INTE) = 1;
    while (samples < 40) wfi();
    const uint32_t took = REG(TIMER + 0x28) - begun;
    REG(ADC + CS + CLR_ALIAS) = 8;
    show("sampled_at_500k", took >= 75 && took <= 85);
    show("order", seen[0] * 10000u + seen[1]);
    while (!(REG(ADC + CS) & 1u << 8)) {
    }
    while (!(REG(ADC + FCS) & 1u << 8)) (void)REG(ADC + FIFO);

    /* Eight-bit samples by DMA, one every 960 cycles of 48 MHz. */
    static uint8_t buffer[32];
    REG(ADC + DIV) = 959u << 8;
    REG(ADC + FCS) = 1 | 1u << 1 | 1u << 3 | 1u << 24;
    REG(ADC + CS) = 1 | 4u << 12 | 2;
    REG(DMA + 0) = ADC + FIFO;
    REG(DMA + 4) = (uint32_t)buffer;
    REG(DMA + 8) = sizeof buffer;
    REG(DMA + 12) = 1 | 1u << 5 | 0u << 11 | 36u << 15;
    const uint32_t before = REG(TIMER + 0x28);
    REG(ADC + CS + SET_ALIAS) = 8;
    while (REG(DMA + 12) & 1u << 24) {
    }
    REG(ADC + CS + CLR_ALIAS) = 8;
    const uint32_t period = (REG(TIMER + 0x28) - before) / 32;
    show("period_us", period);
    show("shifted", buffer[0] == buffer[31] ? buffer[0] : 0);
    flush();
    return 0;
}
