// Frames of the capture stream (docs/protocol.md): header, payload, CRC. Pure C11.
#pragma once

#include <stdint.h>

#define FRAME_SYNC 0x5aa55745u  // bytes 45 57 A5 5A
#define FRAME_HEADER_BYTES 12u
#define FRAME_CRC_BYTES 4u
#define FRAME_PAYLOAD_MAX 1024u

enum {
    FRAME_INFO = 0,  // payload: one line of ASCII that tells what sends
    FRAME_PCM = 1,   // payload: 16-bit little-endian samples, mono, 16 kHz
};

enum {
    FRAME_FLAG_STALL = 1u << 0,        // the PIO had to wait for the DMA since the frame before: bits are stretched
    FRAME_FLAG_OVERWRITTEN = 1u << 1,  // the DMA came back to the block while it was being read
};

typedef struct {
    uint8_t bytes[FRAME_HEADER_BYTES + FRAME_PAYLOAD_MAX + FRAME_CRC_BYTES];
    uint32_t size;
} frame_t;

// CRC-32 of IEEE 802.3 (zlib): reflected 04C11DB7, initial value and final inversion FFFFFFFF.
uint32_t frame_crc32(const uint8_t* data, uint32_t size);

// Builds one frame. `number` is the PCM block's number; a longer payload than FRAME_PAYLOAD_MAX is cut.
void frame_build(frame_t* frame, uint32_t type, uint32_t flags, uint32_t number, const void* payload, uint32_t size);
