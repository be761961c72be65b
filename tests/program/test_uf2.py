"""UF2 files follow the rules of the format, and files that do not are refused."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emberwatch.base.errors import ImageError
from emberwatch.program.uf2 import BLOCK_BYTES, FAMILY_RP2040, read_uf2, write_uf2


def blocks(data: bytes) -> list[tuple[int, ...]]:
    assert len(data) % 512 == 0
    return [struct.unpack_from("<8I", data, at) for at in range(0, len(data), 512)]


def test_format_rules() -> None:
    data = write_uf2({0x10000000: bytes(range(256)) * 3 + b"tail"})
    rows = blocks(data)
    assert len(rows) == 4
    for number, (start0, start1, flags, address, size, index, count, family) in enumerate(rows):
        assert (start0, start1) == (0x0A324655, 0x9E5D5157)
        assert flags == 0x2000 and family == 0xE48BFF56
        assert (address, size) == (0x10000000 + 256 * number, 256)
        assert (index, count) == (number, 4)
        block = data[512 * number : 512 * (number + 1)]
        assert block[32 + 256 : 508] == bytes(220)
        assert struct.unpack("<I", block[508:]) == (0x0AB16F30,)
    assert data[3 * 512 + 32 :][:8] == b"tail\0\0\0\0"


@given(st.binary(min_size=1, max_size=2000), st.integers(0, 1000))
def test_round_trip(payload: bytes, offset: int) -> None:
    start = 0x10000000 + offset
    (address, content), *others = read_uf2(write_uf2({start: payload})).items()
    assert not others and address == start & ~255
    assert content[start - address :][: len(payload)] == payload


def test_segments_that_share_a_page_are_merged() -> None:
    data = write_uf2({0x10000000: b"a" * 10, 0x10000010: b"b" * 10})
    assert read_uf2(data)[0x10000000][:26] == b"a" * 10 + bytes(6) + b"b" * 10


def test_overlap_is_refused() -> None:
    with pytest.raises(ImageError, match="two segments hold address 0x10000002"):
        write_uf2({0x10000000: b"abc", 0x10000002: b"d"})


def test_blocks_for_another_family_are_skipped() -> None:
    data = bytearray(write_uf2({0x10000000: b"x"}))
    struct.pack_into("<I", data, 28, 0x12345678)
    with pytest.raises(ImageError, match=f"no UF2 block for the RP2040 \\(family 0x{FAMILY_RP2040:08x}\\)"):
        read_uf2(bytes(data))


def changed(at: int, value: int) -> bytes:
    """Two blocks, with another word at byte `at` of the first."""
    data = bytearray(write_uf2({0x10000000: bytes(range(256)) * 2}))
    struct.pack_into("<I", data, at, value)
    return bytes(data)


@pytest.mark.parametrize(
    ("at", "value", "what"),
    [
        (0, 0, "magic number"),
        (508, 0, "magic number at the end"),
        (8, 0, "no family"),
        (8, 0x2001, "not main flash"),
        (12, 0x10000010, "not page aligned"),
        (12, 0x20000000, "second block elsewhere than the first"),
        (16, 255, "payload of another size"),
        (20, 7, "number beyond the total"),
        (28, 0x12345678, "another family"),
    ],
)
def test_what_the_boot_rom_ignores(at: int, value: int, what: str) -> None:
    """A file that needs the ignored block never completes (virtual_disk.c: vd_write_block, _write_uf2_page)."""
    with pytest.raises(ImageError, match="1 of 2 UF2 blocks"):
        read_uf2(changed(at, value), "x.uf2")


def test_a_file_without_any_family_is_not_for_the_chip() -> None:
    data = bytearray(changed(8, 0))
    struct.pack_into("<I", data, BLOCK_BYTES + 8, 0)
    with pytest.raises(ImageError, match="no UF2 block for the RP2040"):
        read_uf2(bytes(data))


def test_what_the_boot_rom_takes_all_the_same() -> None:
    data = write_uf2({0x10000000: bytes(range(256)) * 2})
    first, second = data[:BLOCK_BYTES], data[BLOCK_BYTES:]
    other = bytearray(first)
    other[40:44] = b"else"
    expected = read_uf2(data)
    assert read_uf2(second + first) == expected, "any order"
    assert read_uf2(first + bytes(other) + second) == expected, "a block that comes again is not written again"
    assert read_uf2(first + bytes(BLOCK_BYTES) + second + bytes(100)) == expected, "padding"
    foreign = bytearray(first)
    struct.pack_into("<I", foreign, 28, 0xE48BFF59)
    assert read_uf2(first + bytes(foreign) + second) == expected, "blocks of another family in between"


def test_another_total_begins_another_transfer() -> None:
    data = write_uf2({0x10000000: bytes(512)}) + write_uf2({0x10001000: b"tail"})
    assert list(read_uf2(data)) == [0x10000000, 0x10001000]


def test_incomplete_files_are_refused() -> None:
    data = write_uf2({0x10000000: bytes(512)})
    with pytest.raises(ImageError, match="1 of 2 UF2 blocks; a board would wait"):
        read_uf2(data[:BLOCK_BYTES])
    with pytest.raises(ImageError, match="1 of 2 UF2 blocks"):
        read_uf2(data[:-1])
    with pytest.raises(ImageError, match="no UF2 block"):
        read_uf2(b"")
