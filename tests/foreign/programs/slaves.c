/* Two blocks of one chip talk through jumpers: I2C1 reads and writes a memory that I2C0 is as a slave, SPI0 exchanges
 * frames with SPI1 as a slave, and pin 2 is heard on pin 3. The test plugs the jumpers. */
#include "sdk.h"

#define I2C1 (I2C0 + 0x4000)
#define SPI1 (SPI0 + 0x4000)

enum { IC_CON = 0x00, IC_TAR = 0x04, IC_SAR = 0x08, IC_DATA_CMD = 0x10, IC_FS_SCL_HCNT = 0x1c, IC_FS_SCL_LCNT = 0x20 };
enum { IC_INTR_STAT = 0x2c, IC_INTR_MASK = 0x30, IC_RAW_INTR_STAT = 0x34, IC_CLR_RD_REQ = 0x50, IC_CLR_TX_ABRT = 0x54 };
enum { IC_CLR_RX_DONE = 0x58, IC_CLR_STOP_DET = 0x60, IC_CLR_START_DET = 0x64, IC_CLR_RESTART_DET = 0xa8 };
enum { IC_ENABLE = 0x6c, IC_STATUS = 0x70, IC_RXFLR = 0x78, IC_TX_ABRT_SOURCE = 0x80 };
enum {
    RX_OVER = 1u << 1,
    RX_FULL = 1u << 2,
    RD_REQ = 1u << 5,
    RX_DONE = 1u << 7,
    STOP_DET = 1u << 9,
    START_DET = 1u << 10
};
enum { RESTART_DET = 1u << 12, READ = 1u << 8, STOP = 1u << 9, RESTART = 1u << 10, FIRST = 1u << 11 };

static volatile uint8_t memory[256];
static volatile uint8_t pointer;
static volatile uint32_t requests, stops, restarts, dones, late_us;

void isr_irq23(void);
void isr_irq23(void) {
    const uint32_t status = REG(I2C0 + IC_INTR_STAT);
    if (status & RX_FULL) {
        const uint32_t data = REG(I2C0 + IC_DATA_CMD);
        if (data & FIRST)
            pointer = (uint8_t)data;
        else
            memory[pointer++] = (uint8_t)data;
    }
    if (status & RD_REQ) {
        REG(I2C0 + IC_CLR_RD_REQ);
        busy_wait_us(late_us); /* the master waits */
        REG(I2C0 + IC_DATA_CMD) = memory[pointer++];
        requests++;
    }
    if (status & RX_DONE) {
        REG(I2C0 + IC_CLR_RX_DONE);
        dones++;
    }
    if (status & RESTART_DET) {
        REG(I2C0 + IC_CLR_RESTART_DET);
        restarts++;
    }
    if (status & STOP_DET) {
        REG(I2C0 + IC_CLR_STOP_DET);
        stops++;
    }
}

static void command(uint32_t word) {
    while (!(REG(I2C1 + IC_STATUS) & 2)) {
    }
    REG(I2C1 + IC_DATA_CMD) = word;
}

static void wait_stop(void) {
    while (!(REG(I2C1 + IC_RAW_INTR_STAT) & STOP_DET)) {
    }
    REG(I2C1 + IC_CLR_STOP_DET);
}

static uint32_t read_byte(uint32_t flags) {
    command(READ | flags);
    while (!REG(I2C1 + IC_RXFLR)) {
    }
    return REG(I2C1 + IC_DATA_CMD) & 0xff;
}

static void i2c(void) {
    for (unsigned pin = 4; pin < 8; pin++) {
        pin_function(pin, 3);
        REG(PADS_BANK0 + 4 + 4 * pin + CLR_ALIAS) = 4; /* a pull-up in place of the pull-down */
        REG(PADS_BANK0 + 4 + 4 * pin + SET_ALIAS) = 8;
    }
    for (uint32_t block = I2C0; block <= I2C1; block += I2C1 - I2C0) {
        REG(block + IC_FS_SCL_HCNT) = 125;
        REG(block + IC_FS_SCL_LCNT) = 187;
    }
    REG(I2C0 + IC_CON) = 2u << 1 | 1u << 5 | 1u << 7 | 1u << 8; /* slave, STOP_DET if addressed */
    REG(I2C0 + IC_SAR) = 0x17;
    REG(I2C0 + IC_INTR_MASK) = RX_FULL | RD_REQ | RX_DONE | RESTART_DET | STOP_DET;
    REG(I2C0 + IC_ENABLE) = 1;
    irq_enable(23);
    REG(I2C1 + IC_CON) = 2u << 1 | 1u << 0 | 1u << 5 | 1u << 6 | 1u << 8;
    REG(I2C1 + IC_TAR) = 0x18;
    REG(I2C1 + IC_ENABLE) = 1;

    command(0x00 | STOP); /* nobody has this address */
    wait_stop();
    show("nobody", REG(I2C1 + IC_TX_ABRT_SOURCE) & 0xffff);
    REG(I2C1 + IC_CLR_TX_ABRT);
    REG(I2C1 + IC_ENABLE) = 0;
    REG(I2C1 + IC_TAR) = 0x17;
    REG(I2C1 + IC_ENABLE) = 1;

    command(0x20);
    for (uint32_t i = 0; i < 40; i++) command((i * 7 & 0xff) | (i == 39 ? STOP : 0));
    wait_stop();
    uint32_t equal = stops == 1;
    for (uint32_t i = 0; i < 40; i++) equal &= memory[0x20 + i] == (i * 7 & 0xff);
    show("written", equal);

    command(0x22);
    equal = read_byte(RESTART) == 14;
    for (uint32_t i = 3; i < 9; i++) equal &= read_byte(i == 8 ? STOP : 0) == i * 7;
    wait_stop();
    show("read", equal);
    show("requests", requests);
    show("restarts", restarts);
    show("dones", dones);
    show("stops", stops);

    late_us = 500;
    const uint64_t start = time_us();
    equal = read_byte(STOP) == 63;
    wait_stop();
    show("stretched_us", (uint32_t)(time_us() - start));
    show("late", equal);

    /* With RX_FIFO_FULL_HLD_CTRL a slave whose FIFO is full keeps the master waiting, and loses nothing. */
    REG(I2C0 + IC_INTR_MASK) = 0;
    REG(I2C0 + IC_ENABLE) = 0;
    REG(I2C0 + IC_CON) |= 1u << 9;
    REG(I2C0 + IC_ENABLE) = 1;
    for (uint32_t i = 1; i < 20; i++) command(i);
    busy_wait_us(1000);
    show("full", REG(I2C0 + IC_RXFLR));
    equal = (REG(I2C0 + IC_RAW_INTR_STAT) & RX_OVER) == 0;
    uint32_t got = 0;
    for (uint32_t i = 0; i < 19; i++) {
        while (!REG(I2C0 + IC_RXFLR)) {
        }
        got += (REG(I2C0 + IC_DATA_CMD) & 0xff) == i + 1;
    }
    show("kept", got);
    show("none_lost", equal & !(REG(I2C0 + IC_RAW_INTR_STAT) & RX_OVER));
    command(20 | STOP);
    wait_stop();
    (void)REG(I2C0 + IC_DATA_CMD);

    /* A slave that is reset while the master waits lets go: ones are read. */
    command(READ | STOP);
    busy_wait_us(300);
    show("held", REG(I2C1 + IC_STATUS) & 1);
    REG(RESETS + SET_ALIAS) = 1u << 3;
    wait_stop();
    REG(RESETS + CLR_ALIAS) = 1u << 3;
    show_hex("lost", REG(I2C1 + IC_DATA_CMD) & 0xff);
}

static uint32_t spi_frame(uint32_t value) {
    REG(SPI0 + 8) = value;
    while (REG(SPI0 + 12) & 16) {
    }
    return REG(SPI0 + 8);
}

static void spi(void) {
    for (unsigned pin = 8; pin < 12; pin++) pin_function(pin, 1);
    for (unsigned pin = 16; pin < 20; pin++) pin_function(pin, 1);
    REG(SPI1 + 0) = 7; /* 8 bits */
    REG(SPI1 + 16) = 2;
    REG(SPI1 + 4) = 1u << 2 | 1u << 1; /* slave */
    REG(SPI0 + 0) = 7;
    REG(SPI0 + 16) = 126;
    REG(SPI0 + 4) = 1u << 1;
    for (uint32_t i = 0; i < 3; i++) REG(SPI1 + 8) = 0xa0 + i;
    uint32_t answers = 0, heard = 0;
    for (uint32_t i = 0; i < 4; i++) answers = answers << 8 | spi_frame(0x11 * (i + 1));
    while (REG(SPI1 + 12) & 4) heard = heard << 8 | REG(SPI1 + 8);
    show_hex("answers", answers);
    show_hex("heard", heard);

    /* Deselected by a chip select that the program drives; with SPH = 1 it may stay low for several frames. */
    REG(SPI0 + 0) = 7 | 1u << 7;
    REG(SPI1 + 0) = 7 | 1u << 7;
    pin_function(17, 5);
    REG(SIO + 0x24) = 1u << 17;
    REG(SIO + 0x14) = 1u << 17;
    spi_frame(0x77);
    show("deselected", REG(SPI1 + 12) & 4);
    REG(SIO + 0x18) = 1u << 17;
    spi_frame(0x66);
    show_hex("selected", REG(SPI1 + 8));
    for (uint32_t i = 0; i < 9; i++) spi_frame(i);
    show("overrun", REG(SPI1 + 0x18) & 1);
}

int main(void) {
    sdk_init();
    i2c();
    spi();
    pin_function(2, 5);
    pin_function(3, 5);
    REG(SIO + 0x24) = 1u << 2;
    uint32_t levels = 0;
    for (int i = 0; i < 4; i++) {
        REG(SIO + 0x1c) = 1u << 2;
        busy_wait_us(1);
        levels = levels << 1 | (REG(SIO + 4) >> 3 & 1);
    }
    show("levels", levels);
    flush();
    return 0;
}
