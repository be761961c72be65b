/* Logs the temperature of an MPU-6050 on I2C0 (GP4, GP5) ten times a second, in hundredths of a degree. */
#include "sdk.h"

enum { ADDRESS = 0x68, WHO_AM_I = 0x75, PWR_MGMT_1 = 0x6b, TEMP_OUT = 0x41 }; /* register map, revision 4.2 */
enum { IC_CON = 0x00, IC_TAR = 0x04, IC_DATA_CMD = 0x10, IC_SS_HCNT = 0x14, IC_SS_LCNT = 0x18, IC_ENABLE = 0x6c };
enum {
    IC_RAW_INTR_STAT = 0x34,
    IC_CLR_TX_ABRT = 0x54,
    IC_RXFLR = 0x78,
    READ = 1 << 8,
    STOP = 1 << 9,
    RESTART = 1 << 10
};

static void i2c_init(void) {
    pin_function(4, 3);
    pin_function(5, 3);
    REG(I2C0 + IC_ENABLE) = 0;
    REG(I2C0 + IC_CON) = 1 | 1 << 1 | 1 << 5 | 1 << 6; /* master, standard mode, restarts, no slave */
    REG(I2C0 + IC_SS_HCNT) = 600;                      /* 100 kHz at 125 MHz */
    REG(I2C0 + IC_SS_LCNT) = 600;
    REG(I2C0 + IC_TAR) = ADDRESS;
    REG(I2C0 + IC_ENABLE) = 1;
}

static void write_register(uint8_t number, uint8_t value) {
    REG(I2C0 + IC_DATA_CMD) = number;
    REG(I2C0 + IC_DATA_CMD) = value | STOP;
    busy_wait_us(400);
}

/* Returns false when nobody answers. */
static bool read_registers(uint8_t number, uint8_t* to, unsigned count) {
    REG(I2C0 + IC_DATA_CMD) = number;
    for (unsigned n = 0; n < count; n++)
        REG(I2C0 + IC_DATA_CMD) = READ | (n == 0 ? RESTART : 0) | (n == count - 1 ? STOP : 0);
    for (unsigned n = 0; n < count; n++) {
        while (REG(I2C0 + IC_RXFLR) == 0)
            if (REG(I2C0 + IC_RAW_INTR_STAT) & 1 << 6) {
                (void)REG(I2C0 + IC_CLR_TX_ABRT);
                return false;
            }
        to[n] = (uint8_t)REG(I2C0 + IC_DATA_CMD);
    }
    return true;
}

int main(void) {
    sdk_init();
    i2c_init();
    uint8_t data[2] = {0};
    if (!read_registers(WHO_AM_I, data, 1) || data[0] != ADDRESS) print("no sensor\n");
    write_register(PWR_MGMT_1, 0); /* out of sleep */
    for (;;) {
        busy_wait_us(100000);
        if (!read_registers(TEMP_OUT, data, 2)) {
            print("sensor lost\n");
            continue;
        }
        const int16_t raw = (int16_t)(data[0] << 8 | data[1]);
        show("centidegrees", (uint32_t)(raw * 100 / 340 + 3653)); /* 36.53 + raw / 340 degrees */
    }
}
