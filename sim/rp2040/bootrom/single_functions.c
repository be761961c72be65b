// Elementary functions in single precision by fixed-point series. Angles and logarithms are kept as a 32-bit magnitude
// with its leading one in bit 31 and a power of two, so that small results keep their precision.
#pragma GCC optimize("O2")  // the rest of the ROM is compiled for size
#include "float.h"
#include "series.inc"

typedef struct {
    uint32_t m;  // leading one in bit 31, or 0
    int e;       // value m * 2^e
} scaled_t;

static int exponent(f32 a) { return (int)(a >> 23 & 0xff); }
static uint32_t significand(f32 a) { return a << 8 | 0x80000000u; }  // leading one in bit 31

/* The nearest single; exponents that singles do not have are the assembly's business. */
static f32 pack(f32 sign, scaled_t v) {
    if (!v.m) return 0;
    const int biased = v.e + 31 + 127;
    if (biased < 1 || biased > 253) return sign | rom_ufix2float(v.m, -v.e);
    const uint32_t kept = v.m >> 8;
    return sign | (((uint32_t)(biased - 1) << 23) + kept + (((v.m & 0xff) + 0x7f + (kept & 1)) >> 8));
}

static scaled_t normalise(uint64_t v, int e) {
    uint32_t high = (uint32_t)(v >> 32), low = (uint32_t)v;
    if (!high) {
        if (!low) return (scaled_t){0, 0};
        high = low;
        low = 0;
        e -= 32;
    }
    const unsigned zeros = count_zeros_32(high);
    return (scaled_t){high << zeros | low >> 1 >> (31 - zeros), e + 32 - (int)zeros};
}

/* c[0] - x (c[1] - x (c[2] ...)) or with plus signs, all below 1 in units of 2^-32. */
__attribute__((always_inline)) static inline uint32_t series(const uint32_t* c, int terms, uint32_t x,
                                                             int alternating) {
    uint32_t sum = c[terms - 1];
#pragma GCC unroll 12
    for (int i = terms - 2; i >= 0; i--) sum = alternating ? c[i] - mulhi(x, sum) : c[i] + mulhi(x, sum);
    return sum;
}

/* v^2 in units of 2^-32, v below 1. */
static uint32_t square(scaled_t v) {
    const int shift = -2 * (v.e + 32);
    return shift > 31 ? 0 : mulhi(v.m, v.m) >> shift;
}

/* v (1 - v^2 series(v^2)): odd series with the leading term split off. */
static scaled_t odd_series(const uint32_t* c, int terms, scaled_t v, int alternating) {
    const uint32_t s = square(v), part = mulhi(v.m, mulhi(s, series(c, terms, s, alternating)));
    if (alternating)
        return v.m >> 31 && (v.m - part) >> 31 ? (scaled_t){v.m - part, v.e} : (scaled_t){(v.m - part) << 1, v.e - 1};
    return normalise((uint64_t)v.m + part, v.e);
}

f32 fixed_fexp(f32 a);
f32 fixed_fexp(f32 a) {
    const int e = exponent(a);
    if (e < 127 - 31 || e > 127 + 6) {
        spend(88);
        return e < 127 ? F32_ONE : a & F32_SIGN ? 0 : F32_INFINITY;
    }
    // |a| / ln 2 in units of 2^-32; whole powers of two and the rest.
    const uint32_t m = significand(a);                                                      // |a| = m * 2^(e - 158)
    const uint64_t product = rom_mul32(m, ONE_OVER_LN2_HIGH) + mulhi(m, ONE_OVER_LN2_LOW);  // units of 2^(e - 158 - 31)
    uint64_t power = product >> (157 - e);
    if (a & F32_SIGN) power = 0 - power;
    const uint32_t rest = (uint32_t)power;
    const uint32_t part = mulhi(rest, series(POWER, POWER_TERMS, rest, 0));  // 2^rest - 1
    return rom_ufix2float(0x80000000u | part >> 1, 31 - (int32_t)(power >> 32));
}

f32 fixed_fln(f32 a);
f32 fixed_fln(f32 a) {
    int n = exponent(a) - 127;
    if (n == -127 || a & F32_SIGN) return F32_SIGN | F32_INFINITY;
    if (n == 128) return F32_INFINITY;
    // a = 2^n m, m in 0.71..1.42; m times a number of 8 bits is near 1.
    const uint32_t m = significand(a);
    unsigned row = (m >> 26) & 31;
    uint32_t scale = LN_SCALE[row];
    if (row >= LN_UPPER) n++;
    const uint64_t product = (uint64_t)(m >> 8) * scale;  // 24 by 8 or 9 bits
    // 1 in units of 2^-31 for the lower rows, of 2^-32 for the upper ones: m is taken as half there.
    const int64_t rest = (int64_t)(product << (row >= LN_UPPER ? 0 : 2)) - (1ll << 32);
    const scaled_t r = normalise((uint64_t)(rest < 0 ? -rest : rest), -32);
    const uint32_t size = (uint32_t)(rest < 0 ? -rest : rest);
    const uint32_t part = mulhi(r.m, mulhi(size, series(LOGARITHM, LOGARITHM_TERMS, size, rest >= 0)));
    scaled_t log = r;
    if (r.m) log = normalise(rest < 0 ? (uint64_t)r.m + part : (uint64_t)r.m - part, r.e);
    if (n == 0 && scale == LN_ONE(row)) {
        spend(75);
        return pack(rest < 0 ? F32_SIGN : 0, log);
    }
    // Sum in units of 2^-56.
    const int shift = log.e + 56;
    int64_t sum = shift >= 0 ? (int64_t)log.m << shift : shift > -32 ? (int64_t)(log.m >> -shift) : 0;
    if (rest < 0) sum = -sum;
    sum += (LN_ROW_62[row] >> 6) + n * (int64_t)LN2_56;
    return pack(sum < 0 ? F32_SIGN : 0, normalise((uint64_t)(sum < 0 ? -sum : sum), -56));
}

/* 2^63 / d for d with its leading one in bit 31, to about 2^-29. */
static uint32_t reciprocal(uint32_t d) {
    const uint32_t root = reciprocal_roots[(d >> 26) - 32];
    uint32_t r = root * root << 16;
    for (int i = 0; i < 3; i++) r = mulhi(r, 0u - mulhi(d, r)) << 1;
    return r;
}

f32 fixed_fatan2(f32 y, f32 x);
f32 fixed_fatan2(f32 y, f32 x) {
    const f32 sign = y & F32_SIGN;
    int ey = exponent(y), ex = exponent(x);
    scaled_t small = {significand(y), ey}, large = {significand(x), ex};
    if (ey == 255 || (ey == 0 && ex != 0)) small.m = ey ? 0x80000000u : 0;
    if (ex == 255) large.m = 0x80000000u;
    if (ey == 0) small = (scaled_t){0, -400};
    if (ex == 0) large = ey == 0 ? (scaled_t){0x80000000u, 0} : (scaled_t){0, -400};
    if (ey == 255 && ex != 255) small.e = 400;
    if (ex == 255 && ey != 255) large.e = 400;
    const int steep = small.e > large.e || (small.e == large.e && small.m > large.m);
    if (steep) {
        const scaled_t swap = small;
        small = large;
        large = swap;
    }
    // t = small / large up to tan(pi / 8), else (large - small) / (large + small) and pi / 4 less.
    const int distance = large.e - small.e;
    uint32_t numerator = small.m, denominator = large.m;
    int e = -distance, eighth = 0;
    if (numerator && distance < 3) {
        const uint32_t s = numerator >> distance >> 1, l = denominator >> 1;
        if (s > mulhi(l, TAN_EIGHTH)) {
            eighth = 1;
            numerator = l - s;
            denominator = l + s;
            e = 0;
            if (!(denominator >> 31)) {
                denominator <<= 1;
                e++;
            }
            if (numerator) {
                const unsigned zeros = count_zeros_32(numerator);
                numerator <<= zeros;
                e -= (int)zeros;
            }
        }
    }
    if (!eighth) spend(18);
    scaled_t t = normalise((uint64_t)mulhi(numerator, reciprocal(denominator)) << 1, e - 32);
    if (t.m) t = odd_series(ARCTAN, ARCTAN_TERMS, t, 1);
    if (!eighth && !steep && !(x & F32_SIGN)) return t.m ? pack(sign, t) : sign;
    // Angle in units of 2^-30.
    const int shift = -(t.e + 30);
    uint32_t angle = shift < 32 ? t.m >> shift : 0;
    if (eighth) angle = PI_30 / 4 - angle;
    if (steep) angle = PI_30 / 2 - angle;
    if (x & F32_SIGN) angle = PI_30 - angle;
    return sign | rom_ufix2float(angle, 30);
}
