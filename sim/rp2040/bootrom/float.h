// Soft floating point of the boot ROM (datasheet 2.8.3.2): IEEE 754 formats, round to nearest even,
// subnormals read and written as zero, NaN read as infinity, as on the silicon's ROM.
#ifndef BOOTROM_FLOAT_H
#define BOOTROM_FLOAT_H

#include <stdint.h>

typedef uint32_t f32;  // the bits of a single
typedef uint64_t f64;  // the bits of a double

#define F32_SIGN 0x80000000u
#define F32_ONE 0x3f800000u
#define F32_INFINITY 0x7f800000u
#define F64_SIGN 0x8000000000000000ull
#define F64_ONE 0x3ff0000000000000ull
#define F64_INFINITY 0x7ff0000000000000ull

/* In assembly: v * 2^-n rounded, and products of fixed-point numbers. */
f32 rom_ufix2float(uint32_t v, int n);
f32 rom_ufix642float(uint64_t v, int n);
f64 rom_ufix642double(uint64_t v, int n);
uint64_t rom_mul32(uint32_t a, uint32_t b);
uint64_t rom_mulhi64(uint64_t a, uint64_t b);

uint64_t rom_series_plus(const uint64_t* c, int terms, uint64_t x, uint64_t sum);
uint64_t rom_series_minus(const uint64_t* c, int terms, uint64_t x, uint64_t sum);

extern const uint8_t leading_zeros[256];
extern const uint8_t reciprocal_roots[96];
extern const int64_t LN_ROW_62[32];  // in units of 2^-62
extern const uint16_t LN_SCALE[32];

static inline unsigned count_zeros_32(uint32_t v) {
    unsigned n = 0;
    for (; !(v >> 24); v <<= 8) n += 8;
    return n + leading_zeros[v >> 24];
}

static inline unsigned count_zeros_64(uint64_t v) {
    return v >> 32 ? count_zeros_32((uint32_t)(v >> 32)) : 32 + count_zeros_32((uint32_t)v);
}

/* Upper word of a product, at most 2 too small. */
static inline uint32_t mulhi(uint32_t a, uint32_t b) {
    const uint32_t al = a & 0xffff, ah = a >> 16, bl = b & 0xffff, bh = b >> 16;
    return ah * bh + (ah * bl >> 16) + (al * bh >> 16);
}

/* About 3 * loops cycles, where a path is faster than the chip's. */
static inline void spend(unsigned loops) { __asm__ volatile("1: sub %0, #1\n bne 1b" : "+l"(loops) : : "cc"); }

#endif
