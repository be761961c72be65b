/* A small device stack on the bare registers of USBCTRL: control transfers, and one packet at a time on each endpoint.
 */
#ifndef USB_STACK_H
#define USB_STACK_H

#include "sdk.h"

enum { USB_ISOCHRONOUS = 1, USB_BULK = 2, USB_INTERRUPT = 3 };

/* What the program has to say. `usb_request` gets all but the standard device requests, with the data that came; false
   stalls, and a request for data is answered by usb_respond(). */
const uint8_t* usb_configuration(uint32_t* length);
void usb_configured(void);
bool usb_request(const uint8_t* setup, const uint8_t* data);
void usb_received(unsigned ep, const uint8_t* data, uint32_t length);
void usb_sent(unsigned ep);

enum { USB_ADDR_ENDP = 0, USB_MAIN_CTRL = 0x40, USB_SIE_CTRL = 0x4c, USB_SIE_STATUS = 0x50, USB_BUFF_STATUS = 0x58 };
enum { USB_STALL_ARM = 0x68, USB_MUXING = 0x74, USB_PWR = 0x78, USB_INTE = 0x90, USB_INTS = 0x98 };
enum { USB_AVAILABLE = 1 << 10, USB_STALLED = 1 << 11, USB_DATA1 = 1 << 13, USB_FULL = 1 << 15 };

#define USB_CONTROL(ep, in) (USB_DPRAM + 0x80 + 8 * (ep) + ((in) ? 0 : 4))
#define USB_BUFFER(ep, in) ((ep) ? 0x180 + 128 * (ep) + ((in) ? 0 : 64) : 0x100)

static uint8_t usb_pid[16][2], usb_address, usb_setup[8], usb_data[64];
static const uint8_t* usb_pending;
static uint32_t usb_pending_length, usb_data_length;
static bool usb_data_comes;

static void usb_transfer(unsigned ep, bool in, uint32_t length) {
    const uint32_t control = length | (in ? USB_FULL : 0) | (usb_pid[ep][in] ? USB_DATA1 : 0);
    usb_pid[ep][in] ^= 1;
    REG(USB_CONTROL(ep, in)) = control; /* AVAILABLE comes later: the controller runs at another clock */
    __asm__ volatile("nop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop");
    REG(USB_CONTROL(ep, in)) = control | USB_AVAILABLE;
}

static void usb_send(unsigned ep, const uint8_t* data, uint32_t length) {
    for (uint32_t n = 0; n < length; n++) REG8(USB_DPRAM + USB_BUFFER(ep, true) + n) = data[n];
    usb_transfer(ep, true, length);
}

static void usb_receive(unsigned ep) { usb_transfer(ep, false, 64); }

static void usb_stall(unsigned ep, bool in) { REG(USB_CONTROL(ep, in)) = USB_STALLED; }

static void usb_unstall(unsigned ep, bool in) {
    usb_pid[ep][in] = 0;
    REG(USB_CONTROL(ep, in)) = 0;
}

static void usb_open(unsigned ep, bool in, uint32_t type) {
    usb_pid[ep][in] = 0;
    REG(USB_DPRAM + 8 * ep + (in ? 0 : 4)) = 1u << 31 | 1u << 29 | type << 26 | (uint32_t)USB_BUFFER(ep, in);
}

static void usb_control_in(void) {
    const uint32_t chunk = usb_pending_length < 64 ? usb_pending_length : 64;
    const uint8_t* data = usb_pending;
    usb_pending += chunk;
    usb_pending_length -= chunk;
    usb_send(0, data, chunk);
}

static void usb_respond(const uint8_t* data, uint32_t length) {
    const uint32_t asked = usb_setup[6] | (uint32_t)usb_setup[7] << 8;
    usb_pending = data;
    usb_pending_length = length < asked ? length : asked;
    usb_control_in();
}

static void usb_refuse(void) {
    REG(USB + USB_STALL_ARM) = 3;
    usb_stall(0, true);
    usb_stall(0, false);
}

static void usb_descriptor(void) {
    static const uint8_t device[18] = {18, 1, 0, 2, 0xef, 2, 1, 64, 0x8a, 0x2e, 0x0b, 0, 0, 1, 1, 2, 0, 1};
    static const uint8_t languages[4] = {4, 3, 9, 4};
    static const uint8_t maker[12] = {12, 3, 'E', 0, 'm', 0, 'b', 0, 'e', 0, 'r', 0};
    static const uint8_t product[10] = {10, 3, 'M', 0, 'a', 0, 'n', 0, 'y', 0};
    uint32_t length;
    if (usb_setup[3] == 1)
        usb_respond(device, sizeof device);
    else if (usb_setup[3] == 2) {
        const uint8_t* all = usb_configuration(&length);
        usb_respond(all, length);
    } else if (usb_setup[3] == 3 && usb_setup[2] == 0)
        usb_respond(languages, sizeof languages);
    else if (usb_setup[3] == 3 && usb_setup[2] == 1)
        usb_respond(maker, sizeof maker);
    else if (usb_setup[3] == 3 && usb_setup[2] == 2)
        usb_respond(product, sizeof product);
    else
        usb_refuse();
}

/* The request with its data: the status stage of those that ask for none is an empty packet. */
static void usb_execute(void) {
    if (!usb_request(usb_setup, usb_data))
        usb_refuse();
    else if (!(usb_setup[0] & 0x80)) {
        usb_pid[0][1] = 1;
        usb_transfer(0, true, 0);
    }
}

static void usb_setup_packet(void) {
    for (unsigned n = 0; n < 8; n++) usb_setup[n] = REG8(USB_DPRAM + n);
    usb_pid[0][0] = usb_pid[0][1] = 1; /* the data stage begins with DATA1 */
    usb_pending = NULL;
    usb_data_length = 0;
    usb_data_comes = !(usb_setup[0] & 0x80) && (usb_setup[6] || usb_setup[7]);
    if (usb_data_comes)
        usb_transfer(0, false, 64);
    else if (usb_setup[0] == 0x80 && usb_setup[1] == 6)
        usb_descriptor();
    else if (usb_setup[0] == 0 && usb_setup[1] == 5) {
        usb_address = usb_setup[2];
        usb_transfer(0, true, 0);
    } else if (usb_setup[0] == 0 && usb_setup[1] == 9) {
        usb_configured();
        usb_transfer(0, true, 0);
    } else
        usb_execute();
}

static void usb_buffer_done(unsigned ep, bool in) {
    const uint32_t length = REG(USB_CONTROL(ep, in)) & 0x3ff;
    if (ep == 0 && in) {
        if (usb_address) {
            REG(USB + USB_ADDR_ENDP) = usb_address;
            usb_address = 0;
        } else if (usb_pending_length)
            usb_control_in();
        else if (usb_pending) {
            usb_pending = NULL;
            usb_transfer(0, false, 0); /* status stage */
        }
    } else if (ep == 0) {
        if (usb_data_comes) {
            for (uint32_t n = 0; n < length && n < sizeof usb_data; n++) usb_data[n] = REG8(USB_DPRAM + 0x100 + n);
            usb_data_comes = false;
            usb_execute();
        }
    } else if (in)
        usb_sent(ep);
    else
        usb_received(ep, (const uint8_t*)USB_DPRAM + USB_BUFFER(ep, false), length);
}

void isr_irq5(void);
void isr_irq5(void) {
    const uint32_t status = REG(USB + USB_INTS);
    if (status & 1u << 12) {
        REG(USB + USB_SIE_STATUS + CLR_ALIAS) = 1u << 19;
        REG(USB + USB_ADDR_ENDP) = 0;
    }
    if (status & 1u << 4) {
        uint32_t buffers = REG(USB + USB_BUFF_STATUS);
        for (unsigned bit = 0; buffers; bit++, buffers >>= 1)
            if (buffers & 1) {
                REG(USB + USB_BUFF_STATUS + CLR_ALIAS) = 1u << bit;
                usb_buffer_done(bit / 2, bit % 2 == 0);
            }
    }
    if (status & 1u << 16) {
        REG(USB + USB_SIE_STATUS + CLR_ALIAS) = 1u << 17;
        usb_setup_packet();
    }
}

static void usb_start(void) {
    REG(RESETS + SET_ALIAS) = 1u << 24;
    REG(RESETS + CLR_ALIAS) = 1u << 24;
    while (!(REG(RESETS + 8) & 1u << 24)) {
    }
    for (uint32_t at = 0; at < 0x1000; at += 4) REG(USB_DPRAM + at) = 0;
    REG(USB + USB_MUXING) = 1 | 8;
    REG(USB + USB_PWR) = 4 | 8;
    REG(USB + USB_MAIN_CTRL) = 1;
    REG(USB + USB_SIE_CTRL) = 1u << 29;
    REG(USB + USB_INTE) = 1u << 4 | 1u << 12 | 1u << 16;
    irq_enable(5);
    REG(USB + USB_SIE_CTRL + SET_ALIAS) = 1u << 16;
}

#endif
