#include "apps/capture/frame.h"

#include <string.h>

#include "hot.h"

// The CRC begins after the sync word, which is constant.
#define SYNC_BYTES 4u

// Four bits a step: 64 bytes of table, and 1036 bytes take well under a millisecond.
HOT_TABLE static const uint32_t crc_table[16] = {
    0x00000000u, 0x1db71064u, 0x3b6e20c8u, 0x26d930acu, 0x76dc4190u, 0x6b6b51f4u, 0x4db26158u, 0x5005713cu,
    0xedb88320u, 0xf00f9344u, 0xd6d6a3e8u, 0xcb61b38cu, 0x9b64c2b0u, 0x86d3d2d4u, 0xa00ae278u, 0xbdbdf21cu,
};

HOT uint32_t frame_crc32(const uint8_t* data, uint32_t size) {
    uint32_t crc = 0xffffffffu;
    while (size--) {
        crc ^= *data++;
        crc = crc >> 4 ^ crc_table[crc & 15u];
        crc = crc >> 4 ^ crc_table[crc & 15u];
    }
    return ~crc;
}

static uint8_t* put16(uint8_t* to, uint32_t value) {
    *to++ = (uint8_t)value;
    *to++ = (uint8_t)(value >> 8);
    return to;
}

static uint8_t* put32(uint8_t* to, uint32_t value) { return put16(put16(to, value & 0xffffu), value >> 16); }

void frame_build(frame_t* frame, uint32_t type, uint32_t flags, uint32_t number, const void* payload, uint32_t size) {
    if (size > FRAME_PAYLOAD_MAX) size = FRAME_PAYLOAD_MAX;
    uint8_t* to = put32(frame->bytes, FRAME_SYNC);
    *to++ = (uint8_t)type;
    *to++ = (uint8_t)flags;
    to = put32(put16(to, size), number);
    memcpy(to, payload, size);
    to += size;
    to = put32(to, frame_crc32(frame->bytes + SYNC_BYTES, FRAME_HEADER_BYTES - SYNC_BYTES + size));
    frame->size = (uint32_t)(to - frame->bytes);
}
