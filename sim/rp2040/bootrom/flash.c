// Flash access through the SSI in plain SPI mode, with the chip select forced by the pin override so that an
// interrupt between two bytes cannot end the command.
#include "rom.h"

enum { CMD_PROGRAM = 0x02, CMD_READ = 0x03, CMD_STATUS = 0x05, CMD_WRITE_ENABLE = 0x06, CMD_ERASE_4K = 0x20 };
enum { STATUS_BUSY = 1, PAGE = 256, SECTOR = 4096, SSI_FIFO_DEPTH = 16 };
typedef enum { SELECT_NORMAL = 0, SELECT_LOW = 2, SELECT_HIGH = 3 } chip_select_t;

static void chip_select(chip_select_t level) {
    REG(IO_QSPI_SS_CTRL) = (uint32_t)level << 8;
    (void)REG(IO_QSPI_SS_CTRL);  // the read returns after the write took effect
}

// Sends `count` bytes and stores what comes back after the first `skip` bytes. NULL sends zeros / drops.
static void transfer(const uint8_t* tx, uint8_t* rx, size_t count, size_t skip) {
    size_t to_send = count, to_receive = count + skip;
    while (to_receive) {
        if (to_send && REG(SSI_TXFLR) + REG(SSI_RXFLR) < SSI_FIFO_DEPTH - 2) {
            REG(SSI_DR0) = tx ? *tx++ : 0;
            to_send--;
        }
        if (REG(SSI_RXFLR)) {
            const uint8_t byte = (uint8_t)REG(SSI_DR0);
            if (skip)
                skip--;
            else if (rx)
                *rx++ = byte;
            to_receive--;
        }
    }
    chip_select(SELECT_HIGH);
}

static void command(uint8_t code, uint8_t* rx, size_t count) {
    chip_select(SELECT_LOW);
    REG(SSI_DR0) = code;
    transfer(NULL, rx, count, 1);
}

static void command_with_address(uint8_t code, uint32_t address) {
    chip_select(SELECT_LOW);
    REG(SSI_DR0) = code;
    for (int shift = 16; shift >= 0; shift -= 8) REG(SSI_DR0) = (address >> shift) & 0xff;
}

static void wait_ready(void) {
    uint8_t status;
    do command(CMD_STATUS, &status, 1);
    while (status & STATUS_BUSY);
}

static void erase(uint8_t code, uint32_t address) {
    command(CMD_WRITE_ENABLE, NULL, 0);
    command_with_address(code, address);
    transfer(NULL, NULL, 0, 4);
    wait_ready();
}

void connect_internal_flash(void) {
    REG(RESETS_RESET + ALIAS_SET) = RESET_IO_QSPI | RESET_PADS_QSPI;
    REG(RESETS_RESET + ALIAS_CLR) = RESET_IO_QSPI | RESET_PADS_QSPI;
    while (~REG(RESETS_RESET_DONE) & (RESET_IO_QSPI | RESET_PADS_QSPI)) {
    }
    for (unsigned pin = 0; pin < 6; pin++) REG(IO_QSPI_CTRL(pin)) = 0;  // function 0: the XIP controller
}

void flash_set_clock_mode(uint32_t scpol_scph) {
    REG(SSI_SSIENR) = 0;
    REG(SSI_CTRLR0) = (REG(SSI_CTRLR0) & ~(3u << 6)) | scpol_scph << 6;
    REG(SSI_SSIENR) = 1;
}

// Leaves any continuous-read mode: 32 clocks deselected with the data lines low, 32 selected with them high,
// then two bytes of ones in a frame of their own.
void flash_exit_xip(void) {
    REG(SSI_SSIENR) = 0;
    (void)REG(SSI_SR);
    (void)REG(SSI_ICR);
    REG(SSI_BAUDR) = 6;
    REG(SSI_CTRLR0) = 7u << 16;  // 8-bit frames, standard SPI, transmit and receive
    REG(SSI_SER) = 1;
    REG(SSI_SSIENR) = 1;

    const uint32_t saved = REG(PADS_QSPI_SD(0));
    const uint32_t undriven = (saved & ~(PAD_PUE | PAD_PDE)) | PAD_OD;
    chip_select(SELECT_HIGH);
    for (int ones = 0; ones < 2; ones++) {
        for (unsigned n = 0; n < 4; n++) REG(PADS_QSPI_SD(n)) = undriven | (ones ? PAD_PUE : PAD_PDE);
        for (uint32_t settle = 2048; settle; settle--) __asm__ volatile("");
        if (ones) chip_select(SELECT_LOW);
        transfer(NULL, NULL, 4, 0);
    }
    for (unsigned n = 0; n < 4; n++) REG(PADS_QSPI_SD(n)) = saved;
    static const uint8_t ones[2] = {0xff, 0xff};
    chip_select(SELECT_LOW);
    transfer(ones, NULL, 2, 0);
    chip_select(SELECT_NORMAL);
}

void flash_read(uint32_t address, uint8_t* data, size_t count) {
    command_with_address(CMD_READ, address);
    transfer(NULL, data, count, 4);
}

void flash_range_erase(uint32_t address, size_t count, uint32_t block_size, uint8_t block_command) {
    const uint32_t end = address + count;
    while (address < end) {
        if (!(address & (block_size - 1)) && end - address >= block_size) {
            erase(block_command, address);
            address += block_size;
        } else {
            erase(CMD_ERASE_4K, address);
            address += SECTOR;
        }
    }
}

void flash_range_program(uint32_t address, const uint8_t* data, size_t count) {
    for (const uint32_t end = address + count; address < end; address += PAGE, data += PAGE) {
        command(CMD_WRITE_ENABLE, NULL, 0);
        command_with_address(CMD_PROGRAM, address);
        transfer(data, NULL, PAGE, 4);
        wait_ready();
    }
}

void flash_flush_cache(void) {
    REG(XIP_FLUSH) = 1;
    (void)REG(XIP_FLUSH);  // stalls until the flush is done
    REG(XIP_CTRL + ALIAS_SET) = 1;
    chip_select(SELECT_NORMAL);
}

void flash_enter_cmd_xip(void) {
    REG(SSI_SSIENR) = 0;
    REG(SSI_CTRLR0) = 31u << 16 | 3u << 8;  // 32-bit frames, EEPROM read: instruction and address, then data
    REG(SSI_SPI_CTRLR0) = (uint32_t)CMD_READ << 24 | 2u << 8 | 6u << 2;  // 8-bit instruction, 24-bit address
    REG(SSI_CTRLR1) = 0;
    REG(SSI_SSIENR) = 1;
}
