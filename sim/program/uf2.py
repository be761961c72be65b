"""UF2, the container of the RP2040's USB boot loader: writing and strict reading.

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
FLAG_FILE_CONTAINER = 0x00001000
FLAG_FAMILY_ID = 0x00002000
FAMILY_RP2040 = 0xE48BFF56
BLOCK_BYTES = 512
PAYLOAD_BYTES = 256

_HEADER = struct.Struct("<8I")
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
    """Reads the RP2040 blocks of a UF2 file.

    Returns:
        Start address to bytes, adjacent blocks joined.

    Raises:
        ImageError: the file breaks a rule of the format or holds nothing for the RP2040.
    """
    if not data or len(data) % BLOCK_BYTES:
        raise ImageError(f"{name}: {len(data)} bytes is not a whole number of {BLOCK_BYTES}-byte UF2 blocks")
    payloads: dict[int, bytes] = {}
    seen: set[int] = set()
    total = -1
    for at in range(0, len(data), BLOCK_BYTES):
        where = f"{name}: UF2 block at byte {at}"
        start0, start1, flags, address, size, number, count, family = _HEADER.unpack_from(data, at)
        (end,) = struct.unpack_from("<I", data, at + BLOCK_BYTES - 4)
        if (start0, start1) != MAGIC_START or end != MAGIC_END:
            raise ImageError(f"{where} lacks the UF2 magic numbers")
        if flags & (FLAG_NOT_MAIN_FLASH | FLAG_FILE_CONTAINER) or (flags & FLAG_FAMILY_ID and family != FAMILY_RP2040):
            continue  # meant for something else, as the boot loader judges
        if size != PAYLOAD_BYTES or address % PAYLOAD_BYTES:
            raise ImageError(f"{where} has {size} bytes for 0x{address:08x}; the RP2040 takes 256, page aligned")
        if number == 0 and 0 < len(seen) == total:  # another file follows, as in concatenated images
            seen, total = set(), -1
        if total not in (-1, count) or number >= count or number in seen:
            raise ImageError(f"{where} is numbered {number} of {count}, which does not fit the blocks before")
        total = count
        seen.add(number)
        payloads[address] = data[at + _HEADER.size : at + _HEADER.size + size]
    if total == -1:
        raise ImageError(f"{name}: no UF2 block for the RP2040 (family 0x{FAMILY_RP2040:08x})")
    if len(seen) != total:
        raise ImageError(f"{name}: {len(seen)} of {total} UF2 blocks; the file is incomplete")
    return _join(payloads)


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
