#include "apps/common/image.h"

#include <stdint.h>

#include "hot.h"

// First byte of flash, and the checksum's own place, which is the end of what it covers.
#define IMAGE_START ((const uint8_t*)0x10000000u)
const volatile uint32_t image_crc __attribute__((section(".image_crc"), used)) = 0xffffffffu;

// CRC-32/MPEG-2: polynomial 04C11DB7, initial value FFFFFFFF, most significant bit first, no final inversion; the
// one that the boot ROM uses for boot2. Four bits a step: a table of 64 bytes is fast enough for a start.
HOT static uint32_t crc32_mpeg2(uint32_t crc, const uint8_t* data, uint32_t size) {
    static const uint32_t table[16] = {
        0x00000000u, 0x04c11db7u, 0x09823b6eu, 0x0d4326d9u, 0x130476dcu, 0x17c56b6bu, 0x1a864db2u, 0x1e475005u,
        0x2608edb8u, 0x22c9f00fu, 0x2f8ad6d6u, 0x2b4bcb61u, 0x350c9b64u, 0x31cd86d3u, 0x3c8ea00au, 0x384fbdbdu,
    };
    while (size--) {
        crc ^= (uint32_t)*data++ << 24;
        crc = crc << 4 ^ table[crc >> 28];
        crc = crc << 4 ^ table[crc >> 28];
    }
    return crc;
}

COLD uint32_t image_checksum(uint32_t crc, uint32_t at, uint32_t size) {
    return crc32_mpeg2(crc, IMAGE_START + at, size);
}

COLD uint32_t image_size(void) { return (uint32_t)((uintptr_t)&image_crc - (uintptr_t)IMAGE_START); }

COLD uint32_t image_expected(void) { return image_crc; }

COLD bool image_intact(void) { return image_checksum(CRC_INIT, 0, image_size()) == image_crc; }
