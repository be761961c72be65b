// Checksum of the flash image.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Whether the flash holds, bit for bit, what the build wrote.
bool image_intact(void);

// The same in pieces, for a check in the background: the checksum of `size` further bytes from byte `at` of the flash
// on. It begins with CRC_INIT; at image_size() it is to be image_expected().
#define CRC_INIT 0xffffffffu
uint32_t image_checksum(uint32_t crc, uint32_t at, uint32_t size);
uint32_t image_size(void);
uint32_t image_expected(void);
