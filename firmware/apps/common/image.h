// Checksum of the flash image.
#pragma once

#include <stdbool.h>

// Whether the flash holds, bit for bit, what the build wrote.
bool image_intact(void);
