// Elementary functions in double precision: range reduction, then a power series evaluated by Horner's rule.
// Single precision results are the double results rounded. Coefficients: tables made by scripts/build_bootrom.py.
#include "float.h"
#include "series.inc"

#define HALF 0x3fe0000000000000ull
#define ONE 0x3ff0000000000000ull
#define TWO 0x4000000000000000ull

static int exponent(f64 a) { return (int)(a >> 52 & 0x7ff) - 1023; }
static f64 negate(f64 a) { return a ^ F64_SIGN; }
static int is_zero(f64 a) { return exponent(a) == -1023; }
static int is_infinite(f64 a) { return exponent(a) == 1024; }

/* a * 2^n, saturating to zero and infinity. */
static f64 scale(f64 a, int n) {
    if (is_zero(a)) return a;
    const int e = exponent(a) + n;
    if (e > 1023) return (a & F64_SIGN) | F64_INFINITY;
    if (e < -1022) return a & F64_SIGN;
    return a + ((uint64_t)(int64_t)n << 52);
}

static f64 horner(const f64* coefficients, unsigned count, f64 x) {
    f64 sum = coefficients[count - 1];
    for (int i = (int)count - 2; i >= 0; i--) sum = rom_dadd(rom_dmul(sum, x), coefficients[i]);
    return sum;
}

/* Nearest integer n to a / part, and a - n * part with part split in two so that n * part_high is exact. */
static int32_t reduce(f64 a, f64 inverse, f64 part_high, f64 part_low, f64* rest) {
    const int32_t n = rom_double2int(rom_dadd(rom_dmul(a, inverse), HALF));
    const f64 factor = rom_int2double(n);
    *rest = rom_dsub(rom_dsub(a, rom_dmul(factor, part_high)), rom_dmul(factor, part_low));
    return n;
}

/* out[0] = sin a, out[1] = cos a. The caller keeps |a| small (the SDK: below 1024). */
void rom_sincos_pair(f64 a, f64 out[2]);
void rom_sincos_pair(f64 a, f64 out[2]) {
    f64 r;
    if (exponent(a) < -30) {
        out[0] = a;
        out[1] = ONE;
        return;
    }
    const int32_t quadrant = reduce(a, TWO_OVER_PI, PI_HALF_HIGH, PI_HALF_LOW, &r);
    const f64 square = rom_dmul(r, r);
    f64 sine = rom_dadd(r, rom_dmul(rom_dmul(r, square), horner(SINE, SINE_TERMS, square)));
    f64 cosine = rom_dadd(ONE, rom_dmul(square, horner(COSINE, COSINE_TERMS, square)));
    if (quadrant & 1) {
        const f64 swap = sine;
        sine = cosine;
        cosine = negate(swap);
    }
    out[0] = quadrant & 2 ? negate(sine) : sine;
    out[1] = quadrant & 2 ? negate(cosine) : cosine;
}

f64 rom_dsin(f64 a) {
    f64 pair[2];
    rom_sincos_pair(a, pair);
    return pair[0];
}
f64 rom_dcos(f64 a) {
    f64 pair[2];
    rom_sincos_pair(a, pair);
    return pair[1];
}
f64 rom_dtan(f64 a) {
    f64 pair[2];
    rom_sincos_pair(a, pair);
    return rom_ddiv(pair[0], pair[1]);
}

f64 rom_dexp(f64 a) {
    f64 r;
    if (exponent(a) >= 10) return a & F64_SIGN ? 0 : F64_INFINITY;
    if (exponent(a) < -54) return ONE;
    const int32_t n = reduce(a, ONE_OVER_LN2, LN2_HIGH, LN2_LOW, &r);
    return scale(rom_dadd(ONE, rom_dmul(r, horner(EXPONENTIAL, EXPONENTIAL_TERMS, r))), n);
}

f64 rom_dln(f64 a) {
    if (is_zero(a) || a & F64_SIGN) return F64_SIGN | F64_INFINITY;
    if (is_infinite(a)) return a;
    int n = exponent(a);
    f64 m = scale(a, -n);
    if (m > SQRT2) {
        m = scale(m, -1);
        n++;
    }
    // ln m = 2 artanh s, s = (m - 1) / (m + 1); the leading 2s is added last to keep its precision.
    const f64 s = rom_ddiv(rom_dsub(m, ONE), rom_dadd(m, ONE));
    const f64 square = rom_dmul(s, s), twice = rom_dadd(s, s), count = rom_int2double(n);
    f64 sum = rom_dmul(twice, rom_dmul(square, horner(ARTANH, ARTANH_TERMS, square)));
    sum = rom_dadd(rom_dadd(sum, rom_dmul(count, LN2_LOW)), twice);
    return rom_dadd(rom_dmul(count, LN2_HIGH), sum);
}

/* Angle of (x, y). atan t = atan(k / 8) + atan((t - k / 8) / (1 + t k / 8)) with k / 8 nearest to t in 0..1. */
f64 rom_datan2(f64 y, f64 x) {
    const f64 ay = y & ~F64_SIGN, ax = x & ~F64_SIGN;
    const int swap = ay > ax;
    f64 t, angle = 0;
    if (is_zero(ay) && is_zero(ax))
        t = 0;
    else if (is_infinite(ay) && is_infinite(ax))
        t = ONE;
    else
        t = swap ? rom_ddiv(ax, ay) : rom_ddiv(ay, ax);
    if (exponent(t) >= -30) {
        const int32_t k = rom_double2int(rom_dadd(scale(t, 3), HALF));
        const f64 step = scale(rom_int2double(k), -3);
        const f64 r = rom_ddiv(rom_dsub(t, step), rom_dadd(ONE, rom_dmul(t, step)));
        const f64 square = rom_dmul(r, r);
        const f64 tail = rom_dmul(r, rom_dmul(square, horner(ARCTAN, ARCTAN_TERMS, square)));
        angle = rom_dadd(ARCTAN_STEP[k], rom_dadd(r, tail));
    } else {
        angle = t;
    }
    if (swap) angle = rom_dsub(PI_HALF, angle);
    if (x & F64_SIGN) angle = rom_dsub(PI, angle);
    return y & F64_SIGN ? negate(angle) : angle;
}

f32 rom_fcos(f32 a) { return rom_double2float(rom_dcos(rom_float2double(a))); }
f32 rom_ftan(f32 a) { return rom_double2float(rom_dtan(rom_float2double(a))); }
f32 rom_fexp(f32 a) { return rom_double2float(rom_dexp(rom_float2double(a))); }
f32 rom_fln(f32 a) { return rom_double2float(rom_dln(rom_float2double(a))); }
f32 rom_fatan2(f32 y, f32 x) { return rom_double2float(rom_datan2(rom_float2double(y), rom_float2double(x))); }

/* Sine in the low word, cosine in the high word: callers of the single precision entry rely on both. */
uint64_t rom_fsincos(f32 a) {
    f64 pair[2];
    rom_sincos_pair(rom_float2double(a), pair);
    return (uint64_t)rom_double2float(pair[1]) << 32 | rom_double2float(pair[0]);
}
