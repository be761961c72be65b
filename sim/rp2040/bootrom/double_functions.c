// Elementary functions in double precision by fixed-point series; see single_functions.c, of which these are the 64-bit
// versions.
#include "float.h"
#include "series.inc"

const int64_t LN_ROW_62[32] = {LN_ROW_62_VALUES};
const uint16_t LN_SCALE[32] = {LN_SCALE_VALUES};

typedef struct {
    uint64_t m;  // leading one in bit 63, or 0
    int e;       // value m * 2^e
} scaled_t;

static int exponent(f64 a) { return (int)(a >> 52 & 0x7ff); }
static uint64_t significand(f64 a) { return a << 11 | 1ull << 63; }
static f64 pack(f64 sign, scaled_t v) { return v.m ? sign | rom_ufix642double(v.m, -v.e) : 0; }
static uint32_t upper(uint64_t v) { return (uint32_t)(v >> 32); }

static scaled_t normalise(uint64_t high, uint64_t low, int e) {
    if (!high) {
        if (!low) return (scaled_t){0, 0};
        high = low;
        low = 0;
        e -= 64;
    }
    const unsigned zeros = count_zeros_64(high);
    return (scaled_t){zeros ? high << zeros | low >> (64 - zeros) : high, e - (int)zeros};
}

/* The last terms of a series, for which one word is enough: the lower where the coefficients are below 2^-32, the upper
   where powers of x make up for what is cut off. */
static uint32_t one_word(const uint32_t* c, int first, int terms, uint32_t x, int alternating) {
    uint32_t sum = c[2 * terms - 2];
    for (int i = 2 * terms - 4; i >= 2 * first; i -= 2) {
        const uint32_t part = mulhi(x, sum);
        sum = alternating ? c[i] - part : c[i] + part;
    }
    return sum;
}
static const uint32_t* words(const uint64_t* c) { return (const uint32_t*)(const void*)c; }

/* c[0] + x (c[1] + ...), or with minus signs, of powers of x that from `first` on are below 2^-28. */
static uint64_t power_series(const uint64_t* c, int first, int terms, uint64_t x, int alternating) {
    const uint64_t sum = (uint64_t)one_word(words(c) + 1, first, terms, upper(x), alternating) << 32;
    return alternating ? rom_series_minus(c, first, x, sum) : rom_series_plus(c, first, x, sum);
}

/* v^2 in units of 2^-64, v below 1. */
static uint64_t square(scaled_t v) {
    const int shift = -2 * (v.e + 64);
    return shift > 63 ? 0 : rom_mulhi64(v.m, v.m) >> shift;
}

/* v - v^3 series. */
static scaled_t odd_series(scaled_t v, uint64_t s, uint64_t series) {
    const uint64_t rest = v.m - rom_mulhi64(v.m, rom_mulhi64(s, series));
    return rest >> 63 ? (scaled_t){rest, v.e} : (scaled_t){rest << 1, v.e - 1};
}

/* ln a for a from 1 - 1/64 to 1 + 1/32. */
f64 fixed_dln_near_one(f64 a);
f64 fixed_dln_near_one(f64 a) {
    const int below = exponent(a) < 1023;
    const uint64_t m = significand(a), rest = below ? 0 - m : m << 1;  // |a - 1| in units of 2^-64
    if (!rest) return 0;
    scaled_t log = normalise(rest, 0, -64);
    const uint64_t series = power_series(LOGARITHM_64, 4, LOGARITHM_64_TERMS, rest, !below);
    const uint64_t part = rom_mulhi64(log.m, rom_mulhi64(rest, series));
    const uint64_t sum = below ? log.m + part : log.m - part;
    if (below && sum < part)
        log = (scaled_t){sum >> 1 | 1ull << 63, log.e + 1};
    else
        log = sum >> 63 ? (scaled_t){sum, log.e} : (scaled_t){sum << 1, log.e - 1};
    return pack(below ? F64_SIGN : 0, log);
}

/* 2^127 / d for d with its leading one in bit 63. */
static uint64_t reciprocal(uint64_t d) {
    const uint32_t high = upper(d), root = reciprocal_roots[(high >> 26) - 32];
    uint32_t r = root * root << 16;
    for (int i = 0; i < 3; i++) r = mulhi(r, 0u - mulhi(high, r)) << 1;
    const uint64_t r64 = (uint64_t)r << 32;
    return rom_mulhi64(r64, 0ull - rom_mulhi64(d, r64)) << 1;
}

f64 fixed_datan2(f64 y, f64 x);
f64 fixed_datan2(f64 y, f64 x) {
    const f64 sign = y & F64_SIGN;
    const int ey = exponent(y), ex = exponent(x);
    scaled_t small = {significand(y), ey}, large = {significand(x), ex};
    if (ey == 2047) small = (scaled_t){1ull << 63, ex == 2047 ? 0 : 4000};
    if (ex == 2047) large = (scaled_t){1ull << 63, ey == 2047 ? 0 : 4000};
    if (ey == 0) small = (scaled_t){0, -4000};
    if (ex == 0) large = ey == 0 ? (scaled_t){1ull << 63, 0} : (scaled_t){0, -4000};
    const int steep = small.e > large.e || (small.e == large.e && small.m > large.m);
    if (steep) {
        const scaled_t swap = small;
        small = large;
        large = swap;
    }
    // t = small / large up to tan(pi / 8), else (large - small) / (large + small) and pi / 4 less.
    const int distance = large.e - small.e;
    uint64_t numerator = small.m, denominator = large.m;
    int e = -distance, eighth = 0;
    if (numerator && distance < 3) {
        const uint64_t s = numerator >> distance, l = denominator;
        if (upper(s) > mulhi(upper(l), TAN_EIGHTH)) {
            eighth = 1;
            const scaled_t difference = normalise(l - s, 0, 0);
            numerator = difference.m;
            e = difference.e;
            const uint64_t sum = l + s;
            denominator = sum < l ? sum >> 1 | 1ull << 63 : sum;
            if (sum < l) e--;
        }
    }
    if (!eighth) spend(48);
    scaled_t t = normalise(rom_mulhi64(numerator, reciprocal(denominator)), 0, 1);
    t.e += e - 64;
    if (t.m) {
        const uint64_t s = square(t);
        t = odd_series(t, s, power_series(ARCTAN_64, 11, ARCTAN_64_TERMS, s, 1));
    }
    if (!eighth && !steep && !(x & F64_SIGN)) return t.m ? pack(sign, t) : sign;
    // Angle in units of 2^-62.
    const int shift = -(t.e + 62);
    uint64_t angle = t.m && shift < 64 ? t.m >> shift : 0;
    if (eighth) angle = PI_62 / 4 - angle;
    if (steep) angle = PI_62 / 2 - angle;
    if (x & F64_SIGN) angle = PI_62 - angle;
    return sign | rom_ufix642double(angle, 62);
}
