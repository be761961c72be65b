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


@pytest.mark.parametrize(
    ("at", "value", "message"),
    [
        (0, 0, "lacks the UF2 magic numbers"),
        (508, 0, "lacks the UF2 magic numbers"),
        (12, 0x10000010, "page aligned"),
        (16, 255, "has 255 bytes"),
        (20, 7, "is numbered 7 of 2"),
        (24, 3, "is numbered 1 of 2"),
    ],
)
def test_broken_rules_are_named(at: int, value: int, message: str) -> None:
    data = bytearray(write_uf2({0x10000000: bytes(512)}))
    struct.pack_into("<I", data, at, value)
    with pytest.raises(ImageError, match=message):
        read_uf2(bytes(data), "x.uf2")


def test_incomplete_files_are_refused() -> None:
    data = write_uf2({0x10000000: bytes(512)})
    with pytest.raises(ImageError, match="1 of 2 UF2 blocks"):
        read_uf2(data[:BLOCK_BYTES])
    with pytest.raises(ImageError, match="not a whole number"):
        read_uf2(data[:-1])
    with pytest.raises(ImageError, match="0 bytes"):
        read_uf2(b"")
