"""What programs of the pico-sdk say about themselves: the binary info that `picotool info` reads.

Layout: pico-sdk, `pico/binary_info/structure.h`: a header within the first 256 bytes behind the second stage, or at the
beginning of a program in RAM, between two markers.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from emberwatch.program.elf import FLASH_BASE, Image

_BEGIN, _END = 0x7188EBF2, 0xE71AA390
_BLOCK_DEVICE = 7
_SEARCHED = 0x100 + 0x200


@dataclass(frozen=True)
class BlockDevice:
    """A part of flash that the program uses as a disk: its name, the offset into flash, bytes."""

    name: str
    offset: int
    size: int


def block_devices(image: Image) -> list[BlockDevice]:
    """The disks in flash that a program declares; none without binary info."""
    flash = image.flash_image(image.flash_end)

    def word(address: int) -> int:
        at = address - FLASH_BASE
        return int(struct.unpack_from("<I", flash, at)[0]) if 0 <= at <= len(flash) - 4 else 0

    header = next((at for at in range(0, min(_SEARCHED, len(flash) - 20), 4) if word(FLASH_BASE + at) == _BEGIN), None)
    if header is None or word(FLASH_BASE + header + 16) != _END:
        return []
    found = []
    start, end = word(FLASH_BASE + header + 4), word(FLASH_BASE + header + 8)
    for entry in range(start, min(end, start + 4096), 4):
        pointer = word(entry)
        if word(pointer) & 0xFFFF != _BLOCK_DEVICE:
            continue
        name, address, size = word(pointer + 4), word(pointer + 8), word(pointer + 12)
        if address >= FLASH_BASE and 0 < size <= 1 << 24:
            text = flash[name - FLASH_BASE :][:64].partition(b"\0")[0] if name >= FLASH_BASE else b""
            found.append(BlockDevice(text.decode("ascii", "replace"), address - FLASH_BASE, size))
    return found
