#include "dsp/log2.h"

#include "dsp/log2_table.inc"
#include "hot.h"

HOT int32_t log2_eighths(uint32_t value) {
    const int32_t length = bit_length(value);
    // Eight leading bits; the leading one itself is implied in the table.
    const uint32_t leading = length >= 8 ? value >> (length - 8) : value << (8 - length);
    return 8 * (length - 1) + log2_fraction[leading & 0x7F];
}
