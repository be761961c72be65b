// Soft floating point of the boot ROM (datasheet 2.8.3.2): IEEE 754 formats, round to nearest even,
// subnormals read and written as zero, NaN read as infinity, as on the silicon's ROM.
#ifndef BOOTROM_FLOAT_H
#define BOOTROM_FLOAT_H

#include <stdint.h>

typedef uint32_t f32;  // the bits of a single
typedef uint64_t f64;  // the bits of a double

#define F32_SIGN 0x80000000u
#define F32_INFINITY 0x7f800000u
#define F64_SIGN 0x8000000000000000ull
#define F64_INFINITY 0x7ff0000000000000ull

/* Called from the tables (float_tables.S) and from each other. */
f32 rom_fadd(f32 a, f32 b);
f32 rom_fsub(f32 a, f32 b);
f32 rom_fmul(f32 a, f32 b);
f32 rom_fdiv(f32 a, f32 b);
f32 rom_fsqrt(f32 a);
f64 rom_dadd(f64 a, f64 b);
f64 rom_dsub(f64 a, f64 b);
f64 rom_dmul(f64 a, f64 b);
f64 rom_ddiv(f64 a, f64 b);
f64 rom_int2double(int32_t v);
int32_t rom_double2int(f64 a);
f64 rom_float2double(f32 a);
f32 rom_double2float(f64 a);

unsigned rom_clz32(uint32_t v);
unsigned rom_clz64(uint64_t v);
uint64_t rom_mul32(uint32_t a, uint32_t b);

#endif
