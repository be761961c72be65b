// Double precision arithmetic and conversions, with ten guard bits below the 53-bit mantissa (the last is sticky).
#include "float.h"

enum { BIAS = 1023, EXPONENT_MAX = 2047, GUARD_BITS = 10, LEADING = 52 + GUARD_BITS };

static int exponent(f64 a) { return (int)(a >> 52 & 0x7ff); }
static uint64_t mantissa(f64 a) { return (a & 0xfffffffffffffull) | 1ull << 52; }

unsigned rom_clz32(uint32_t v) {
    unsigned zeros = 0;
    if (!v) return 32;
    for (unsigned step = 16; step; step >>= 1) {
        if (v >> (32 - step) == 0) {
            zeros += step;
            v <<= step;
        }
    }
    return zeros;
}

unsigned rom_clz64(uint64_t v) { return v >> 32 ? rom_clz32((uint32_t)(v >> 32)) : 32 + rom_clz32((uint32_t)v); }

/* 32 x 32 -> 64 bits from four 16-bit products: the core multiplies 32 x 32 -> 32 only. */
uint64_t rom_mul32(uint32_t a, uint32_t b) {
    const uint32_t al = a & 0xffff, ah = a >> 16, bl = b & 0xffff, bh = b >> 16;
    const uint32_t low = al * bl, cross = ah * bl + (low >> 16), cross2 = al * bh + (cross & 0xffff);
    const uint32_t high = ah * bh + (cross >> 16) + (cross2 >> 16);
    return (uint64_t)high << 32 | cross2 << 16 | (low & 0xffff);
}

/* Upper 64 bits of the 128-bit product, lowest bit sticky. */
static uint64_t mul64_high(uint64_t a, uint64_t b) {
    const uint32_t al = (uint32_t)a, ah = (uint32_t)(a >> 32), bl = (uint32_t)b, bh = (uint32_t)(b >> 32);
    const uint64_t low = rom_mul32(al, bl);
    const uint64_t cross = rom_mul32(ah, bl) + (low >> 32);
    const uint64_t cross2 = rom_mul32(al, bh) + (uint32_t)cross;
    const uint64_t high = rom_mul32(ah, bh) + (cross >> 32) + (cross2 >> 32);
    return high | (((uint32_t)cross2 | (uint32_t)low) != 0);
}

/* Rounds a mantissa with its leading one at bit LEADING to nearest even; `e` is the biased exponent. */
static f64 pack(f64 sign, int e, uint64_t m) {
    m += (1u << (GUARD_BITS - 1)) - 1 + (m >> GUARD_BITS & 1);
    m >>= GUARD_BITS;
    if (m >> 53) {
        m >>= 1;
        e++;
    }
    if (e >= EXPONENT_MAX) return sign | F64_INFINITY;
    if (e <= 0) return sign;
    return sign | (uint64_t)e << 52 | (m & 0xfffffffffffffull);
}

/* A nonzero magnitude with a sticky bit 0, scaled so that bit LEADING weighs 2^(e - BIAS). */
static f64 normalise(f64 sign, int e, uint64_t m) {
    const int shift = (int)rom_clz64(m) - (63 - LEADING);
    if (shift >= 0) return pack(sign, e - shift, m << shift);
    return pack(sign, e + 1, m >> 1 | (m & 1));
}

f64 rom_dadd(f64 a, f64 b) {
    if ((a & ~F64_SIGN) < (b & ~F64_SIGN)) {
        const f64 larger = b;
        b = a;
        a = larger;
    }
    const int ea = exponent(a), eb = exponent(b);
    if (ea == 0) return a & b & F64_SIGN;
    if (ea == EXPONENT_MAX) return (a & F64_SIGN) | F64_INFINITY;
    const int shift = ea - eb;
    if (eb == 0 || shift > LEADING) return a;
    const uint64_t ma = mantissa(a) << GUARD_BITS, unshifted = mantissa(b) << GUARD_BITS;
    uint64_t mb = unshifted >> shift;
    if (mb << shift != unshifted) mb |= 1;
    const uint64_t m = (a ^ b) & F64_SIGN ? ma - mb : ma + mb;
    return m ? normalise(a & F64_SIGN, ea, m) : 0;
}

f64 rom_dsub(f64 a, f64 b) { return rom_dadd(a, b ^ F64_SIGN); }

f64 rom_dmul(f64 a, f64 b) {
    const f64 sign = (a ^ b) & F64_SIGN;
    const int ea = exponent(a), eb = exponent(b);
    if (ea == EXPONENT_MAX || eb == EXPONENT_MAX) return sign | F64_INFINITY;
    if (ea == 0 || eb == 0) return sign;
    // 53-bit mantissas moved up by 11: the leading one of the upper half falls on bit 62 or 63.
    return normalise(sign, ea + eb - BIAS, mul64_high(mantissa(a) << 11, mantissa(b) << 11));
}

f64 rom_ddiv(f64 a, f64 b) {
    const f64 sign = (a ^ b) & F64_SIGN;
    const int ea = exponent(a), eb = exponent(b);
    if (ea == EXPONENT_MAX || eb == 0) return sign | F64_INFINITY;
    if (ea == 0 || eb == EXPONENT_MAX) return sign;
    uint64_t remainder = mantissa(a), quotient = 0;
    const uint64_t divisor = mantissa(b);
    for (int bit = 56; bit >= 0; bit--) {
        quotient <<= 1;
        if (remainder >= divisor) {
            remainder -= divisor;
            quotient |= 1;
        }
        remainder <<= 1;
    }
    // The quotient's leading one is at bit 56 or 55.
    return normalise(sign, ea - eb + BIAS, quotient << (LEADING - 56) | (remainder != 0));
}

f64 rom_dsqrt(f64 a) {
    int e = exponent(a);
    if (e == 0) return a & F64_SIGN;
    if (a & F64_SIGN) return F64_SIGN | F64_INFINITY;
    if (e == EXPONENT_MAX) return F64_INFINITY;
    // Digit by digit: the remainder takes two radicand bits a step, the root gains one (54 steps, one guard bit).
    e -= BIAS;
    uint64_t radicand = mantissa(a) << (e & 1 ? 11 : 10);
    uint64_t remainder = 0, root = 0;
    for (int step = 0; step < 55; step++) {
        remainder = remainder << 2 | radicand >> 62;
        radicand <<= 2;
        const uint64_t trial = root << 2 | 1;
        root <<= 1;
        if (remainder >= trial) {
            remainder -= trial;
            root |= 1;
        }
    }
    return normalise(0, (e >> 1) + BIAS, root << (LEADING - 54) | (remainder != 0));
}

int32_t rom_dcmp(f64 a, f64 b) {
    if (exponent(a) == 0) a = 0;
    if (exponent(b) == 0) b = 0;
    if (exponent(a) == EXPONENT_MAX) a &= F64_SIGN | F64_INFINITY;
    if (exponent(b) == EXPONENT_MAX) b &= F64_SIGN | F64_INFINITY;
    const int64_t x = a & F64_SIGN ? -(int64_t)(a & ~F64_SIGN) : (int64_t)a;
    const int64_t y = b & F64_SIGN ? -(int64_t)(b & ~F64_SIGN) : (int64_t)b;
    return (x > y) - (x < y);
}

/* value * 2^-n for a 64-bit magnitude. */
static f64 from_magnitude(f64 sign, uint64_t v, int n) {
    if (!v) return 0;
    const unsigned zeros = rom_clz64(v);
    v <<= zeros;
    return pack(sign, BIAS + 63 - (int)zeros - n, v >> 1 | (v & 1));
}

f64 rom_ufix642double(uint64_t v, int n) { return from_magnitude(0, v, n); }
f64 rom_fix642double(int64_t v, int n) {
    return v < 0 ? from_magnitude(F64_SIGN, 0 - (uint64_t)v, n) : from_magnitude(0, (uint64_t)v, n);
}
f64 rom_uint642double(uint64_t v) { return from_magnitude(0, v, 0); }
f64 rom_int642double(int64_t v) { return rom_fix642double(v, 0); }
f64 rom_ufix2double(uint32_t v, int n) { return from_magnitude(0, v, n); }
f64 rom_fix2double(int32_t v, int n) { return rom_fix642double(v, n); }
f64 rom_uint2double(uint32_t v) { return from_magnitude(0, v, 0); }
f64 rom_int2double(int32_t v) { return rom_fix642double(v, 0); }

/* floor(a * 2^n) as a 64-bit two's complement number, clamped to [-limit - 1, limit]. */
int64_t rom_double2fix64(f64 a, int n) {
    const int e = exponent(a);
    const int64_t sign = (int64_t)a >> 63;  // 0 or -1
    if (e == 0) return 0;
    const int shift = e - BIAS - 52 + n;
    if (e == EXPONENT_MAX || shift > 10) return sign ? INT64_MIN : INT64_MAX;
    uint64_t m = mantissa(a);
    if (shift >= 0) {
        m <<= shift;
        return sign ? -(int64_t)m : (int64_t)m;
    }
    if (shift < -53) return sign;
    const uint64_t whole = m >> -shift;
    const int inexact = whole << -shift != m;
    return sign ? -(int64_t)whole - inexact : (int64_t)whole;
}

uint64_t rom_double2ufix64(f64 a, int n) {
    const int e = exponent(a), shift = e - BIAS - 52 + n;
    if (e == 0 || a & F64_SIGN || shift < -53) return 0;
    if (e == EXPONENT_MAX || shift > 11) return UINT64_MAX;
    return shift >= 0 ? mantissa(a) << shift : mantissa(a) >> -shift;
}

int32_t rom_double2fix(f64 a, int n) {
    const int64_t v = rom_double2fix64(a, n);
    return v > INT32_MAX ? INT32_MAX : v < INT32_MIN ? INT32_MIN : (int32_t)v;
}
uint32_t rom_double2ufix(f64 a, int n) {
    const uint64_t v = rom_double2ufix64(a, n);
    return v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
}
int32_t rom_double2int(f64 a) { return rom_double2fix(a, 0); }
uint32_t rom_double2uint(f64 a) { return rom_double2ufix(a, 0); }
int64_t rom_double2int64(f64 a) { return rom_double2fix64(a, 0); }
uint64_t rom_double2uint64(f64 a) { return rom_double2ufix64(a, 0); }

f64 rom_float2double(f32 a) {
    const f64 sign = (f64)(a & F32_SIGN) << 32;
    const uint32_t e = a >> 23 & 0xff;
    if (e == 0) return sign;
    if (e == 255) return sign | F64_INFINITY;
    return sign | (f64)(e + BIAS - 127) << 52 | (f64)(a & 0x7fffffu) << 29;
}

f32 rom_double2float(f64 a) {
    const f32 sign = (f32)(a >> 32) & F32_SIGN;
    int e = exponent(a) - BIAS + 127;
    if (exponent(a) == 0 || e <= -1) return sign;
    if (e >= 255) return sign | F32_INFINITY;
    uint64_t m = mantissa(a);
    m += (1u << 28) - 1 + (m >> 29 & 1);
    m >>= 29;
    if (m >> 24) {
        m >>= 1;
        e++;
    }
    if (e <= 0) return sign;
    if (e >= 255) return sign | F32_INFINITY;
    return sign | (f32)e << 23 | ((f32)m & 0x7fffffu);
}
