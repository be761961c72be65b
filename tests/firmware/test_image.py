"""Checksums and layout of the built image."""

from __future__ import annotations

import struct

import pytest
from elf_symbols import symbols
from elftools.elf.elffile import ELFFile

from emberwatch.base.errors import BuildError
from emberwatch.detector.build import BuildResult
from emberwatch.program.firmware_image import crc32_mpeg2, flash_bytes, seal_boot2
from emberwatch.program.uf2 import read_uf2

FLASH_BUDGET = 64 * 1024
RAM_BUDGET = 48 * 1024


def rom_crc(data: bytes) -> int:
    """The boot ROM's algorithm, one bit at a time as the datasheet states it."""
    crc = 0xFFFFFFFF
    for byte in data:
        for bit in range(7, -1, -1):
            feedback = (crc >> 31) ^ (byte >> bit & 1)
            crc = (crc << 1 & 0xFFFFFFFF) ^ (0x04C11DB7 if feedback else 0)
    return crc


def test_crc_check_value() -> None:
    # CRC-32/MPEG-2 of "123456789" in the catalogue of parametrised CRC algorithms.
    assert crc32_mpeg2(b"123456789") == rom_crc(b"123456789") == 0x0376E6E7


def test_boot2_that_is_too_long_is_refused() -> None:
    assert len(seal_boot2(bytes(252))) == 256
    with pytest.raises(BuildError, match="boot2 is 253 bytes long; the boot ROM leaves 252"):
        seal_boot2(bytes(253))


def test_boot2_passes_the_rom_check(small_build: BuildResult) -> None:
    image = small_build.bin.read_bytes()
    assert struct.unpack("<I", image[252:256])[0] == rom_crc(image[:252])
    assert any(image[:252])


def test_image_checksum_covers_everything_before_it(small_build: BuildResult) -> None:
    image = small_build.bin.read_bytes()
    assert struct.unpack("<I", image[-4:])[0] == rom_crc(image[:-4])
    assert symbols(small_build.elf)["image_crc"] == 0x10000000 + len(image) - 4


def test_elf_bin_and_uf2_hold_the_same_bytes(small_build: BuildResult) -> None:
    image = small_build.bin.read_bytes()
    assert flash_bytes(small_build.elf) == image
    ((address, content),) = read_uf2(small_build.uf2.read_bytes()).items()
    assert address == 0x10000000
    assert content[: len(image)] == image and not any(content[len(image) :])


def test_vector_table(small_build: BuildResult) -> None:
    image = small_build.bin.read_bytes()
    names = symbols(small_build.elf)
    vectors = struct.unpack_from("<48I", image, 0x100)
    assert vectors[0] == names["__stack_top"] == 0x20042000
    assert vectors[1] == names["reset_handler"]
    assert vectors[3] == names["hard_fault_handler"]
    assert vectors[16 + 11] == names["irq_dma_0"]
    assert vectors[16 + 12] == names["irq_dma_1"]
    assert all(vector & 1 for vector in vectors[1:])


def test_hot_code_and_dma_blocks_are_in_sram(small_build: BuildResult) -> None:
    names = symbols(small_build.elf)
    for name in ("irq_dma_0", "pdm_decimate", "features_compute", "memcpy"):
        assert 0x20000000 <= names[name] < 0x20042000, name
    assert names["blocks"] % 4096 == 0


def test_debug_information_is_kept(small_build: BuildResult) -> None:
    with small_build.elf.open("rb") as file:
        assert ELFFile(file).has_dwarf_info()


def check_budget(build: BuildResult) -> None:
    assert build.sizes.flash == build.bin.stat().st_size <= FLASH_BUDGET
    assert build.sizes.ram <= RAM_BUDGET
    float_helpers = [
        name for name in symbols(build.elf) if name.startswith(("__aeabi_f", "__aeabi_d", "__aeabi_i2", "__aeabi_ui2"))
    ]
    assert float_helpers == [], "floating point in the firmware"


def test_small_build_within_budget(small_build: BuildResult) -> None:
    check_budget(small_build)


def test_released_build_within_budget(released_build: BuildResult) -> None:
    check_budget(released_build)
