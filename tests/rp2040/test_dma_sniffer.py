"""The DMA's sniffer: CRC, sum and parity of what goes by."""

from __future__ import annotations

import binascii
import random
import zlib

import pytest
from dma_rig import BYTE, HALF, INCR_READ, SNIFF, SNIFF_CTRL, SNIFF_DATA, WORD, setup
from unit import (
    DMA,
    SRAM,
    UnitChip,
)


@pytest.fixture
def chip() -> UnitChip:
    return UnitChip()


def sniffed(chip: UnitChip, data: bytes, size: int, mode: int, seed: int, flags: int = 0) -> int:
    padded = data + bytes(-len(data) % 4)
    chip.write_words(SRAM, [int.from_bytes(padded[n : n + 4], "little") for n in range(0, len(padded), 4)])
    chip.write(DMA + SNIFF_CTRL, 1 | 2 << 1 | mode << 5 | flags)
    chip.write(DMA + SNIFF_DATA, seed)
    setup(chip, 2, SRAM, SRAM + 0x4000, len(data) >> (size >> 2), size | INCR_READ | SNIFF)
    chip.run(len(data) + 20)
    return chip.read(DMA + SNIFF_DATA)


DATA = random.Random(7).randbytes(1000)


@pytest.mark.parametrize("size", [BYTE, HALF, WORD])
def test_sniffer_crc32_is_zlibs(chip: UnitChip, size: int) -> None:
    # CRC32R with the result reversed and inverted is the usual CRC-32.
    assert sniffed(chip, DATA, size, 1, 0xFFFFFFFF, 1 << 10 | 1 << 11) == zlib.crc32(DATA)


@pytest.mark.parametrize("size", [BYTE, HALF, WORD])
def test_sniffer_crc16_is_ccitt(chip: UnitChip, size: int) -> None:
    assert sniffed(chip, DATA, size, 2, 0) == binascii.crc_hqx(DATA, 0)
    assert sniffed(chip, DATA, size, 2, 0xFFFF) == binascii.crc_hqx(DATA, 0xFFFF)
    mirrored = bytes(int(f"{byte:08b}"[::-1], 2) for byte in DATA)
    assert sniffed(chip, DATA, size, 3, 0) == binascii.crc_hqx(mirrored, 0)


def test_sniffer_matches_silicon(chip: UnitChip) -> None:
    """Values read on a board, 32-bit transfers, seed and final XOR all ones (raspberrypi/pico-sdk issue 576)."""
    data = bytes([1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 4])
    assert sniffed(chip, data, WORD, 0, 0xFFFFFFFF) ^ 0xFFFFFFFF == 0x4C811132
    assert sniffed(chip, data, WORD, 1, 0xFFFFFFFF) ^ 0xFFFFFFFF == 0x4DAB62D9
    assert sniffed(chip, bytes(4), WORD, 0, 0xFFFFFFFF) ^ 0xFFFFFFFF == 0x38FB2284
    assert sniffed(chip, bytes(16), WORD, 1, 0xFFFFFFFF) ^ 0xFFFFFFFF == 0xAAD2DD37
    assert sniffed(chip, b"\1" * 8, WORD, 0, 0xFFFFFFFF) ^ 0xFFFFFFFF == 0xDB4570D3


def test_sniffer_sum_parity_and_swap(chip: UnitChip) -> None:
    values = [int.from_bytes(DATA[n : n + 4], "little") for n in range(0, 1000, 4)]
    assert sniffed(chip, DATA, WORD, 15, 0) == sum(values) & 0xFFFFFFFF
    assert sniffed(chip, DATA, BYTE, 15, 5) == sum(DATA) + 5
    assert sniffed(chip, DATA, WORD, 14, 0) == sum(v.bit_count() for v in values) & 1
    swapped = b"".join(DATA[n : n + 4][::-1] for n in range(0, 1000, 4))
    assert sniffed(chip, DATA, WORD, 1, 0xFFFFFFFF, 1 << 9 | 3 << 10) == zlib.crc32(swapped)
