"""Firmware images: what is refused, and what is read from a good one."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest
from elf_files import make_elf

from emberwatch.base.errors import ImageError
from emberwatch.program.elf import FLASH_BASE, load_image
from emberwatch.program.firmware_image import crc32_mpeg2, seal_boot2
from emberwatch.program.uf2 import write_uf2

FLASH_SIZE = 0x200000


def boot2() -> bytes:
    code = bytes(range(252))
    return code + struct.pack("<I", crc32_mpeg2(code))


def good_elf() -> bytes:
    return make_elf(
        [(FLASH_BASE, boot2() + bytes(1024))],
        symbols=[("main", FLASH_BASE + 0x101, 32), ("app_process_block", FLASH_BASE + 0x141, 64)],
    )


def test_symbols_by_name_and_by_address(tmp_path: Path) -> None:
    path = tmp_path / "good.elf"
    path.write_bytes(good_elf())
    image = load_image(path, FLASH_SIZE)
    assert image.entry == FLASH_BASE + 0x100
    assert image.symbols["app_process_block"].address == FLASH_BASE + 0x140
    assert image.symbols.at(FLASH_BASE + 0x140) == "app_process_block"
    assert image.symbols.at(FLASH_BASE + 0x144) == "app_process_block+0x4"
    assert image.symbols.at(FLASH_BASE + 0x180) is None
    assert image.flash_image(FLASH_SIZE)[:256] == boot2()
    with pytest.raises(ImageError, match="no symbol 'absent'"):
        image.symbols["absent"]


def test_bin_uf2_and_hex_give_the_same_flash(tmp_path: Path) -> None:
    flash = boot2() + random.Random(1).randbytes(1000)
    flash += bytes(-len(flash) % 256)
    (tmp_path / "a.bin").write_bytes(flash)
    (tmp_path / "a.uf2").write_bytes(write_uf2({FLASH_BASE: flash}))
    records = [bytes([2, 0, 0, 4, FLASH_BASE >> 24, FLASH_BASE >> 16 & 0xFF])]
    records += [bytes([16, at >> 8, at & 0xFF, 0]) + flash[at : at + 16] for at in range(0, len(flash), 16)]
    records.append(bytes([0, 0, 0, 1]))
    lines = [":" + (r + bytes([-sum(r) & 0xFF])).hex().upper() for r in records]
    (tmp_path / "a.hex").write_text("\r\n".join(lines) + "\r\n")
    for name in ("a.bin", "a.uf2", "a.hex"):
        assert load_image(tmp_path / name, FLASH_SIZE).flash_image(FLASH_SIZE) == flash, name


BAD = {
    "empty": (b"", "is empty"),
    "text": (b"hello\n", "neither ELF, UF2 nor Intel HEX"),
    "header cut": (good_elf()[:40], "truncated ELF"),
    "cut": (good_elf()[:600], "truncated ELF"),
    "sections cut": (good_elf()[:-10], "truncated ELF"),
    "x86-64": (make_elf([(FLASH_BASE, boot2())], machine=62, bits=2), "for x86-64"),
    "x86": (make_elf([(FLASH_BASE, boot2())], machine=3), "for x86;"),
    "outside flash": (make_elf([(0x0800_0000, bytes(512))]), "0x08000000"),
    "beyond flash": (make_elf([(FLASH_BASE + FLASH_SIZE - 100, bytes(512))]), "no memory"),
    "no boot2": (make_elf([(FLASH_BASE, bytes(512))]), "no valid boot2"),
    "only a debugger": (
        make_elf([(FLASH_BASE, boot2()), (0x2000_1000, bytes(16))]),
        "which only a debugger can do; give that section a load address in flash",
    ),
    "only a debugger, by bank": (
        make_elf([(FLASH_BASE, boot2()), (0x2101_0000, bytes(16))]),
        "loaded into SRAM at 0x21010000",
    ),
    "nothing to load": (make_elf([]), "nothing to load"),
    "hex checksum": (b":0100000055AB\n", "checksum"),
    "hex cut": (b":0100000055AA\n", "end record"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_images_are_refused_in_one_line(tmp_path: Path, name: str) -> None:
    data, message = BAD[name]
    path = tmp_path / "firmware"
    path.write_bytes(data)
    with pytest.raises(ImageError, match=message) as caught:
        load_image(path, FLASH_SIZE)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("address", [0x2000_0000, 0x2100_0000])
def test_programs_that_are_wholly_in_ram_run(tmp_path: Path, address: int) -> None:
    """At the striped addresses and at those of single banks (datasheet 2.6.2)."""
    (tmp_path / "a.elf").write_bytes(make_elf([(address, bytes(64))], entry=address + 1))
    assert load_image(tmp_path / "a.elf", FLASH_SIZE).ram_entry == address


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="cannot be read"):
        load_image(tmp_path / "absent.elf")
    with pytest.raises(ImageError, match="is a directory"):
        load_image(tmp_path)


def test_damaged_elf_never_ends_in_anything_but_an_image_error(tmp_path: Path) -> None:
    """Random damage: each file loads or is refused."""
    random_bytes = random.Random(7)
    path = tmp_path / "damaged.elf"
    refused = 0
    for _ in range(300):
        data = bytearray(good_elf())
        for _ in range(random_bytes.randint(1, 6)):
            data[random_bytes.randrange(4, len(data))] = random_bytes.randrange(256)
        path.write_bytes(data[: random_bytes.choice([len(data), random_bytes.randrange(4, len(data))])])
        try:
            load_image(path, FLASH_SIZE)
        except ImageError:
            refused += 1
    assert refused > 100


@pytest.mark.parametrize("address", [0x2000_0000, 0x2002_0000, 0x2103_FFC0], ids=hex)
def test_a_flash_program_with_contents_for_sram_is_refused(tmp_path: Path, address: int) -> None:
    """No boot from flash brings them there; a debugger would."""
    path = tmp_path / "x.elf"
    path.write_bytes(make_elf([(FLASH_BASE, boot2()), (address, bytes(64))]))
    with pytest.raises(ImageError, match=f"64 bytes loaded into SRAM at {address:#010x}.*AT > FLASH") as caught:
        load_image(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("address", [0x2000_0000, 0x2100_0000, 0x2103_FFC0], ids=hex)
def test_programs_in_sram_and_in_one_bank_of_it(tmp_path: Path, address: int) -> None:
    path = tmp_path / "x.elf"
    path.write_bytes(make_elf([(address, bytes(64))], entry=address | 1))
    assert load_image(path).ram_entry == address


def _elf(headers: list[tuple[int, ...]], sections: list[tuple[int, ...]], blob: bytes) -> bytes:
    """Program and section headers whose offsets count from the blob that follows them."""
    at = 52 + 32 * len(headers)
    base = at + 40 * len(sections)
    head = b"\x7fELF" + bytes([1, 1, 1]) + bytes(9)
    shoff = at if sections else 0
    fields = (2, 40, 1, 0x1000_0101, 52, shoff, 0, 52, 32, len(headers), 40, len(sections), 0)
    head += struct.pack("<HHIIIIIHHHHHH", *fields)
    loads = b"".join(struct.pack("<8I", p[0], p[1] + base, *p[2:]) for p in headers)
    return head + loads + b"".join(struct.pack("<10I", *s[:4], s[4] + base, *s[5:]) for s in sections) + blob


FLASH = seal_boot2(bytes(200)) + bytes(512)
LOAD = (1, 0, 0x1000_0000, 0x1000_0000, len(FLASH), len(FLASH), 5, 4)
SYMBOL = bytes(16) + struct.pack("<IIIBBH", 1, 0x1000_0101, 32, 0x12, 0, 1)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (_elf([LOAD] * 65, [], FLASH), "65 segments, at most 64"),
        (_elf([LOAD, (1, 0, 0x1000_0100, 0x1000_0100, 64, 64, 5, 4)], [], FLASH), "two segments claim 0x10000100"),
        (
            _elf(
                [LOAD],
                [(0,) * 10, *[(1, 2, 0, 0, len(FLASH), 32, 0, 1, 4, 16)] * 2],
                FLASH + SYMBOL,
            ),
            "more than one symbol table",
        ),
        (
            _elf(
                [LOAD],
                [(0,) * 10, (1, 3, 0, 0, len(FLASH) + 32, 5000, 0, 0, 1, 0), (1, 2, 0, 0, len(FLASH), 32, 1, 1, 4, 16)],
                FLASH + SYMBOL + b"\0" + b"A" * 4999,
            ),
            "name of more than 4096 bytes",
        ),
    ],
)
def test_files_that_no_linker_makes_are_refused(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "bomb.elf").write_bytes(data)
    with pytest.raises(ImageError, match=said):
        load_image(tmp_path / "bomb.elf")


def test_names_cannot_steer_a_terminal(tmp_path: Path) -> None:
    names = b"\0ma\x1b[2Jin\0"
    sections = [
        (0,) * 10,
        (1, 3, 0, 0, len(FLASH) + 32, len(names), 0, 0, 1, 0),
        (1, 2, 0, 0, len(FLASH), 32, 1, 1, 4, 16),
    ]
    (tmp_path / "a.elf").write_bytes(_elf([LOAD], sections, FLASH + SYMBOL + names))
    assert [symbol.name for symbol in load_image(tmp_path / "a.elf").symbols] == ["ma\\x1b[2Jin"]
