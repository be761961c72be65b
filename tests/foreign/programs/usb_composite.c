/* One USB device of many functions, on the bare registers: two serial ports, a keyboard with LEDs and a mouse behind
   one HID interface, MIDI, a drive in SRAM, a microphone. It says on UART0 what the host asks of it. */
#include "usb_stack.h"

enum { NOTIFY0 = 1, SERIAL0 = 2, NOTIFY1 = 3, SERIAL1 = 4, HID = 5, MIDI = 6, DISK = 7, SOUND = 8 };
enum { KEYBOARD_REPORT = 1, MOUSE_REPORT = 2 };

static const uint8_t report_descriptor[] = {
    0x05,         0x01, 0x09, 0x06, 0xa1, 0x01, 0x85, KEYBOARD_REPORT,  // keyboard
    0x05,         0x07, 0x19, 0xe0, 0x29, 0xe7, 0x15, 0x00,
    0x25,         0x01, 0x75, 1,    0x95, 8,    0x81, 2,  // modifiers
    0x95,         1,    0x75, 8,    0x81, 1,              // reserved
    0x05,         0x08, 0x19, 1,    0x29, 5,    0x75, 1,
    0x95,         5,    0x91, 2,    0x75, 3,    0x95, 1,
    0x91,         1,  // LEDs
    0x05,         0x07, 0x19, 0,    0x29, 0x65, 0x15, 0x00,
    0x25,         0x65, 0x75, 8,    0x95, 6,    0x81, 0,
    0xc0,         0x05, 0x01, 0x09, 0x02, 0xa1, 0x01, 0x85,
    MOUSE_REPORT, 0x09, 0x01, 0xa1, 0x00,  // mouse
    0x05,         0x09, 0x19, 1,    0x29, 3,    0x15, 0,
    0x25,         1,    0x75, 1,    0x95, 3,    0x81, 2,
    0x75,         5,    0x95, 1,    0x81, 1,    0x05, 0x01,
    0x09,         0x30, 0x09, 0x31, 0x09, 0x38, 0x15, 0x81,
    0x25,         0x7f, 0x75, 8,    0x95, 3,    0x81, 6,
    0xc0,         0xc0,
};

#define SERIAL_FUNCTION(first, notify, data)                                                                          \
    8, 11, (first), 2, 2, 2, 0, 0, 9, 4, (first), 0, 1, 2, 2, 0, 0, 5, 0x24, 0, 0x20, 1, 4, 0x24, 2, 2, 5, 0x24, 6,   \
        (first), (first) + 1, 7, 5, 0x80 | (notify), 3, 8, 0, 16, 9, 4, (first) + 1, 0, 2, 10, 0, 0, 0, 7, 5, (data), \
        2, 64, 0, 0, 7, 5, 0x80 | (data), 2, 64, 0, 0

static const uint8_t configuration[] = {
    9,
    2,
    0,
    0,
    9,
    1,
    0,
    0x80,
    50,  // its length is filled in
    SERIAL_FUNCTION(0, NOTIFY0, SERIAL0),
    SERIAL_FUNCTION(2, NOTIFY1, SERIAL1),
    9,
    4,
    4,
    0,
    1,
    3,
    0,
    0,
    0,
    9,
    0x21,
    0x11,
    1,
    0,
    1,
    0x22,
    sizeof report_descriptor,
    0,
    7,
    5,
    0x80 | HID,
    3,
    16,
    0,
    4,
    9,
    4,
    5,
    0,
    2,
    1,
    3,
    0,
    0,
    7,
    0x24,
    1,
    0,
    1,
    65,
    0,  // MIDI streaming
    9,
    5,
    MIDI,
    2,
    64,
    0,
    0,
    0,
    0,
    5,
    0x25,
    1,
    1,
    1,
    9,
    5,
    0x80 | MIDI,
    2,
    64,
    0,
    0,
    0,
    0,
    5,
    0x25,
    1,
    1,
    3,
    9,
    4,
    6,
    0,
    2,
    8,
    6,
    0x50,
    0,
    7,
    5,
    DISK,
    2,
    64,
    0,
    0,
    7,
    5,
    0x80 | DISK,
    2,
    64,
    0,
    0,
    9,
    4,
    7,
    0,
    0,
    1,
    1,
    0,
    0,
    9,
    0x24,
    1,
    0,
    1,
    9,
    0,
    1,
    8,  // audio control, version 1
    9,
    4,
    8,
    0,
    0,
    1,
    2,
    0,
    0,
    9,
    4,
    8,
    1,
    1,
    1,
    2,
    0,
    0,
    7,
    0x24,
    1,
    1,
    1,
    1,
    0,
    14,
    0x24,
    2,
    1,
    1,
    2,
    16,
    2,
    0x40,
    0x1f,
    0,
    0x80,
    0x3e,
    0,  // 16 bits, one channel, 8 or 16 kHz
    9,
    5,
    0x80 | SOUND,
    1,
    32,
    0,
    1,
    0,
    0,
    7,
    0x25,
    1,
    1,
    0,
    0,
    0,
};

enum { BLOCKS = 128, BLOCK = 512 };
static uint8_t disk[BLOCKS * BLOCK];
static uint8_t typing[64];
static uint32_t typing_length, typing_at;
static bool key_is_down, mouse_is_down;
static uint16_t sample, samples_a_frame = 8;

/* The next report: a key goes down, then up, for each character. */
static void next_report(void) {
    uint8_t report[9] = {KEYBOARD_REPORT};
    if (key_is_down || mouse_is_down) {
        const uint32_t length = mouse_is_down ? 5 : 9;
        if (mouse_is_down) report[0] = MOUSE_REPORT;
        key_is_down = mouse_is_down = false;
        usb_send(HID, report, length);
        return;
    }
    if (typing_at >= typing_length) return;
    const uint8_t c = typing[typing_at++];
    if (c == '>') {
        const uint8_t mouse[5] = {MOUSE_REPORT, 1, 5, (uint8_t)-3, 1};
        mouse_is_down = true;
        usb_send(HID, mouse, sizeof mouse);
        return;
    }
    if (c >= 'A' && c <= 'Z') report[1] = 2;
    report[3] = c >= 'a' && c <= 'z'   ? (uint8_t)(c - 'a' + 4)
                : c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 4)
                : c == '\n'            ? 0x28
                                       : 0x2c;
    key_is_down = true;
    usb_send(HID, report, sizeof report);
}

/* Bulk-Only Transport. */
static enum { COMMAND, TO_HOST, FROM_HOST, STATUS, REFUSED } phase;
static uint8_t wrapper[31];
static const uint8_t* out_at;
static uint8_t* in_at;
static uint32_t left, residue;
static uint8_t result, sense, sense_code;
static bool told_of_attention;

static void send_status(void) {
    uint8_t status[13] = {'U', 'S', 'B', 'S', wrapper[4], wrapper[5], wrapper[6], wrapper[7]};
    for (unsigned n = 0; n < 4; n++) status[8 + n] = (uint8_t)(residue >> 8 * n);
    status[12] = result;
    phase = STATUS;
    usb_send(DISK, status, sizeof status);
}

static void send_more(void) {
    const uint32_t chunk = left < 64 ? left : 64;
    usb_send(DISK, out_at, chunk);
    out_at += chunk;
    left -= chunk;
}

static void refuse(uint32_t length, uint8_t key, uint8_t code) {
    result = 1;
    sense = key;
    sense_code = code;
    residue = length;
    if (length && wrapper[12] & 0x80) {
        phase = REFUSED;
        usb_stall(DISK, true);
    } else
        send_status();
}

static void answer(const uint8_t* data, uint32_t size, uint32_t length) {
    out_at = data;
    left = size < length ? size : length;
    residue = length - left;
    phase = TO_HOST;
    send_more();
}

static void command(void) {
    static const uint8_t inquiry[36] = "\x00\x80\x04\x02\x1f\0\0\0Ember   Drive in SRAM   1.0 ";
    static const uint8_t capacity[8] = {0, 0, 0, BLOCKS - 1, 0, 0, BLOCK >> 8, 0};
    static const uint8_t mode[4] = {3, 0, 0, 0};
    static uint8_t senses[18];
    const uint8_t* c = wrapper + 15;
    const uint32_t length = wrapper[8] | (uint32_t)wrapper[9] << 8 | (uint32_t)wrapper[10] << 16;
    const uint32_t block = (uint32_t)c[4] << 8 | c[5], count = (uint32_t)c[7] << 8 | c[8];
    result = 0;
    residue = 0;
    switch (c[0]) {
        case 0x00:
            if (!told_of_attention) {
                told_of_attention = true;
                refuse(length, 6, 0x28);
            } else
                send_status();
            break;
        case 0x03:
            senses[0] = 0x70;
            senses[2] = sense;
            senses[7] = 10;
            senses[12] = sense_code;
            answer(senses, sizeof senses, length);
            break;
        case 0x12: answer(inquiry, sizeof inquiry, length); break;
        case 0x1a: answer(mode, sizeof mode, length); break;
        case 0x1b:
            print("ejected\n");
            send_status();
            break;
        case 0x25: answer(capacity, sizeof capacity, length); break;
        case 0x35:
            print("synchronized\n");
            send_status();
            break;
        case 0x28:
        case 0x2a:
            if (block + count > BLOCKS || length != count * BLOCK)
                refuse(length, 5, 0x21);
            else if (c[0] == 0x28)
                answer(disk + block * BLOCK, length, length);
            else {
                in_at = disk + block * BLOCK;
                left = length;
                phase = FROM_HOST;
                usb_receive(DISK);
            }
            break;
        default: refuse(length, 5, 0x20); break;
    }
}

static void disk_received(const uint8_t* data, uint32_t length) {
    if (phase == FROM_HOST) {
        for (uint32_t n = 0; n < length; n++) *in_at++ = data[n];
        left -= length;
        if (left)
            usb_receive(DISK);
        else
            send_status();
    } else if (length == sizeof wrapper) {
        for (uint32_t n = 0; n < length; n++) wrapper[n] = data[n];
        command();
    }
}

static void disk_sent(void) {
    if (phase == TO_HOST && left)
        send_more();
    else if (phase == TO_HOST)
        send_status();
    else if (phase == STATUS) {
        phase = COMMAND;
        usb_receive(DISK);
    }
}

/* Callbacks of the stack. */
const uint8_t* usb_configuration(uint32_t* length) {
    static uint8_t filled[sizeof configuration];
    for (uint32_t n = 0; n < sizeof filled; n++) filled[n] = configuration[n];
    filled[2] = (uint8_t)sizeof filled;
    filled[3] = (uint8_t)(sizeof filled >> 8);
    *length = sizeof filled;
    return filled;
}

void usb_configured(void) {
    usb_open(NOTIFY0, true, USB_INTERRUPT);
    usb_open(NOTIFY1, true, USB_INTERRUPT);
    usb_open(HID, true, USB_INTERRUPT);
    for (unsigned n = 0; n < 4; n++) {
        static const uint8_t bulk[4] = {SERIAL0, SERIAL1, MIDI, DISK};
        usb_open(bulk[n], true, USB_BULK);
        usb_open(bulk[n], false, USB_BULK);
        usb_receive(bulk[n]);
    }
    usb_open(SOUND, true, USB_ISOCHRONOUS);
}

static void next_samples(void) {
    uint8_t packet[32];
    for (unsigned n = 0; n < samples_a_frame; n++, sample++) {
        packet[2 * n] = (uint8_t)sample;
        packet[2 * n + 1] = (uint8_t)(sample >> 8);
    }
    usb_send(SOUND, packet, 2u * samples_a_frame);
}

bool usb_request(const uint8_t* setup, const uint8_t* data) {
    static const uint8_t most_unit = 0;
    if (setup[0] == 0x81 && setup[1] == 6 && setup[3] == 0x22)
        usb_respond(report_descriptor, sizeof report_descriptor);
    else if (setup[0] == 0xa1 && setup[1] == 0xfe)
        usb_respond(&most_unit, 1);
    else if (setup[0] == 0x21 && setup[1] == 9)
        show("leds", data[1]);
    else if (setup[0] == 0x21 && setup[1] == 0x22) {
        if (setup[2] & 1) show("open", setup[4]);
    } else if (setup[0] == 0x22 && setup[1] == 1) {
        show("rate", data[0] | (uint32_t)data[1] << 8);
        samples_a_frame = (uint16_t)((data[0] | data[1] << 8) / 1000);
    } else if (setup[0] == 1 && setup[1] == 11) {
        if (setup[4] == 8 && setup[2] == 1) next_samples();
    } else if (setup[0] == 2 && setup[1] == 1) {
        usb_unstall(setup[4] & 0xf, setup[4] & 0x80);
        if (phase == REFUSED) send_status();
    } else
        return setup[0] == 0x21 && (setup[1] == 0x0a || setup[1] == 0x20);
    return true;
}

void usb_received(unsigned ep, const uint8_t* data, uint32_t length) {
    uint8_t copy[64];
    for (uint32_t n = 0; n < length; n++) copy[n] = data[n];
    if (ep == DISK) {
        disk_received(copy, length);
    } else if (ep == MIDI) {
        for (uint32_t n = 0; n + 3 < length; n += 4) copy[n + 2] = (uint8_t)(copy[n + 2] + 12);  // an octave up
        usb_send(MIDI, copy, length);
        usb_receive(MIDI);
    } else if (ep == SERIAL0) {
        for (uint32_t n = 0; n < length; n++)
            if (copy[n] >= 'a' && copy[n] <= 'z') copy[n] = (uint8_t)(copy[n] - 32);
        usb_send(SERIAL0, copy, length);
        usb_receive(SERIAL0);
    } else if (ep == SERIAL1) {  // typed, and echoed
        for (uint32_t n = 0; n < length; n++) typing[n] = copy[n];
        typing_length = length;
        typing_at = 0;
        next_report();
        usb_send(SERIAL1, copy, length);
        usb_receive(SERIAL1);
    }
}

void usb_sent(unsigned ep) {
    if (ep == HID) next_report();
    if (ep == DISK) disk_sent();
    if (ep == SOUND) next_samples();
}

int main(void) {
    sdk_init();
    usb_start();
    for (;;) wfi();
}
