/* Copies of all widths, control blocks that program another channel, the sniffer, pacing timers, rings, abort. */
#include "sdk.h"

#define CHANNEL(n) (DMA + 0x40 * (n))
enum { READ, WRITE = 4, COUNT = 8, TRIG = 12, AL1_CTRL = 16, AL3_COUNT = 0x38, AL3_READ_TRIG = 0x3c };
enum {
    EN = 1,
    WORD = 2 << 2,
    HALF = 1 << 2,
    INCR_READ = 1 << 4,
    INCR_WRITE = 1 << 5,
    QUIET = 1 << 21,
    SNIFF = 1 << 23
};
#define CHAIN(n) ((uint32_t)(n) << 11)
#define TREQ(n) ((uint32_t)(n) << 15)
#define UNPACED TREQ(0x3f)

static uint32_t source[64], target[64];
static volatile uint32_t irqs0, irqs1;
void isr_irq11(void);
void isr_irq11(void) {
    irqs0 |= REG(DMA + 0x40c);
    REG(DMA + 0x40c) = REG(DMA + 0x40c);
}
void isr_irq12(void);
void isr_irq12(void) {
    irqs1 |= REG(DMA + 0x41c);
    REG(DMA + 0x41c) = REG(DMA + 0x41c);
}

static void start(unsigned n, const volatile void* from, volatile void* to, uint32_t count, uint32_t ctrl) {
    REG(CHANNEL(n) + READ) = (uint32_t)from;
    REG(CHANNEL(n) + WRITE) = (uint32_t)to;
    REG(CHANNEL(n) + COUNT) = count;
    REG(CHANNEL(n) + TRIG) = ctrl;
}
static void wait(unsigned n) {
    while (REG(CHANNEL(n) + TRIG) & 1u << 24) {
    }
}
static uint32_t equal(const void* a, const void* b, size_t count) {
    for (size_t n = 0; n < count; n++)
        if (((const uint8_t*)a)[n] != ((const uint8_t*)b)[n]) return 0;
    return 1;
}

int main(void) {
    sdk_init();
    for (unsigned n = 0; n < 64; n++) source[n] = n * 0x01030507u + 0x80;
    irq_enable(11);
    irq_enable(12);
    REG(DMA + 0x404) = 1;
    REG(DMA + 0x414) = 2;

    start(0, source, target, 64, EN | WORD | INCR_READ | INCR_WRITE | CHAIN(0) | UNPACED);
    wait(0);
    show("words", equal(source, target, 256));
    start(1, source, (uint8_t*)target + 1, 100, EN | INCR_READ | INCR_WRITE | CHAIN(1) | UNPACED);
    wait(1);
    show("bytes", equal(source, (uint8_t*)target + 1, 100));
    show("irqs", irqs0 == 1 && irqs1 == 2);

    /* Scatter/gather into the UART: channel 2 writes (count, address) pairs into channel 3's alias 3; zeros end it. */
    static const char *hello = "control ", *world = "blocks\n";
    const struct {
        uint32_t length;
        const char* data;
    } blocks[] = {{8, hello}, {7, world}, {0, NULL}};
    REG(DMA + 0x404) = 1u << 3;
    irqs0 = 0;
    start(3, NULL, (volatile void*)(UART0), 0, 0);
    REG(CHANNEL(3) + AL1_CTRL) = EN | INCR_READ | CHAIN(2) | TREQ(20) | QUIET;
    start(2, blocks, (volatile void*)(CHANNEL(3) + AL3_COUNT), 2,
          EN | WORD | INCR_READ | INCR_WRITE | 1u << 10 | 3u << 6 | CHAIN(2) | UNPACED);
    while (!irqs0) {
    }
    show("quiet_irq", irqs0);

    /* CRC-32 of IEEE 802.3 by the sniffer: reflected, inverted output. */
    static const char check[] = "123456789";
    uint8_t dummy;
    REG(DMA + 0x434) = 1 | 4u << 1 | 1u << 5 | 1u << 10 | 1u << 11;
    REG(DMA + 0x438) = 0xffffffff;
    start(4, check, &dummy, 9, EN | INCR_READ | CHAIN(4) | UNPACED | SNIFF);
    wait(4);
    show_hex("crc_as_is", REG(DMA + 0x438));
    REG(DMA + 0x434) = 1u << 0 | 4u << 1 | 1u << 11;
    REG(DMA + 0x438) = 0;
    start(4, check, &dummy, 9, EN | INCR_READ | CHAIN(4) | UNPACED | SNIFF);
    wait(4);
    show_hex("crc_plain", REG(DMA + 0x438));

    /* Pacing timer 0 at clk_sys / 125: one word a microsecond. */
    REG(DMA + 0x420) = 1u << 16 | 125;
    const uint32_t begun = REG(TIMER + 0x28);
    start(5, source, target, 50, EN | WORD | INCR_READ | INCR_WRITE | CHAIN(5) | TREQ(0x3b));
    wait(5);
    const uint32_t took = REG(TIMER + 0x28) - begun;
    show("paced", took >= 49 && took <= 60 /* start() comes out of flash */);

    /* A write ring of 16 bytes, and an abort in the middle of a paced transfer. */
    static uint32_t ring[4] __attribute__((aligned(16)));
    start(6, source, ring, 6, EN | WORD | INCR_READ | INCR_WRITE | 1u << 10 | 4u << 6 | CHAIN(6) | UNPACED);
    wait(6);
    show("ring", ring[0] == source[4] && ring[1] == source[5] && ring[3] == source[3]);
    REG(DMA + 0x420) = 1u << 16 | 65535;
    start(7, source, target, 1000, EN | WORD | CHAIN(7) | TREQ(0x3b));
    REG(DMA + 0x444) = 1u << 7;
    while (REG(DMA + 0x444)) {
    }
    show("aborted", !(REG(CHANNEL(7) + TRIG) & 1u << 24));
    show("channels", REG(DMA + 0x448));
    flush();
    return 0;
}
