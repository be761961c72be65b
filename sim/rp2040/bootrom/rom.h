// Registers that the boot ROM touches (datasheet 2.14, 2.6.3, 4.10, 2.19.6.2, 4.7.6).
#ifndef BOOTROM_ROM_H
#define BOOTROM_ROM_H

#include <stddef.h>
#include <stdint.h>

#include "rp2040_addresses.h"

#define REG(address) (*(volatile uint32_t*)(address))

#define RESETS_RESET (RESETS_BASE + RESETS_RESET_OFFSET)
#define RESETS_RESET_DONE (RESETS_BASE + RESETS_RESET_DONE_OFFSET)
#define ALIAS_SET 0x2000u
#define ALIAS_CLR 0x3000u
#define RESET_IO_QSPI (1u << 6)
#define RESET_PADS_QSPI (1u << 9)

#define XIP_CTRL (XIP_CTRL_BASE + XIP_CTRL_CTRL_OFFSET)
#define XIP_FLUSH (XIP_CTRL_BASE + XIP_CTRL_FLUSH_OFFSET)

#define SSI_CTRLR0 (XIP_SSI_BASE + XIP_SSI_CTRLR0_OFFSET)
#define SSI_CTRLR1 (XIP_SSI_BASE + XIP_SSI_CTRLR1_OFFSET)
#define SSI_SSIENR (XIP_SSI_BASE + XIP_SSI_SSIENR_OFFSET)
#define SSI_SER (XIP_SSI_BASE + XIP_SSI_SER_OFFSET)
#define SSI_BAUDR (XIP_SSI_BASE + XIP_SSI_BAUDR_OFFSET)
#define SSI_TXFLR (XIP_SSI_BASE + XIP_SSI_TXFLR_OFFSET)
#define SSI_RXFLR (XIP_SSI_BASE + XIP_SSI_RXFLR_OFFSET)
#define SSI_SR (XIP_SSI_BASE + XIP_SSI_SR_OFFSET)
#define SSI_ICR (XIP_SSI_BASE + XIP_SSI_ICR_OFFSET)
#define SSI_DR0 (XIP_SSI_BASE + XIP_SSI_DR_OFFSET)
#define SSI_SPI_CTRLR0 (XIP_SSI_BASE + XIP_SSI_SPI_CTRLR0_OFFSET)

#define IO_QSPI_CTRL(pin) (IO_QSPI_BASE + IO_QSPI_GPIO_QSPI_SCLK_CTRL_OFFSET + 8u * (pin))
#define IO_QSPI_SS_CTRL IO_QSPI_CTRL(1)
#define PADS_QSPI_SD(n) (PADS_QSPI_BASE + PADS_QSPI_GPIO_QSPI_SD_OFFSET + 4u * (n))
#define PAD_OD (1u << 7)
#define PAD_PUE (1u << 3)
#define PAD_PDE (1u << 2)

#define WATCHDOG_CTRL (WATCHDOG_BASE + WATCHDOG_CTRL_OFFSET)
#define WATCHDOG_SCRATCH(n) (WATCHDOG_BASE + WATCHDOG_SCRATCH_OFFSET + 4u * (n))
#define PSM_WDSEL (PSM_BASE + PSM_WDSEL_OFFSET)

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
