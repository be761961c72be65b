"""UF2, the container of the RP2040's USB boot loader: writing, and reading as the boot loader does.

Format: https://github.com/microsoft/uf2 - 512-byte blocks of little-endian words around up to 476 bytes of data.
The RP2040 takes 256 bytes per block, page aligned (datasheet 2.8.4.2).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from emberwatch.base.errors import ImageError

MAGIC_START = (0x0A324655, 0x9E5D5157)
MAGIC_END = 0x0AB16F30
FLAG_NOT_MAIN_FLASH = 0x00000001
FLAG_FAMILY_ID = 0x00002000
FAMILY_RP2040 = 0xE48BFF56
BLOCK_BYTES = 512
PAYLOAD_BYTES = 256

_HEADER = struct.Struct("<8I")
_RAM = ((0x2000_0000, 0x4_2000), (0x1500_0000, 0x4000))  # SRAM and XIP SRAM, where the boot ROM takes blocks
_DATA_BYTES = BLOCK_BYTES - _HEADER.size - 4


def write_uf2(segments: Mapping[int, bytes]) -> bytes:
    """Packs memory contents into UF2 blocks of 256 bytes.

    Args:
        segments: start address to bytes; they must not overlap. Pages are filled up with zeros.

    Returns:
        The file's bytes: one block per touched 256-byte page, in order of address.
    """
    pages: dict[int, bytearray] = {}
    used: dict[int, set[int]] = {}
    for start, data in segments.items():
        for index, value in enumerate(data):
            page, offset = divmod(start + index, PAYLOAD_BYTES)
            if offset in used.setdefault(page, set()):
                raise ImageError(f"UF2: two segments hold address 0x{start + index:08x}")
            used[page].add(offset)
            pages.setdefault(page, bytearray(PAYLOAD_BYTES))[offset] = value
    blocks = []
    for number, page in enumerate(sorted(pages)):
        header = _HEADER.pack(
            *MAGIC_START, FLAG_FAMILY_ID, page * PAYLOAD_BYTES, PAYLOAD_BYTES, number, len(pages), FAMILY_RP2040
        )
        blocks.append(header + bytes(pages[page]).ljust(_DATA_BYTES, b"\0") + struct.pack("<I", MAGIC_END))
    return b"".join(blocks)


def read_uf2(data: bytes, name: str = "UF2") -> dict[int, bytes]:
    """What the boot ROM's drive makes of a UF2 file that is copied to it.

    As there (pico-bootrom-rp2040, virtual_disk.c): sectors without the magic numbers, of another family or without
    one, meant for no main flash, or with another payload than 256 bytes are ignored; so are blocks that have come
    already, that lie beyond the total, or that go to RAM in a file that began in flash and the other way round. Another
    total begins another transfer.

    Returns:
        Start address to bytes, adjacent blocks joined.

    Raises:
        ImageError: no transfer completes, so that a board would stay in BOOTSEL mode.
    """
    pages: dict[int, bytes] = {}
    seen: set[int] = set()
    total = 0
    in_ram = complete = False
    for at in range(0, len(data) - BLOCK_BYTES + 1, BLOCK_BYTES):
        start0, start1, flags, address, size, number, count, family = _HEADER.unpack_from(data, at)
        (end,) = struct.unpack_from("<I", data, at + BLOCK_BYTES - 4)
        if (start0, start1) != MAGIC_START or end != MAGIC_END or size != PAYLOAD_BYTES:
            continue
        if not flags & FLAG_FAMILY_ID or flags & FLAG_NOT_MAIN_FLASH or family != FAMILY_RP2040:
            continue
        if count != total:
            seen, total, in_ram = set(), count, _is_ram(address)
        if number in seen or number >= count or address % PAYLOAD_BYTES or _is_ram(address) != in_ram:
            continue
        seen.add(number)
        pages[address] = data[at + _HEADER.size : at + _HEADER.size + size]
        complete = complete or len(seen) == total
    if not pages:
        raise ImageError(
            f"{name}: no UF2 block for the RP2040 (family 0x{FAMILY_RP2040:08x}); make it with picotool or "
            "uf2conv.py -f 0xe48bff56"
        )
    if not complete:
        raise ImageError(
            f"{name}: {len(seen)} of {total} UF2 blocks; a board would wait for the others in BOOTSEL mode: build or "
            "copy the file again"
        )
    return _join(pages)


def _is_ram(address: int) -> bool:
    return any(base <= address < base + size for base, size in _RAM)


def _join(payloads: Mapping[int, bytes]) -> dict[int, bytes]:
    joined: dict[int, bytearray] = {}
    last = None
    for address in sorted(payloads):
        if last is not None and last + len(joined[last]) == address:
            joined[last] += payloads[address]
        else:
            last = address
            joined[address] = bytearray(payloads[address])
    return {address: bytes(content) for address, content in joined.items()}
