// Single precision arithmetic and conversions. Three guard bits (guard, round, sticky) below the 24-bit mantissa.
#include "float.h"

enum { BIAS = 127, EXPONENT_MAX = 255, GUARD_BITS = 3, LEADING = 23 + GUARD_BITS };

static int exponent(f32 a) { return (int)(a >> 23 & 0xff); }
static uint32_t mantissa(f32 a) { return (a & 0x7fffffu) | 0x800000u; }

/* Rounds a mantissa with its leading one at bit LEADING; `e` is the biased exponent. */
static f32 pack(f32 sign, int e, uint32_t m) {
    m += 3 + (m >> GUARD_BITS & 1);
    m >>= GUARD_BITS;
    if (m >> 24) {
        m >>= 1;
        e++;
    }
    if (e >= EXPONENT_MAX) return sign | F32_INFINITY;
    if (e <= 0) return sign;
    return sign | (uint32_t)e << 23 | (m & 0x7fffffu);
}

/* Any nonzero 32-bit magnitude whose bit 0 may be sticky, scaled so that bit LEADING weighs 2^(e - BIAS). */
static f32 normalise(f32 sign, int e, uint32_t m) {
    const int shift = (int)rom_clz32(m) - (31 - LEADING);
    if (shift >= 0) return pack(sign, e - shift, m << shift);
    const uint32_t lost = m & ((1u << -shift) - 1);
    return pack(sign, e - shift, m >> -shift | (lost != 0));
}

f32 rom_fadd(f32 a, f32 b) {
    if ((a & ~F32_SIGN) < (b & ~F32_SIGN)) {
        const f32 larger = b;
        b = a;
        a = larger;
    }
    const int ea = exponent(a), eb = exponent(b);
    if (ea == 0) return a & b & F32_SIGN;
    if (ea == EXPONENT_MAX) return (a & F32_SIGN) | F32_INFINITY;
    const int shift = ea - eb;
    if (eb == 0 || shift > LEADING) return a;
    const uint32_t ma = mantissa(a) << GUARD_BITS, unshifted = mantissa(b) << GUARD_BITS;
    uint32_t mb = unshifted >> shift;
    if (mb << shift != unshifted) mb |= 1;
    const uint32_t m = (a ^ b) & F32_SIGN ? ma - mb : ma + mb;
    return m ? normalise(a & F32_SIGN, ea, m) : 0;
}

f32 rom_fsub(f32 a, f32 b) { return rom_fadd(a, b ^ F32_SIGN); }

f32 rom_fmul(f32 a, f32 b) {
    const f32 sign = (a ^ b) & F32_SIGN;
    const int ea = exponent(a), eb = exponent(b);
    if (ea == EXPONENT_MAX || eb == EXPONENT_MAX) return sign | F32_INFINITY;
    if (ea == 0 || eb == 0) return sign;
    // 24 x 24 bits, aligned so that the product's leading one falls on bit 58 or 59: bit 26 or 27 of its upper word.
    const uint64_t product = rom_mul32(mantissa(a) << 6, mantissa(b) << 6);
    return normalise(sign, ea + eb - BIAS, (uint32_t)(product >> 32) | ((uint32_t)product != 0));
}

f32 rom_fdiv(f32 a, f32 b) {
    const f32 sign = (a ^ b) & F32_SIGN;
    const int ea = exponent(a), eb = exponent(b);
    if (ea == EXPONENT_MAX || eb == 0) return sign | F32_INFINITY;
    if (ea == 0 || eb == EXPONENT_MAX) return sign;
    uint32_t remainder = mantissa(a), quotient = 0;
    const uint32_t divisor = mantissa(b);
    for (int bit = LEADING + 1; bit >= 0; bit--) {
        quotient <<= 1;
        if (remainder >= divisor) {
            remainder -= divisor;
            quotient |= 1;
        }
        remainder <<= 1;
    }
    return normalise(sign, ea - eb + BIAS - 1, quotient | (remainder != 0));
}

f32 rom_fsqrt(f32 a) {
    int e = exponent(a);
    if (e == 0) return a & F32_SIGN;
    if (a & F32_SIGN) return F32_SIGN | F32_INFINITY;
    if (e == EXPONENT_MAX) return F32_INFINITY;
    // Square root of the mantissa, bit by bit; an odd exponent moves one bit into the mantissa.
    uint64_t rest = (uint64_t)mantissa(a) << 29;
    e -= BIAS;
    if (e & 1) rest <<= 1;
    uint64_t root = 0;
    for (uint64_t bit = 1ull << 52; bit; bit >>= 2) {
        if (rest >= root + bit) {
            rest -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    return normalise(0, (e >> 1) + BIAS, (uint32_t)root | (rest != 0));
}

/* -1, 0 or 1 as a <, = or > b; both zeros are equal. */
int32_t rom_fcmp(f32 a, f32 b) {
    if (exponent(a) == 0) a = 0;
    if (exponent(b) == 0) b = 0;
    if (exponent(a) == EXPONENT_MAX) a &= F32_SIGN | F32_INFINITY;
    if (exponent(b) == EXPONENT_MAX) b &= F32_SIGN | F32_INFINITY;
    // Two's complement order: magnitudes of negative numbers run backwards.
    const int32_t x = a & F32_SIGN ? -(int32_t)(a & ~F32_SIGN) : (int32_t)a;
    const int32_t y = b & F32_SIGN ? -(int32_t)(b & ~F32_SIGN) : (int32_t)b;
    return (x > y) - (x < y);
}

/* value * 2^-n for a 64-bit magnitude. */
static f32 from_magnitude(f32 sign, uint64_t v, int n) {
    if (!v) return 0;
    const unsigned zeros = rom_clz64(v);
    v <<= zeros;
    const uint32_t m = (uint32_t)(v >> (63 - LEADING)) | ((v & ((1ull << (63 - LEADING)) - 1)) != 0);
    return pack(sign, BIAS + 63 - (int)zeros - n, m);
}

f32 rom_ufix642float(uint64_t v, int n) { return from_magnitude(0, v, n); }
f32 rom_fix642float(int64_t v, int n) {
    return v < 0 ? from_magnitude(F32_SIGN, 0 - (uint64_t)v, n) : from_magnitude(0, (uint64_t)v, n);
}
f32 rom_uint642float(uint64_t v) { return from_magnitude(0, v, 0); }
f32 rom_int642float(int64_t v) { return rom_fix642float(v, 0); }
f32 rom_ufix2float(uint32_t v, int n) { return from_magnitude(0, v, n); }
f32 rom_fix2float(int32_t v, int n) { return rom_fix642float(v, n); }
f32 rom_uint2float(uint32_t v) { return from_magnitude(0, v, 0); }
f32 rom_int2float(int32_t v) { return rom_fix642float(v, 0); }

/* floor(a * 2^n), clamped, through the wider format that represents every single exactly. */
int32_t rom_double2fix(f64 a, int n);
uint32_t rom_double2ufix(f64 a, int n);
int64_t rom_double2fix64(f64 a, int n);
uint64_t rom_double2ufix64(f64 a, int n);

int32_t rom_float2fix(f32 a, int n) { return rom_double2fix(rom_float2double(a), n); }
uint32_t rom_float2ufix(f32 a, int n) { return rom_double2ufix(rom_float2double(a), n); }
int64_t rom_float2fix64(f32 a, int n) { return rom_double2fix64(rom_float2double(a), n); }
uint64_t rom_float2ufix64(f32 a, int n) { return rom_double2ufix64(rom_float2double(a), n); }
int32_t rom_float2int(f32 a) { return rom_float2fix(a, 0); }
uint32_t rom_float2uint(f32 a) { return rom_float2ufix(a, 0); }
int64_t rom_float2int64(f32 a) { return rom_float2fix64(a, 0); }
uint64_t rom_float2uint64(f32 a) { return rom_float2ufix64(a, 0); }
