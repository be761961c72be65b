"""ELF files for tests, made byte by byte."""

from __future__ import annotations

import struct

from emberwatch.program.elf import FLASH_BASE


def make_elf(
    segments: list[tuple[int, bytes]],
    machine: int = 40,
    bits: int = 1,
    symbols: list[tuple[str, int, int]] | None = None,
    entry: int = FLASH_BASE + 0x101,
) -> bytes:
    """A minimal 32-bit executable: program headers, data, symbol table."""
    count = len(segments)
    offset = 52 + 32 * count
    headers, body = b"", b""
    for address, data in segments:
        place = offset + len(body)
        headers += struct.pack("<8I", 1, place, address, address, len(data), len(data), 5, 4)
        body += data
    strings, table = b"\0", bytes(16)
    for name, value, size in symbols or []:
        table += struct.pack("<IIIBBH", len(strings), value, size, 0x12, 0, 1)
        strings += name.encode() + b"\0"
    names = b"\0.text\0.symtab\0.strtab\0.shstrtab\0"
    at = offset + len(body)
    sections = [struct.pack("<10I", *[0] * 10)]
    first = segments[0] if segments else (0, b"")
    sections.append(struct.pack("<10I", 1, 1, 6, first[0], offset, len(first[1]), 0, 0, 4, 0))
    sections.append(struct.pack("<10I", 7, 2, 0, 0, at, len(table), 3, 1, 4, 16))
    sections.append(struct.pack("<10I", 15, 3, 0, 0, at + len(table), len(strings), 0, 0, 1, 0))
    sections.append(struct.pack("<10I", 23, 3, 0, 0, at + len(table) + len(strings), len(names), 0, 0, 1, 0))
    body += table + strings + names
    header = b"\x7fELF" + bytes([bits, 1, 1]) + bytes(9)
    header += struct.pack(
        "<HHIIIIIHHHHHH",
        2,
        machine,
        1,
        entry,
        52,
        offset + len(body),
        0,
        52,
        32,
        count,
        40,
        len(sections),
        4,
    )
    return header + headers + body + b"".join(sections)
