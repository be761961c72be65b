/* I2C scan and EEPROM-less NAK, SPI frames, UART receive by interrupt and its loopback, as the SDK's drivers do. */
#include "sdk.h"

static volatile uint32_t received, received_sum;
void isr_irq20(void);
void isr_irq20(void) {
    while (!(REG(UART0 + 0x18) & 1u << 4)) {
        received++;
        received_sum += REG(UART0) & 0xff;
    }
}

int main(void) {
    sdk_init();
    REG(I2C0 + 0x6c) = 0;
    REG(I2C0 + 0x00) = 1 | 2u << 1 | 1u << 5 | 1u << 6 | 1u << 8;
    REG(I2C0 + 0x38) = 0;
    REG(I2C0 + 0x3c) = 0;
    REG(I2C0 + 0x88) = 3;
    REG(I2C0 + 0x1c) = 750;
    REG(I2C0 + 0x20) = 500;
    REG(I2C0 + 0xa0) = 47;
    FIELD_WRITE(I2C0 + 0x7c, 0xffff, 38);
    REG(I2C0 + 0x6c) = 1;
    pin_function(8, 3);
    pin_function(9, 3);
    REG(PADS_BANK0 + 4 + 4 * 8 + CLR_ALIAS) = 4;
    REG(PADS_BANK0 + 4 + 4 * 9 + CLR_ALIAS) = 4;
    REG(PADS_BANK0 + 4 + 4 * 8 + SET_ALIAS) = 8;
    REG(PADS_BANK0 + 4 + 4 * 9 + SET_ALIAS) = 8;
    uint32_t absent = 0;
    for (uint32_t address = 8; address < 24; address++) {
        REG(I2C0 + 0x6c) = 0;
        REG(I2C0 + 0x04) = address;
        REG(I2C0 + 0x6c) = 1;
        REG(I2C0 + 0x10) = 1u << 8 | 1u << 9; /* read one byte, then stop */
        do {
            if (REG(I2C0 + 0x80)) {
                absent += REG(I2C0 + 0x80) & 1;
                (void)REG(I2C0 + 0x54);
                break;
            }
        } while (!REG(I2C0 + 0x78));
        while (!(REG(I2C0 + 0x34) & 1u << 9)) {
        }
        (void)REG(I2C0 + 0x60);
    }
    show("i2c_absent", absent);

    REG(SPI0 + 0x10) = 2;
    REG(SPI0 + 0x00) = 7 | 15u << 8;
    REG(SPI0 + 0x24) = 3;
    REG(SPI0 + 0x04) = 1 | 2; /* enabled, loopback */
    uint32_t equal = 1;
    for (uint32_t n = 0; n < 8; n++) {
        while (!(REG(SPI0 + 0x0c) & 2)) {
        }
        REG(SPI0 + 0x08) = n * 29;
        while (!(REG(SPI0 + 0x0c) & 4)) {
        }
        equal &= REG(SPI0 + 0x08) == n * 29;
    }
    show("spi_loopback", equal);

    irq_enable(20);
    REG(UART0 + 0x38) = 1u << 4 | 1u << 6; /* receive and receive time-out */
    REG(UART0 + 0x34) = 0;
    print("send now\n");
    flush();
    const uint32_t start = REG(TIMER + 0x28);
    while (received < 5 && REG(TIMER + 0x28) - start < 20000) wfi();
    show("received", received);
    show("received_sum", received_sum);
    flush();
    return 0;
}
