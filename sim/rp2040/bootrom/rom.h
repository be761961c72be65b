// Registers that the boot ROM touches (datasheet 2.14, 2.6.3, 4.10, 2.19.6.2, 4.7.6).
#ifndef BOOTROM_ROM_H
#define BOOTROM_ROM_H

#include <stddef.h>
#include <stdint.h>

#define REG(address) (*(volatile uint32_t*)(address))

#define RESETS_RESET 0x4000c000u
#define RESETS_RESET_DONE 0x4000c008u
#define ALIAS_SET 0x2000u
#define ALIAS_CLR 0x3000u
#define RESET_IO_QSPI (1u << 6)
#define RESET_PADS_QSPI (1u << 9)

#define XIP_CTRL 0x14000000u
#define XIP_FLUSH 0x14000004u

#define SSI_CTRLR0 0x18000000u
#define SSI_CTRLR1 0x18000004u
#define SSI_SSIENR 0x18000008u
#define SSI_SER 0x18000010u
#define SSI_BAUDR 0x18000014u
#define SSI_TXFLR 0x18000020u
#define SSI_RXFLR 0x18000024u
#define SSI_SR 0x18000028u
#define SSI_ICR 0x18000048u
#define SSI_DR0 0x18000060u
#define SSI_SPI_CTRLR0 0x180000f4u

#define IO_QSPI_CTRL(pin) (0x40018004u + 8u * (pin))
#define IO_QSPI_SS_CTRL IO_QSPI_CTRL(1)
#define PADS_QSPI_SD(n) (0x40020008u + 4u * (n))
#define PAD_OD (1u << 7)
#define PAD_PUE (1u << 3)
#define PAD_PDE (1u << 2)

#define WATCHDOG_CTRL 0x40058000u
#define WATCHDOG_SCRATCH(n) (0x4005800cu + 4u * (n))
#define PSM_WDSEL 0x40010008u

/* Flash, called through the function table; see flash.c. */
void connect_internal_flash(void);
void flash_exit_xip(void);
void flash_range_erase(uint32_t address, size_t count, uint32_t block_size, uint8_t block_command);
void flash_range_program(uint32_t address, const uint8_t* data, size_t count);
void flash_flush_cache(void);
void flash_enter_cmd_xip(void);
void flash_read(uint32_t address, uint8_t* data, size_t count);
void flash_set_clock_mode(uint32_t scpol_scph);

#endif
