/* A test bench's hands: does to the pins what the host writes into the mailbox, as drivers on a board would. */
#include "sdk.h"

enum Operation {
    IDLE,
    I2C_INIT,       /* a: SCL low and high time in clk_sys cycles; pins 4 and 5 */
    I2C_WRITE,      /* a: address, b: 1 ends with STOP */
    I2C_READ,       /* a: address */
    SOFT_I2C_WRITE, /* a: address, b: 1 ends with STOP; pins 4 and 5 */
    SOFT_I2C_READ,  /* a: address */
    SPI_INIT,       /* a: CPSDVSR, b: mode 0..3; RX 16, SCK 18, TX 19 */
    SPI_TRANSFER,
    SOFT_SPI_TRANSFER, /* a: mode; the same pins */
    PIN_OUT,           /* a: pin, b: level */
    PIN_IN,            /* a: pin, b: 0 no pull, 1 up, 2 down */
    ADC_READ,          /* a: input */
    UART_INIT,         /* a: IBRD, b: FBRD; UART1 on pins 8 and 9 */
    UART_WRITE,
    UART_READ, /* a: longest wait in us */
    PWM_OUT,   /* a: pin, b: TOP << 16 | level */
    WS2812,    /* a: pin */
    CLOCKED_IN /* a: clock pin, b: data pin: a bit of data before each falling and before each rising edge */
};

struct Mailbox {
    volatile uint32_t operation;
    uint32_t a, b, length;
    volatile int32_t result;
    uint8_t data[4096];
} mailbox;

enum { SDA = 4, SCL = 5, SPI_RX = 16, SPI_SCK = 18, SPI_TX = 19, UART1 = UART0 + 0x4000 };

static void pad(unsigned pin, unsigned pulls) { REG(PADS_BANK0 + 4 + 4 * pin) = 0x52 | pulls; }
static void level(unsigned pin, bool high) { REG(SIO + (high ? 0x14 : 0x18)) = 1u << pin; }
static bool read_pin(unsigned pin) { return REG(SIO + 4) >> pin & 1; }
static void delay(unsigned loops) {
    while (loops--) __asm__ volatile("nop");
}
static void output(unsigned pin) {
    pin_function(pin, 5);
    REG(SIO + 0x24) = 1u << pin;
}

/* ---- I2C0 -------------------------------------------------------------------------------------------------------- */

static void i2c_init(uint32_t half) {
    pin_function(SDA, 3);
    pin_function(SCL, 3);
    pad(SDA, 8);
    pad(SCL, 8);
    REG(I2C0 + 0x6c) = 0;
    REG(I2C0) = 0x165; /* master, fast, restart, slave off, TX_EMPTY at the end */
    REG(I2C0 + 0x1c) = half;
    REG(I2C0 + 0x20) = half;
}

static int32_t i2c(bool read, bool stop) {
    if (REG(I2C0 + 0x04) != mailbox.a || !(REG(I2C0 + 0x6c) & 1)) {
        REG(I2C0 + 0x6c) = 0;
        REG(I2C0 + 0x04) = mailbox.a;
        REG(I2C0 + 0x6c) = 1;
    }
    for (uint32_t n = 0; n < mailbox.length; n++) {
        const bool last = n + 1 == mailbox.length;
        REG(I2C0 + 0x10) = (last && stop ? 0x200u : 0) | (read ? 0x100u | (n == 0 ? 0x400u : 0) : mailbox.data[n]);
        while (read ? !REG(I2C0 + 0x78) : !(REG(I2C0 + 0x34) & 0x10))
            if (REG(I2C0 + 0x34) & 0x40) break;
        if (REG(I2C0 + 0x34) & 0x40) {
            const int32_t source = (int32_t)(REG(I2C0 + 0x80) & 0xffff);
            REG(I2C0 + 0x54);
            while (!(REG(I2C0 + 0x34) & 0x200)) {
            }
            REG(I2C0 + 0x60);
            return -source;
        }
        if (read) mailbox.data[n] = (uint8_t)REG(I2C0 + 0x10);
    }
    if (stop) {
        while (!(REG(I2C0 + 0x34) & 0x200)) {
        }
        REG(I2C0 + 0x60);
    }
    return (int32_t)mailbox.length;
}

/* ---- I2C by hand: open drains ------------------------------------------------------------------------------------ */

static void line(unsigned pin, bool high) {
    REG(SIO + (high ? 0x28 : 0x24)) = 1u << pin; /* output enable off or on; the level is low */
    delay(40);
}
static void soft_start(void) {
    for (unsigned pin = SDA; pin <= SCL; pin++) {
        pad(pin, 8);
        REG(SIO + 0x28) = REG(SIO + 0x18) = 1u << pin;
        pin_function(pin, 5);
    }
    line(SDA, true);
    line(SCL, true);
    line(SDA, false);
    line(SCL, false);
}
static void soft_stop(void) {
    line(SDA, false);
    line(SCL, true);
    line(SDA, true);
}
static bool soft_bit(bool out) {
    line(SDA, out);
    line(SCL, true);
    const bool in = read_pin(SDA);
    line(SCL, false);
    return in;
}
static bool soft_write(uint8_t byte) {
    for (unsigned bit = 8; bit-- > 0;) soft_bit(byte >> bit & 1);
    return !soft_bit(true);
}
static int32_t soft_i2c(bool read, bool stop) {
    soft_start();
    if (!soft_write((uint8_t)(mailbox.a << 1 | read))) {
        soft_stop();
        return -1;
    }
    for (uint32_t n = 0; n < mailbox.length; n++) {
        if (read) {
            uint8_t byte = 0;
            for (unsigned bit = 0; bit < 8; bit++) byte = (uint8_t)(byte << 1 | soft_bit(true));
            soft_bit(n + 1 == mailbox.length);
            mailbox.data[n] = byte;
        } else if (!soft_write(mailbox.data[n])) {
            soft_stop();
            return -8;
        }
    }
    if (stop) soft_stop();
    return (int32_t)mailbox.length;
}

/* ---- SPI --------------------------------------------------------------------------------------------------------- */

static void spi_init(void) {
    const unsigned pins[] = {SPI_RX, SPI_SCK, SPI_TX};
    for (unsigned n = 0; n < 3; n++) pin_function(pins[n], 1);
    REG(SPI0 + 4) = 0;
    REG(SPI0 + 0x10) = mailbox.a;
    REG(SPI0) = 7 | (mailbox.b & 2) << 5 | (mailbox.b & 1) << 7;
    REG(SPI0 + 4) = 2;
}
static int32_t spi(void) {
    for (uint32_t n = 0; n < mailbox.length; n++) {
        REG(SPI0 + 8) = mailbox.data[n];
        while (!(REG(SPI0 + 0xc) & 4)) {
        }
        mailbox.data[n] = (uint8_t)REG(SPI0 + 8);
    }
    return (int32_t)mailbox.length;
}
static int32_t soft_spi(unsigned mode) {
    level(SPI_SCK, mode & 2);
    output(SPI_SCK);
    output(SPI_TX);
    pin_function(SPI_RX, 5);
    for (uint32_t n = 0; n < mailbox.length; n++) {
        uint8_t in = 0;
        for (unsigned bit = 8; bit-- > 0;) {
            if (mode & 1) level(SPI_SCK, !(mode & 2));
            level(SPI_TX, mailbox.data[n] >> bit & 1);
            delay(20);
            level(SPI_SCK, (mode & 1) != 0 ? (mode & 2) != 0 : (mode & 2) == 0);
            in = (uint8_t)(in << 1 | read_pin(SPI_RX));
            delay(20);
            if (!(mode & 1)) level(SPI_SCK, mode & 2);
        }
        mailbox.data[n] = in;
    }
    return (int32_t)mailbox.length;
}

/* ---- the rest ---------------------------------------------------------------------------------------------------- */

static int32_t uart_read(void) {
    const uint64_t end = time_us() + mailbox.a;
    uint32_t n = 0;
    while (n < mailbox.length && time_us() < end)
        if (!(REG(UART1 + 0x18) & 0x10)) mailbox.data[n++] = (uint8_t)REG(UART1);
    return (int32_t)n;
}

static TIME_CRITICAL("ws2812") void ws2812(unsigned pin) {
    const uint32_t mask = 1u << pin;
    for (uint32_t n = 0; n < mailbox.length; n++)
        for (unsigned bit = 8; bit-- > 0;) {
            const bool one = mailbox.data[n] >> bit & 1;
            REG(SIO + 0x14) = mask;
            for (unsigned i = one ? 18 : 8; i != 0; i--) __asm__ volatile("nop"); /* 5 cycles each */
            REG(SIO + 0x18) = mask;
            for (unsigned i = one ? 6 : 16; i != 0; i--) __asm__ volatile("nop");
        }
}

static int32_t clocked_in(void) {
    output(mailbox.a);
    pin_function(mailbox.b, 5);
    for (uint32_t n = 0; n < mailbox.length; n++) {
        level(mailbox.a, true);
        delay(10);
        mailbox.data[n] = read_pin(mailbox.b) ? 1 : 0;
        level(mailbox.a, false);
        delay(10);
        mailbox.data[n] |= read_pin(mailbox.b) ? 2 : 0;
    }
    return (int32_t)mailbox.length;
}

static int32_t perform(uint32_t operation) {
    switch (operation) {
        case I2C_INIT: i2c_init(mailbox.a); return 0;
        case I2C_WRITE:
        case I2C_READ: return i2c(operation == I2C_READ, operation == I2C_READ || mailbox.b);
        case SOFT_I2C_WRITE:
        case SOFT_I2C_READ: return soft_i2c(operation == SOFT_I2C_READ, operation == SOFT_I2C_READ || mailbox.b);
        case SPI_INIT: spi_init(); return 0;
        case SPI_TRANSFER: return spi();
        case SOFT_SPI_TRANSFER: return soft_spi(mailbox.a);
        case PIN_OUT:
            level(mailbox.a, mailbox.b);
            output(mailbox.a);
            return 0;
        case PIN_IN:
            pad(mailbox.a, mailbox.b == 1 ? 8 : mailbox.b == 2 ? 4 : 0);
            REG(SIO + 0x28) = 1u << mailbox.a;
            pin_function(mailbox.a, 5);
            delay(10);
            return read_pin(mailbox.a);
        case ADC_READ:
            REG(ADC) = 1;
            REG(ADC) = 5 | mailbox.a << 12;
            while (!(REG(ADC) & 0x100)) {
            }
            return (int32_t)REG(ADC + 4);
        case UART_INIT:
            pin_function(8, 2);
            pin_function(9, 2);
            REG(UART1 + 0x24) = mailbox.a;
            REG(UART1 + 0x28) = mailbox.b;
            REG(UART1 + 0x2c) = 0x70;
            REG(UART1 + 0x30) = 0x301;
            return 0;
        case UART_WRITE:
            for (uint32_t n = 0; n < mailbox.length; n++) {
                while (REG(UART1 + 0x18) & 0x20) {
                }
                REG(UART1) = mailbox.data[n];
            }
            while (REG(UART1 + 0x18) & 8) {
            }
            return (int32_t)mailbox.length;
        case UART_READ: return uart_read();
        case PWM_OUT: {
            const uint32_t slice = PWM + 0x14 * (mailbox.a >> 1 & 7), shift = 16 * (mailbox.a & 1);
            REG(slice) = 0;
            REG(slice + 0x04) = 1 << 4;
            REG(slice + 0x10) = mailbox.b >> 16;
            REG(slice + 0x0c) = (mailbox.b & 0xffff) << shift;
            pin_function(mailbox.a, 4);
            REG(slice) = 1;
            return 0;
        }
        case WS2812:
            level(mailbox.a, false);
            output(mailbox.a);
            busy_wait_us(100);
            ws2812(mailbox.a);
            busy_wait_us(100);
            return 0;
        case CLOCKED_IN: return clocked_in();
        default: return -1000;
    }
}

int main(void) {
    sdk_init();
    for (;;) {
        if (mailbox.operation == IDLE) continue;
        mailbox.result = perform(mailbox.operation);
        mailbox.operation = IDLE;
    }
}
