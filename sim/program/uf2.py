"""UF2, the container of the RP2040's USB boot loader: writing, and reading as the boot ROM does.

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
    """Reads a UF2 file as the RP2040's boot ROM does when it is copied to its drive.

    A sector counts if it has the format's magic numbers, the RP2040's family, no NOT_MAIN_FLASH and 256 bytes of
    payload; all others are ignored. A block of a number seen before is ignored, and so is everything that does not
    belong to the transfer: a block for a place without memory, for RAM where the first was for flash (or the reverse),
    or of a number beyond the total ends the transfer, and so does a new total. The program starts when all blocks of a
    transfer have been seen. Sources: datasheet 2.8.4.2; vd_write_block() of the boot ROM, raspberrypi/pico-bootrom.

    Returns:
        Start address to bytes, adjacent blocks joined; also of transfers that were not completed, if another was.

    Raises:
        ImageError: the file holds nothing for the RP2040, or no transfer is ever completed.
    """
    written: list[tuple[int, bytes]] = []
    seen: set[int] = set()
    total, in_ram = 0, False  # of the present transfer; 0: none
    taken, completed, ended = 0, False, ""
    for at in range(0, len(data), BLOCK_BYTES):
        sector = data[at : at + BLOCK_BYTES].ljust(BLOCK_BYTES, b"\0")
        start0, start1, flags, address, size, number, count, family = _HEADER.unpack_from(sector)
        (end,) = struct.unpack_from("<I", sector, BLOCK_BYTES - 4)
        if (start0, start1) != MAGIC_START or end != MAGIC_END:
            continue
        if (
            not flags & FLAG_FAMILY_ID
            or family != FAMILY_RP2040
            or flags & FLAG_NOT_MAIN_FLASH
            or size != PAYLOAD_BYTES
        ):
            continue
        taken += 1
        where = f"block {number} of {count} at byte {at} is for 0x{address:08x}"
        ram, flash = _in_regions(address, _RAM), _in_regions(address, _FLASH)
        if not count or not (ram or flash) or (flash and address % PAYLOAD_BYTES):
            total, ended = 0, f"{where}, where the boot ROM writes nothing"
            continue
        if count != total:
            seen, in_ram = set(), ram
            total = count if count <= _MOST_BLOCKS[ram] else 0
            if not total:
                ended = f"{where}, and {count} blocks do not fit"
                continue
        if ram != in_ram:
            total, ended = 0, f"{where}: the boot ROM takes blocks for flash or for RAM, not both"
            continue
        if number >= count:
            total, ended = 0, f"{where}"
            continue
        if number not in seen:
            seen.add(number)
            written.append((address, sector[_HEADER.size : _HEADER.size + PAYLOAD_BYTES]))
        completed = completed or len(seen) == total
    if not taken:
        raise ImageError(
            f"{name}: no UF2 block for the RP2040 (family 0x{FAMILY_RP2040:08x}, which the boot ROM wants in every "
            "block); convert it with that family"
        )
    if not completed:
        reason = f"{len(seen)} of {total} UF2 blocks" if total else f"UF2 {ended}"
        raise ImageError(f"{name}: {reason}; the file is incomplete and the boot ROM would wait for the rest")
    return _join(written)


_FLASH = ((0x10000000, 0x20000000),)
"""What the boot ROM takes for flash; beyond the chip's size it wraps."""
_RAM = ((0x20000000, 0x20042000), (0x15000000, 0x15004000))
_MOST_BLOCKS = {False: 16 * 1024 * 1024 // PAYLOAD_BYTES, True: (264 + 16) * 1024 // PAYLOAD_BYTES}


def _in_regions(address: int, regions: tuple[tuple[int, int], ...]) -> bool:
    last = address + PAYLOAD_BYTES - 1
    return any(low <= address < high for low, high in regions) and any(low <= last < high for low, high in regions)


def _join(written: list[tuple[int, bytes]]) -> dict[int, bytes]:
    """Adjacent blocks joined; where blocks overlap, the one written later holds."""
    order = sorted(range(len(written)), key=lambda index: written[index][0])
    joined: dict[int, bytearray] = {}
    last = None
    overlaps: list[int] = []
    for index in order:
        address, payload = written[index]
        if last is not None and address < last + len(joined[last]):
            overlaps.append(index)
            joined[last] += payload[last + len(joined[last]) - address :]
        elif last is not None and last + len(joined[last]) == address:
            joined[last] += payload
        else:
            last = address
            joined[address] = bytearray(payload)
    if overlaps:
        for address, payload in written:
            start = max(base for base in joined if base <= address)
            joined[start][address - start : address - start + len(payload)] = payload
    return {address: bytes(content) for address, content in joined.items()}
