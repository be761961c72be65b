/* Erase and program through the ROM while XIP is off, back through the copied second stage; the unique id. */
#include "sdk.h"

typedef void (*void_function)(void);
typedef void (*erase_function)(uint32_t, size_t, uint32_t, uint8_t);
typedef void (*program_function)(uint32_t, const uint8_t*, size_t);

enum { TARGET = 0x100000 };
static uint32_t boot2_copy[64];
static bool boot2_valid;
static uint8_t page[512];

static void copy_boot2(void) {
    if (boot2_valid) return;
    for (unsigned n = 0; n < 64; n++) boot2_copy[n] = REG(0x10000000 + 4 * n);
    __asm__ volatile("" ::: "memory");
    boot2_valid = true;
}

TIME_CRITICAL("erase") static void flash_erase(uint32_t offset, size_t count) {
    const void_function connect = (void_function)rom_function('I', 'F'), leave = (void_function)rom_function('E', 'X'),
                        flush_cache = (void_function)rom_function('F', 'C');
    const erase_function erase = (erase_function)rom_function('R', 'E');
    copy_boot2();
    __asm__ volatile("" ::: "memory");
    connect();
    leave();
    erase(offset, count, 1u << 16, 0xd8);
    flush_cache();
    ((void_function)((uintptr_t)boot2_copy + 1))();
}

TIME_CRITICAL("program") static void flash_program(uint32_t offset, const uint8_t* data, size_t count) {
    const void_function connect = (void_function)rom_function('I', 'F'), leave = (void_function)rom_function('E', 'X'),
                        flush_cache = (void_function)rom_function('F', 'C');
    const program_function program = (program_function)rom_function('R', 'P');
    copy_boot2();
    __asm__ volatile("" ::: "memory");
    connect();
    leave();
    program(offset, data, count);
    flush_cache();
    ((void_function)((uintptr_t)boot2_copy + 1))();
}

TIME_CRITICAL("select") static void chip_select(bool high) {
    REG(IO_QSPI + 0xc + XOR_ALIAS) = (REG(IO_QSPI + 0xc) ^ (high ? 3u : 2u) << 8) & 3u << 8;
}

/* Any command while XIP is off, as SDK's flash_do_cmd does it. */
TIME_CRITICAL("command") static void flash_command(const uint8_t* tx, uint8_t* rx, size_t count) {
    const void_function connect = (void_function)rom_function('I', 'F'), leave = (void_function)rom_function('E', 'X'),
                        flush_cache = (void_function)rom_function('F', 'C');
    copy_boot2();
    __asm__ volatile("" ::: "memory");
    connect();
    leave();
    chip_select(false);
    size_t to_send = count, to_receive = count;
    while (to_send || to_receive) {
        const uint32_t status = REG(SSI + 0x28);
        if (status & 2 && to_send && to_receive - to_send < 14) {
            REG(SSI + 0x60) = *tx++;
            to_send--;
        }
        if (status & 8 && to_receive) {
            *rx++ = (uint8_t)REG(SSI + 0x60);
            to_receive--;
        }
    }
    chip_select(true);
    flush_cache();
    ((void_function)((uintptr_t)boot2_copy + 1))();
}

/* Whole words straight from the SSI, paced by its DREQ, while nothing runs from flash: the fastest way to read it. */
TIME_CRITICAL("bulk") static void read_by_dma(uint32_t* to, uint32_t offset, uint32_t words) {
    REG(SSI + 0x08) = 0;
    REG(SSI + 0x04) = words - 1;
    REG(SSI + 0x4c) = 3;
    REG(SSI + 0x08) = 1;
    REG(DMA + 0x0) = SSI + 0x60;
    REG(DMA + 0x4) = (uint32_t)to;
    REG(DMA + 0x8) = words;
    REG(DMA + 0xc) = 1 | 2u << 2 | 1u << 5 | 39u << 15 | 1u << 22; /* byte-swapped */
    REG(SSI + 0x60) = offset << 8 | 0xa0;
    while (REG(DMA + 0xc) & 1u << 24) {
    }
    REG(SSI + 0x08) = 0;
    REG(SSI + 0x04) = 0;
    REG(SSI + 0x4c) = 0;
    REG(SSI + 0x08) = 1;
}

static uint32_t sum(uint32_t offset, uint32_t count) {
    uint32_t total = 0;
    for (uint32_t n = 0; n < count; n++) total = total * 31 + REG8(0x10000000 + offset + n);
    return total;
}

int main(void) {
    sdk_init();
    uint32_t state = disable_interrupts();
    flash_erase(TARGET, 0x11000);
    restore_interrupts(state);
    uint32_t blank = 1;
    for (uint32_t n = 0; n < 0x11000; n += 4) blank &= REG(0x10000000 + TARGET + n) == 0xffffffff;
    show("blank", blank);

    for (unsigned n = 0; n < sizeof page; n++) page[n] = (uint8_t)(n * 7);
    state = disable_interrupts();
    flash_program(TARGET + 256, page, sizeof page);
    restore_interrupts(state);
    uint32_t equal = 1;
    for (unsigned n = 0; n < sizeof page; n++) equal &= REG8(0x10000000 + TARGET + 256 + n) == page[n];
    show("equal", equal);
    show("below", REG(0x10000000 + TARGET) == 0xffffffff);
    show("uncached", REG(0x13000000 + TARGET + 256) == REG(0x10000000 + TARGET + 256));
    show_hex("sum", sum(TARGET, 1024));

    /* Programming again only clears bits. */
    page[0] = 0xff;
    page[1] = 0x00;
    state = disable_interrupts();
    flash_program(TARGET + 256, page, 256);
    restore_interrupts(state);
    show_hex("anded", REG16(0x10000000 + TARGET + 256));

    uint8_t tx[13] = {0x4b}, rx[13];
    flash_command(tx, rx, 13);
    show_hex("unique_high", (uint32_t)rx[5] << 24 | (uint32_t)rx[6] << 16 | (uint32_t)rx[7] << 8 | rx[8]);
    show_hex("unique_low", (uint32_t)rx[9] << 24 | (uint32_t)rx[10] << 16 | (uint32_t)rx[11] << 8 | rx[12]);
    uint8_t id[4] = {0x9f}, answer[4];
    flash_command(id, answer, 4);
    show_hex("jedec", (uint32_t)answer[1] << 16 | (uint32_t)answer[2] << 8 | answer[3]);

    /* The cache as the SDK's examples use it: counters, flush, stream. */
    REG(XIP_CTRL + 0xc) = 0;
    REG(XIP_CTRL + 0x10) = 0;
    for (unsigned n = 0; n < 64; n++) (void)REG(0x10000000 + TARGET + 256 + 4 * n);
    show("accesses", REG(XIP_CTRL + 0x10) >= 64);
    while (!(REG(XIP_CTRL + 8) & 2)) (void)REG(XIP_CTRL + 0x1c);
    REG(XIP_CTRL + 0x14) = 0x10000000 + TARGET + 256;
    REG(XIP_CTRL + 0x18) = 16;
    uint32_t streamed = 1;
    for (unsigned n = 0; n < 16; n++) {
        while (REG(XIP_CTRL + 8) & 2) {
        }
        streamed &= REG(XIP_CTRL + 0x1c) == REG(0x13000000 + TARGET + 256 + 4 * n);
    }
    show("streamed", streamed);
    static uint32_t bulk[32];
    read_by_dma(bulk, TARGET + 256, 32);
    uint32_t same = 1;
    for (unsigned n = 0; n < 32; n++) same &= bulk[n] == REG(0x13000000 + TARGET + 256 + 4 * n);
    show("bulk", same);
    flush();
    return 0;
}
