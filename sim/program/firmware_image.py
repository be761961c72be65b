"""What the build does to a linked ELF: checksums, flash contents, sizes."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from emberwatch.base.errors import BuildError
from emberwatch.chip import memory
from emberwatch.program.pyelftools import open_elf

FLASH_START = memory("flash").base
BOOT2_BYTES = 256
_SRAM = range(memory("sram").base, memory("sram").end)


def crc32_mpeg2(data: bytes) -> int:
    """CRC-32 of the RP2040 boot ROM (datasheet 2.8.1.3.1).

    Polynomial 0x04C11DB7, initial value 0xFFFFFFFF, most significant bit first, no final inversion.
    """
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc << 8) & 0xFFFFFFFF ^ _CRC_TABLE[(crc >> 24) ^ byte]
    return crc


def _crc_of_top_byte(byte: int) -> int:
    crc = byte << 24
    for _ in range(8):
        crc = (crc << 1) ^ 0x04C11DB7 if crc & 0x80000000 else crc << 1
    return crc & 0xFFFFFFFF


_CRC_TABLE = [_crc_of_top_byte(byte) for byte in range(256)]


def seal_boot2(code: bytes) -> bytes:
    """Pads boot2 to 252 bytes and appends the CRC that the boot ROM checks.

    Raises:
        BuildError: the code is longer than 252 bytes.
    """
    room = BOOT2_BYTES - 4
    if len(code) > room:
        raise BuildError(f"boot2 is {len(code)} bytes long; the boot ROM leaves {room}")
    padded = code.ljust(room, b"\0")
    return padded + struct.pack("<I", crc32_mpeg2(padded))


def seal_elf(elf: Path) -> None:
    """Seals the second stage of an ELF in place: its section .boot2, 256 bytes; nothing where there is none.

    Raises:
        BuildError: the section has another size.
    """
    with elf.open("r+b") as file:
        section = open_elf(file).get_section_by_name(".boot2")
        if section is None:
            return
        code = section.data()
        if len(code) != BOOT2_BYTES:
            raise BuildError(f"{elf.name} has {len(code)} bytes in .boot2; a second stage has {BOOT2_BYTES}")
        file.seek(section["sh_offset"])
        file.write(seal_boot2(code[: BOOT2_BYTES - 4]))


def section_bytes(elf: Path, name: str) -> bytes:
    """Contents of one section."""
    with elf.open("rb") as file:
        section = open_elf(file).get_section_by_name(name)
        if section is None:
            raise BuildError(f"{elf.name} has no section {name}")
        return bytes(section.data())


def flash_bytes(elf: Path) -> bytes:
    """Everything that the ELF file loads into flash, from its first byte; gaps are 0xFF as erased flash is."""
    image = bytearray()
    with elf.open("rb") as file:
        for segment in open_elf(file).iter_segments("PT_LOAD"):
            if segment["p_filesz"] == 0:
                continue
            offset = segment["p_paddr"] - FLASH_START
            if offset < 0:
                raise BuildError(f"{elf.name}: a segment is loaded to 0x{segment['p_paddr']:08x}, outside the flash")
            image.extend(b"\xff" * (offset + segment["p_filesz"] - len(image)))
            image[offset : offset + segment["p_filesz"]] = segment.data()
    return bytes(image)


def seal_image(elf: Path) -> None:
    """Writes the checksum of the flash image into the last word of the image, section .image_crc.

    Raises:
        BuildError: the section is not the end of the image.
    """
    image = flash_bytes(elf)
    with elf.open("r+b") as file:
        section = open_elf(file).get_section_by_name(".image_crc")
        if section is None or section["sh_addr"] + 4 != FLASH_START + len(image):
            raise BuildError(f"{elf.name}: .image_crc is not the last word of the flash image")
        file.seek(section["sh_offset"])
        file.write(struct.pack("<I", crc32_mpeg2(image[:-4])))


@dataclass(frozen=True)
class Sizes:
    """Bytes of flash and SRAM that the firmware takes."""

    flash: int  #: everything written to flash
    ram: int  #: everything reserved in SRAM, the stack included
    stack: int  #: of which stack
    sections: dict[str, int]  #: every allocated section


def measure(elf: Path) -> Sizes:
    """Adds up the allocated sections."""
    with elf.open("rb") as file:
        allocated = [s for s in open_elf(file).iter_sections() if s["sh_flags"] & 2 and s["sh_size"]]
        sections = {str(s.name): int(s["sh_size"]) for s in allocated}
        ram = sum(int(s["sh_size"]) for s in allocated if s["sh_addr"] in _SRAM)
    return Sizes(len(flash_bytes(elf)), ram, sections.get(".stack", 0), sections)
