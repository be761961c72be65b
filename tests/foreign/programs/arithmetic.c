/* Hardware divider and interpolators as the SDK uses them, the ROM's bit, memory and floating-point functions. */
#include "sdk.h"

enum { ACCUM0 = 0x80, ACCUM1 = 0x84, BASE0 = 0x88, BASE1 = 0x8c, BASE2 = 0x90, POP0 = 0x94, POP1 = 0x98, POP2 = 0x9c };
enum { PEEK0 = 0xa0, PEEK1 = 0xa4, PEEK2 = 0xa8, LANE0 = 0xac, LANE1 = 0xb0, ADD0 = 0xb4, BASE1AND0 = 0xbc };

static uint32_t bits_of(float value) {
    union {
        float f;
        uint32_t u;
    } both = {.f = value};
    return both.u;
}

static int32_t divide(int32_t a, int32_t b, int32_t* rest) {
    REG(SIO + 0x68) = (uint32_t)a;
    REG(SIO + 0x6c) = (uint32_t)b;
    for (int n = 0; n < 2; n++) __asm__ volatile("nop\n\tnop\n\tnop\n\tnop");
    *rest = (int32_t)REG(SIO + 0x74);
    return (int32_t)REG(SIO + 0x70);
}

typedef uint32_t (*one_word)(uint32_t);
typedef uint32_t (*two_words)(uint32_t, uint32_t);
typedef void* (*copy_function)(void*, const void*, size_t);
typedef void* (*set_function)(void*, int, size_t);

int main(void) {
    sdk_init();
    int32_t rest;
    show_hex("quotient", (uint32_t)divide(-1000, 7, &rest));
    show_hex("remainder", (uint32_t)rest);
    show_hex("by_zero", (uint32_t)divide(5, 0, &rest));
    REG(SIO + 0x60) = 123456;
    REG(SIO + 0x64) = 321;
    while (!(REG(SIO + 0x78) & 1)) {
    }
    /* A handler saves and restores the divider, quotient last. */
    const uint32_t saved[] = {REG(SIO + 0x60), REG(SIO + 0x64), REG(SIO + 0x74), REG(SIO + 0x70)};
    divide(99, 10, &rest);
    REG(SIO + 0x60) = saved[0];
    REG(SIO + 0x64) = saved[1];
    REG(SIO + 0x74) = saved[2];
    REG(SIO + 0x70) = saved[3];
    show("restored", REG(SIO + 0x70) * 1000 + REG(SIO + 0x74));

    /* Times tables: lane 0 adds its base at each pop. */
    REG(SIO + LANE0) = 31u << 10;
    REG(SIO + ACCUM0) = 0;
    REG(SIO + BASE0) = 9;
    uint32_t total = 0;
    for (int n = 0; n < 10; n++) total += REG(SIO + POP0);
    show("times_table", total);

    /* Linear interpolation: blend mode of interpolator 0, signed between base 0 and 1. */
    REG(SIO + LANE0) = 31u << 10 | 1u << 21;
    REG(SIO + LANE1) = 31u << 10 | 1u << 15;
    REG(SIO + BASE0) = (uint32_t)-1000;
    REG(SIO + BASE1) = 1000;
    total = 0;
    for (uint32_t alpha = 0; alpha < 256; alpha += 64) {
        REG(SIO + ACCUM1) = alpha;
        total = total * 16 + (uint32_t)((int32_t)REG(SIO + PEEK1) + 1000) / 500;
    }
    show_hex("lerp", total);

    /* Clamp: interpolator 1, signed. */
    REG(SIO + LANE0 + 0x40) = 2 | 29u << 10 | 1u << 15 | 1u << 22;
    REG(SIO + BASE0 + 0x40) = (uint32_t)-10;
    REG(SIO + BASE1 + 0x40) = 20;
    const int32_t inputs[] = {-1024, -16, 40, 1024};
    total = 0;
    for (int n = 0; n < 4; n++) {
        REG(SIO + ACCUM0 + 0x40) = (uint32_t)inputs[n];
        total = total * 100 + (uint32_t)((int32_t)REG(SIO + PEEK0 + 0x40) + 10);
    }
    show("clamped", total);

    /* Texture address: lanes shift and mask u and v, base 2 is added to both. */
    REG(SIO + LANE0) = 14 | 2u << 5 | 5u << 10;
    REG(SIO + LANE1) = 12 | 6u << 5 | 9u << 10;
    REG(SIO + ACCUM0) = 3u << 16;
    REG(SIO + ACCUM1) = 5u << 16;
    REG(SIO + BASE2) = 0x1000;
    show_hex("texel", REG(SIO + PEEK2));

    const one_word popcount = (one_word)rom_function('P', '3'), reverse = (one_word)rom_function('R', '3'),
                   clz = (one_word)rom_function('L', '3'), ctz = (one_word)rom_function('T', '3');
    show("popcount", popcount(0xf00f0001));
    show_hex("reverse", reverse(0x00000005));
    show("clz", clz(0x00010000) * 100 + ctz(0x00010000));
    static uint8_t a[40], b[40];
    ((set_function)rom_function('M', 'S'))(a, 0x5a, 40);
    ((copy_function)rom_function('M', 'C'))(b + 1, a, 33);
    show("memory", a[39] == 0x5a && b[33] == 0x5a && b[34] == 0 && b[0] == 0);
    show("absent", rom_function('Z', 'Z') == NULL);

    const uint32_t* soft = rom_data('S', 'F');
    const two_words add = (two_words)soft[0], subtract = (two_words)soft[1], multiply = (two_words)soft[2],
                    quotient = (two_words)soft[3];
    const one_word root = (one_word)soft[6], to_int = (one_word)soft[7], from_int = (one_word)soft[11],
                   cosine = (one_word)soft[15];
    const uint32_t x = from_int(3), y = from_int((uint32_t)-7);
    show_hex("sum", add(x, y));
    show_hex("difference", subtract(x, y));
    show_hex("product", multiply(x, y));
    show_hex("ratio", quotient(from_int(1), x));
    show_hex("root", root(from_int(2)));
    show_hex("floor", to_int(multiply(x, bits_of(-0.5f))));
    show_hex("cosine", cosine(0));
    show_hex("copyright", *(const uint32_t*)rom_data('C', 'R') != 0);
    flush();
    return 0;
}
