"""Symbols of a built ELF file."""

from __future__ import annotations

from pathlib import Path

from elftools.elf.elffile import ELFFile


def symbols(elf: Path) -> dict[str, int]:
    """Symbol names to values."""
    with elf.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        return {symbol.name: symbol["st_value"] for symbol in table.iter_symbols() if symbol.name}
