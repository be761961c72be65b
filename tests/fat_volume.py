"""An empty FAT volume, made by hand."""

from __future__ import annotations

import struct

SECTOR = 512


def volume(sectors: int) -> bytes:
    """An empty FAT12 volume (Microsoft's FAT specification 1.03, section 3), 16 root entries, one FAT of a sector."""
    boot = bytearray(SECTOR)
    boot[:11] = b"\xeb\x3c\x90EMBER   "
    struct.pack_into("<HBHBHHBH", boot, 11, SECTOR, 1, 1, 1, 16, sectors, 0xF8, 1)
    boot[38] = 0x29
    boot[43:62] = b"EMBER      FAT12   "
    boot[510:] = b"\x55\xaa"
    return (bytes(boot) + b"\xf8\xff\xff").ljust(sectors * SECTOR, b"\0")
