// HOT code runs every block and lives in SRAM, where a fetch never waits for the flash: a miss of the XIP cache costs
// tens of cycles, and the network's weights pass through that cache between two blocks. HOT_TABLE is for its tables.
// COLD code stays in flash though its file goes to SRAM: checks that may take a cache miss or two.
// long_call because SRAM lies out of reach of BL from flash. Portable: on a host both mean nothing.
#pragma once

#if defined(__ARM_ARCH_6M__)
#define HOT __attribute__((noinline, long_call, section(".ram_text")))
#define HOT_TABLE __attribute__((aligned(4), section(".ram_text.table")))
#define COLD __attribute__((noinline, long_call, section(".flash_text.cold")))
#else
#define HOT
#define HOT_TABLE
#define COLD
#endif
