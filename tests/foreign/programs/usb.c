/* A CDC device by interrupt on the registers that TinyUSB uses: greets when the port is opened, then echoes in upper
   case. */
#include "sdk.h"

enum { ADDR_ENDP = 0, MAIN_CTRL = 0x40, SIE_CTRL = 0x4c, SIE_STATUS = 0x50, BUFF_STATUS = 0x58, MUXING = 0x74 };
enum { PWR = 0x78, PHY_DIRECT = 0x7c, PHY_DIRECT_OVERRIDE = 0x80, INTE = 0x90, INTS = 0x98 };
enum { AVAILABLE = 1 << 10, STALL = 1 << 11, DATA1 = 1 << 13, FULL = 1 << 15 };
enum { EP_ENABLE = 1 << 31, EP_INTERRUPT = 1 << 29, TYPE_BULK = 2 << 26, TYPE_INTERRUPT = 3 << 26 };
enum { NOTIFY = 1, OUT = 2, IN = 3 };
#define BUFFER_CONTROL(ep, in) (USB_DPRAM + 0x80 + 8 * (ep) + ((in) ? 0 : 4))
#define ENDPOINT_CONTROL(ep, in) (USB_DPRAM + 8 * (ep) + ((in) ? 0 : 4))
#define BUFFER(ep) (0x180 + 64 * (ep))

static const uint8_t device[18] = {18, 1, 0, 2, 0xef, 2, 1, 64, 0x8a, 0x2e, 0x0a, 0, 0, 1, 0, 0, 0, 1};
static const uint8_t configuration[75] = {
    9,    2,    75,
    0,    2,    1,
    0,    0x80, 125,  // configuration, 250 mA
    8,    11,   0,
    2,    2,    2,
    0,    0,  // association
    9,    4,    0,
    0,    1,    2,
    2,    0,    0,  // control interface
    5,    0x24, 0,
    0x20, 1,  // header
    5,    0x24, 1,
    0,    1,  // call management
    4,    0x24, 2,
    2,  // abstract control model
    5,    0x24, 6,
    0,    1,  // union
    7,    5,    0x80 | NOTIFY,
    3,    8,    0,
    16,  // notification
    9,    4,    1,
    0,    2,    10,
    0,    0,    0,  // data interface
    7,    5,    OUT,
    2,    64,   0,
    0,  //
    7,    5,    0x80 | IN,
    2,    64,   0,
    0,
};

static uint8_t pid[16][2];
static const uint8_t* pending;
static uint32_t pending_length;
static uint8_t new_address, line_coding[7];
static volatile bool opened, sending;
static volatile uint32_t resets, setups, forced_j;

static void transfer(unsigned ep, bool in, uint32_t length) {
    const uint32_t control = length | (in ? FULL : 0) | (pid[ep][in] ? DATA1 : 0);
    pid[ep][in] ^= 1;
    REG(BUFFER_CONTROL(ep, in)) = control; /* AVAILABLE comes later: the controller runs at another clock */
    __asm__ volatile("nop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop");
    REG(BUFFER_CONTROL(ep, in)) = control | AVAILABLE;
}

static void send(unsigned ep, uint32_t buffer, const uint8_t* data, uint32_t length) {
    for (uint32_t n = 0; n < length; n++) REG8(USB_DPRAM + buffer + n) = data[n];
    transfer(ep, true, length);
}

static void control_in(void) {
    const uint32_t chunk = pending_length < 64 ? pending_length : 64;
    const uint8_t* data = pending;
    pending += chunk;
    pending_length -= chunk;
    send(0, 0x100, data, chunk);
}

static void respond(const uint8_t* data, uint32_t length, uint32_t asked) {
    pending = data;
    pending_length = length < asked ? length : asked;
    control_in();
}

static void open_endpoint(unsigned ep, bool in, uint32_t type) {
    pid[ep][in] = 0;
    REG(ENDPOINT_CONTROL(ep, in)) = (uint32_t)EP_ENABLE | EP_INTERRUPT | type | BUFFER(ep);
}

static void setup_packet(void) {
    const uint8_t* setup = (const uint8_t*)USB_DPRAM;
    const uint32_t length = setup[6] | (uint32_t)setup[7] << 8;
    setups++;
    pid[0][0] = pid[0][1] = 1; /* the data stage begins with DATA1 */
    if (setup[1] == 6 && setup[3] == 1)
        respond(device, sizeof device, length);
    else if (setup[1] == 6 && setup[3] == 2)
        respond(configuration, sizeof configuration, length);
    else if (setup[1] == 5) {
        new_address = setup[2];
        transfer(0, true, 0);
    } else if (setup[0] == 0x21 && setup[1] == 0x20)
        transfer(0, false, 64); /* line coding comes */
    else if (setup[0] == 0 || setup[0] == 0x21) {
        if (setup[1] == 9) {
            open_endpoint(NOTIFY, true, TYPE_INTERRUPT);
            open_endpoint(OUT, false, TYPE_BULK);
            open_endpoint(IN, true, TYPE_BULK);
            transfer(OUT, false, 64);
        }
        if (setup[1] == 0x22) opened = setup[2] & 1;
        transfer(0, true, 0);
    } else {
        REG(USB + 0x68) = 3; /* EP_STALL_ARM for both directions */
        REG(BUFFER_CONTROL(0, true)) = STALL;
        REG(BUFFER_CONTROL(0, false)) = STALL;
    }
}

static void buffer_done(unsigned ep, bool in) {
    const uint32_t length = REG(BUFFER_CONTROL(ep, in)) & 0x3ff;
    if (ep == 0 && in) {
        if (new_address) {
            REG(USB + ADDR_ENDP) = new_address;
            new_address = 0;
        } else if (pending_length)
            control_in();
        else if (pending) {
            pending = NULL;
            transfer(0, false, 0); /* status stage */
        }
    } else if (ep == 0) {
        if (length == 7) {
            for (unsigned n = 0; n < 7; n++) line_coding[n] = REG8(USB_DPRAM + 0x100 + n);
            pid[0][1] = 1;
            transfer(0, true, 0);
        }
    } else if (ep == OUT) {
        uint8_t echo[64];
        for (uint32_t n = 0; n < length; n++) {
            const uint8_t c = REG8(USB_DPRAM + BUFFER(OUT) + n);
            echo[n] = c >= 'a' && c <= 'z' ? (uint8_t)(c - 32) : c;
        }
        send(IN, BUFFER(IN), echo, length);
    } else if (ep == IN) {
        if (!sending) transfer(OUT, false, 64);
        sending = false;
    }
}

/* What the SDK does after each bus reset for the sake of hubs: GPIO 15 holds the line in J for a millisecond. */
static void force_j(void) {
    const uint32_t control = IO_BANK0 + 8 * 15 + 4, pad = PADS_BANK0 + 4 + 4 * 15;
    while (!(REG(USB + SIE_STATUS) & 3u << 2)) { /* SE0: the reset lasts */
    }
    const uint32_t old_control = REG(control), old_pad = REG(pad);
    FIELD_WRITE(pad, 0xc, 0xc);
    FIELD_WRITE(control, 3u << 12, 2u << 12);
    FIELD_WRITE(control, 0x1f, 8);
    FIELD_WRITE(control, 3u << 16, 3u << 16);
    REG(USB + SET_ALIAS + PHY_DIRECT) = 2;
    REG(USB + SET_ALIAS + PHY_DIRECT_OVERRIDE) = 4;
    REG(USB + MUXING) = 4 | 8;
    forced_j = (REG(USB + SIE_STATUS) >> 2 & 3) == 1;
    busy_wait_us(1000);
    while (!(REG(USB + SIE_STATUS) & 1u << 16)) { /* not connected yet */
    }
    REG(USB + MUXING) = 1 | 8;
    REG(USB + CLR_ALIAS + PHY_DIRECT_OVERRIDE) = 4;
    REG(control) = old_control;
    REG(pad) = old_pad;
}

void isr_irq5(void);
void isr_irq5(void) {
    const uint32_t status = REG(USB + INTS);
    if (status & 1u << 12) {
        REG(USB + SIE_STATUS + CLR_ALIAS) = 1u << 19;
        REG(USB + ADDR_ENDP) = 0;
        resets++;
        force_j();
    }
    if (status & 1u << 16) {
        REG(USB + SIE_STATUS + CLR_ALIAS) = 1u << 17;
        setup_packet();
    }
    if (status & 1u << 4) {
        uint32_t buffers = REG(USB + BUFF_STATUS);
        for (unsigned bit = 0; buffers; bit++, buffers >>= 1)
            if (buffers & 1) {
                REG(USB + BUFF_STATUS + CLR_ALIAS) = 1u << bit;
                buffer_done(bit / 2, bit % 2 == 0);
            }
    }
}

int main(void) {
    sdk_init();
    REG(RESETS + SET_ALIAS) = 1u << 24;
    REG(RESETS + CLR_ALIAS) = 1u << 24;
    while (!(REG(RESETS + 8) & 1u << 24)) {
    }
    for (uint32_t at = 0; at < 0x1000; at += 4) REG(USB_DPRAM + at) = 0;
    REG(USB + MUXING) = 1 | 8;
    REG(USB + PWR) = 4 | 8;
    REG(USB + MAIN_CTRL) = 1;
    REG(USB + SIE_CTRL) = 1u << 29;
    REG(USB + INTE) = 1u << 4 | 1u << 12 | 1u << 16;
    irq_enable(5);
    REG(USB + SIE_CTRL + SET_ALIAS) = 1u << 16;
    while (!opened) wfi();
    show("resets", resets);
    show("setups", setups >= 7);
    show("forced_j", forced_j);
    show("baud", line_coding[0] | (uint32_t)line_coding[1] << 8 | (uint32_t)line_coding[2] << 16);
    static const uint8_t greeting[] = "Hello, USB!\r\n";
    sending = true;
    send(IN, BUFFER(IN), greeting, sizeof greeting - 1);
    print("open\n");
    for (;;) wfi();
}
