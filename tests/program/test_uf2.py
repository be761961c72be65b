"""UF2 files follow the rules of the format, and are taken or left as the boot ROM's vd_write_block() does."""

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
    with pytest.raises(ImageError, match=f"no UF2 block for the RP2040 \\(family 0x{FAMILY_RP2040:08x}"):
        read_uf2(bytes(data))


def block(
    number: int, count: int, *, at: int | None = None, flags: int = 0x2000, family: int = FAMILY_RP2040, size: int = 256
) -> bytes:
    """A block whose payload is its number, for page `number` of flash unless `at` says where."""
    address = 0x10000000 + 256 * number if at is None else at
    header = struct.pack("<8I", 0x0A324655, 0x9E5D5157, flags, address, size, number, count, family)
    return header + bytes([number]) * 256 + bytes(220) + struct.pack("<I", 0x0AB16F30)


GOOD = [block(n, 3) for n in range(3)]
CONTENT = {0x10000000: bytes([0]) * 256 + bytes([1]) * 256 + bytes([2]) * 256}
RAM = 0x20000000


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(GOOD, id="plain"),
        pytest.param([*GOOD, block(1, 3)], id="a block sent twice"),
        pytest.param([GOOD[0], block(0, 3, at=0x10001000), *GOOD[1:]], id="a number seen before, for another place"),
        pytest.param([*GOOD, bytes(512)], id="padded with zeros"),
        pytest.param([*GOOD, b"\xff" * 100], id="padded to less than a block"),
        pytest.param(GOOD[::-1], id="backwards"),
        pytest.param([GOOD[0], block(1, 3, size=128), *GOOD[1:]], id="another payload size in between"),
        pytest.param([GOOD[0], block(1, 9, family=0xE48BFF59), *GOOD[1:]], id="another family in between"),
        pytest.param([GOOD[0], block(1, 9, flags=0x2001), *GOOD[1:]], id="not main flash in between"),
        pytest.param([block(0, 7), block(0, 3, at=0x10000001), *GOOD], id="a new total"),
        pytest.param([GOOD[0], block(3, 3), *GOOD], id="a number beyond the total, then all again"),
    ],
)
def test_what_the_boot_rom_takes(file: list[bytes]) -> None:
    assert read_uf2(b"".join(file)) == CONTENT


def test_ram_blocks_may_be_anywhere_in_ram() -> None:
    file = [block(0, 2, at=RAM + 1), block(1, 2, at=RAM + 257)]
    assert read_uf2(b"".join(file)) == {RAM + 1: bytes([0]) * 256 + bytes([1]) * 256}
    overlapping = [block(1, 2, at=RAM + 16), block(0, 2, at=RAM)]  # the later one holds
    assert read_uf2(b"".join(overlapping)) == {RAM: bytes([0]) * 256 + bytes([1]) * 16}
    xip = [block(0, 1, at=0x15000000)]
    assert list(read_uf2(b"".join(xip))) == [0x15000000]


@pytest.mark.parametrize(
    ("file", "message"),
    [
        pytest.param([block(n, 3, flags=0) for n in range(3)], "no UF2 block for the RP2040", id="no family"),
        pytest.param([block(n, 3, size=128) for n in range(3)], "no UF2 block for the RP2040", id="payload size"),
        pytest.param([b"\0" * 4 + GOOD[0][4:], *GOOD[1:]], "2 of 3 UF2 blocks", id="no magic number"),
        pytest.param([GOOD[0][:-4] + bytes(4), *GOOD[1:]], "2 of 3 UF2 blocks", id="no magic number at the end"),
        pytest.param([*GOOD[:2], block(2, 3, at=0x10000210)], "at byte 1024 is for 0x10000210, where", id="alignment"),
        pytest.param([*GOOD[:2], block(2, 3, at=RAM)], "for flash or for RAM, not both", id="mixed"),
        pytest.param([*GOOD[:2], block(2, 3, at=0x50100000)], "where the boot ROM writes nothing", id="no memory"),
        pytest.param([block(0, 3), block(1, 4), block(2, 5)], "1 of 5 UF2 blocks", id="totals"),
        pytest.param([block(0, 65537)], "65537 blocks do not fit", id="too large"),
        pytest.param([block(0, 0)], "where the boot ROM writes nothing", id="no total"),
    ],
)
def test_what_it_would_wait_for(file: list[bytes], message: str) -> None:
    with pytest.raises(ImageError, match=message) as caught:
        read_uf2(b"".join(file), "x.uf2")
    assert "\n" not in str(caught.value)


def test_incomplete_files_are_refused() -> None:
    data = write_uf2({0x10000000: bytes(512)})
    with pytest.raises(ImageError, match="1 of 2 UF2 blocks"):
        read_uf2(data[:BLOCK_BYTES])
    with pytest.raises(ImageError, match="1 of 2 UF2 blocks"):
        read_uf2(data[:-1])
    with pytest.raises(ImageError, match="no UF2 block"):
        read_uf2(b"")
