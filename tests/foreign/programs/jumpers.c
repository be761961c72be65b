/* Wave forms through jumpers: each is also looked at where it comes from. The test connects 8-9, 10-13 and 14-15, and
 * 16-19, TX and RX of SPI0. */
#include "sdk.h"

#define UART1 (UART0 + 0x4000)

enum { PIO_FSTAT = 4, PIO_TXF0 = 0x10, PIO_RXF0 = 0x20, PIO_MEM = 0x48, PIO_SM0 = 0xc8, SM_STRIDE = 0x18 };
enum { CLKDIV = 0, EXECCTRL = 4, SHIFTCTRL = 8, INSTR = 16, PINCTRL = 20 };
enum { SET_PINDIRS_1 = 0xe081, SET_PINS_1 = 0xe001, SET_PINS_0 = 0xe000, WAIT_1_PIN_0 = 0x20a0, WAIT_0_PIN_0 = 0x2020 };
enum { MOV_X_NOT_NULL = 0xa02b, JMP_X_DEC = 0x0040, MOV_ISR_NOT_X = 0xa0c9, PUSH = 0x8020 };

static volatile uint32_t rises[2];
void isr_irq13(void);
void isr_irq13(void) {
    const uint32_t status = REG(IO_BANK0 + 0x124); /* PROC0_INTS1: pins 8 to 15 */
    REG(IO_BANK0 + 0xf4) = status;
    if (status & 8u << 8) rises[0]++;
    if (status & 8u << 20) rises[1]++;
}

static void uart(void) {
    pin_function(8, 2);
    pin_function(9, 2);
    REG(UART1 + 0x24) = 67;
    REG(UART1 + 0x28) = 52;
    REG(UART1 + 0x2c) = 3u << 5 | 1u << 4;
    REG(UART1 + 0x30) = 1u << 0 | 3u << 8;
    uint32_t heard = 0;
    for (uint32_t i = 0; i < 4; i++) REG(UART1) = 0x61 + i;
    for (uint32_t i = 0; i < 4; i++) {
        while (REG(UART1 + 0x18) & 1u << 4) {
        }
        heard = heard << 8 | (REG(UART1) & 0xfff);
    }
    show_hex("uart", heard);

    /* A break as the SDK makes one: the UART is off while BRK changes. What comes after it is heard right. */
    for (uint32_t brk = 1; brk < 2; brk--) {
        REG(UART1 + 0x30) = 0;
        busy_wait_us(130);
        REG(UART1 + 0x2c) = 3u << 5 | 1u << 4 | brk;
        REG(UART1 + 0x30) = 1u << 0 | 3u << 8;
        if (brk) busy_wait_us(113);
    }
    REG(UART1) = 0x31;
    busy_wait_us(100);
    heard = (REG(UART1) & 0xfff) << 16;
    show_hex("broken", heard | (REG(UART1) & 0xfff));
}

/* Slice 5 makes 1 kHz on pin 10; slice 6 counts the rising edges on its input, pin 13. */
static void pwm(void) {
    pin_function(10, 4);
    pin_function(13, 4);
    REG(PWM + 0x14 * 5 + 0x4) = 125u << 4;
    REG(PWM + 0x14 * 5 + 0xc) = 250;
    REG(PWM + 0x14 * 5 + 0x10) = 999;
    REG(PWM + 0x14 * 6 + 0x0) = 2u << 4 | 1;
    REG(IO_BANK0 + 0x104) = 8u << 8 | 8u << 20;
    irq_enable(13);
    REG(PWM + 0x14 * 5) = 1;
    REG(PWM + 0x14 * 6) |= 1;
    busy_wait_us(20100);
    REG(PWM + 0x14 * 5) = 0;
    show("counted", REG(PWM + 0x14 * 6 + 0x8));
    show("source_edges", rises[0]);
    show("wire_edges", rises[1]);
}

static void count_edges(uint32_t sm, uint32_t pin) {
    REG(sm + PINCTRL) = pin << 15;
    REG(sm + EXECCTRL) = 8u << 12 | 5u << 7; /* wraps from 8 to 5 */
    REG(sm + INSTR) = 4;
}

/* State machine 0 toggles pin 14; 1 counts its pulses on the pin, 2 on the wire. */
static void pio(void) {
    static const uint16_t program[] = {SET_PINDIRS_1, SET_PINS_1 | 3u << 8, SET_PINS_0 | 7u << 8, 0,     MOV_X_NOT_NULL,
                                       WAIT_1_PIN_0,  WAIT_0_PIN_0,         JMP_X_DEC | 8,        0xa042 /* nop */};
    for (uint32_t i = 0; i < 9; i++) REG(PIO0 + PIO_MEM + 4 * i) = program[i];
    const uint32_t sm = PIO0 + PIO_SM0;
    pin_function(14, 6);
    pin_function(15, 6);
    REG(sm + CLKDIV) = 5u << 16 | 77u << 8;
    REG(sm + PINCTRL) = 1u << 26 | 14u << 5;
    REG(sm + EXECCTRL) = 2u << 12 | 1u << 7;
    REG(sm + INSTR) = 0;
    count_edges(sm + SM_STRIDE, 14);
    count_edges(sm + 2 * SM_STRIDE, 15);
    REG(PIO0) = 7;
    busy_wait_us(3000);
    REG(PIO0) = 0;
    uint32_t counts[2];
    for (uint32_t i = 0; i < 2; i++) {
        REG(sm + (i + 1) * SM_STRIDE + INSTR) = MOV_ISR_NOT_X;
        REG(sm + (i + 1) * SM_STRIDE + INSTR) = PUSH;
        counts[i] = REG(PIO0 + PIO_RXF0 + 4 * (i + 1));
    }
    show("pulses", counts[0]);
    show("wire_pulses", counts[1]);
}

/* Open drain: either end pulls the net low; let go, the pull-up of one end lifts it. */
static void open_drain(void) {
    pin_function(8, 5);
    pin_function(9, 5);
    REG(PADS_BANK0 + 4 + 4 * 8 + CLR_ALIAS) = 4;
    REG(PADS_BANK0 + 4 + 4 * 8 + SET_ALIAS) = 8;
    REG(SIO + 0x18) = 3u << 8;
    uint32_t seen = 0;
    for (uint32_t driven = 0; driven < 4; driven++) {
        REG(SIO + 0x28) = 3u << 8;
        REG(SIO + 0x24) = driven << 8;
        busy_wait_us(1);
        seen = seen << 4 | (REG(SIO + 4) >> 8 & 3);
    }
    show_hex("open_drain", seen);
}

static uint32_t spi_frame(uint32_t value) {
    REG(SPI0 + 0x8) = value;
    while (REG(SPI0 + 0xc) & 1u << 4) {
    }
    return REG(SPI0 + 0x8);
}

/* What SPI0 sends comes back; on another pin it reads what the pulls make. */
static void spi(void) {
    for (unsigned pin = 16; pin < 20; pin++) pin_function(pin, 1);
    REG(SPI0 + 0x0) = 7;
    REG(SPI0 + 0x10) = 2;
    REG(SPI0 + 0x4) = 1u << 1;
    show_hex("loop", spi_frame(0x5a) << 8 | spi_frame(0xc3));
    pin_function(16, 31);
    pin_function(4, 1);
    uint32_t seen = spi_frame(0x5a);
    REG(PADS_BANK0 + 4 + 4 * 4 + CLR_ALIAS) = 4;
    REG(PADS_BANK0 + 4 + 4 * 4 + SET_ALIAS) = 8;
    seen = seen << 8 | spi_frame(0x5a);
    show_hex("pulls", seen);
}

int main(void) {
    sdk_init();
    uart();
    spi();
    pwm();
    pio();
    open_drain();
    flush();
    return 0;
}
