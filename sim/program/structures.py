"""Layouts of C structures, out of a firmware's DWARF."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emberwatch.program.debuginfo import affordable
from emberwatch.program.pyelftools import open_elf

_PLUS_UCONST = 0x23


@dataclass(frozen=True)
class Structure:
    """A structure: its bytes, and the offset of each member."""

    size: int
    members: dict[str, int]


def structures(path: Path, names: Collection[str], source: str) -> dict[str, Structure]:
    """Layouts of the structures with these tags, as a source file of the program sees them.

    Args:
        path: ELF file; one without `-g`, or of another kind, has no layouts.
        names: tags, as in ``struct tag {...}``.
        source: end of the name of the source file, as "tasks.c".

    Returns:
        Those that were found, by tag.
    """
    try:
        with path.open("rb") as stream:
            if stream.read(4) != b"\x7fELF":
                return {}
            stream.seek(0)
            elf = open_elf(stream)
            if not elf.has_dwarf_info() or not affordable(elf):
                return {}
            return _search(elf.get_dwarf_info(), frozenset(names), source)
    except Exception:  # pyelftools meets a damaged section with whatever comes first
        return {}


def _search(dwarf: Any, names: frozenset[str], source: str) -> dict[str, Structure]:
    found: dict[str, Structure] = {}
    for unit in dwarf.iter_CUs():
        top = unit.get_top_DIE()
        if not _name(top).endswith(source):
            continue
        for entry in unit.iter_DIE_children(top):
            name = _name(entry)
            if entry.tag == "DW_TAG_structure_type" and name in names and "DW_AT_byte_size" in entry.attributes:
                found[name] = Structure(entry.attributes["DW_AT_byte_size"].value, _members(unit, entry))
        if found:
            break
    return found


def _members(unit: Any, structure: Any) -> dict[str, int]:
    out = {}
    for member in unit.iter_DIE_children(structure):
        if member.tag == "DW_TAG_member":
            place = member.attributes.get("DW_AT_data_member_location")
            out[_name(member)] = _offset(place.value) if place is not None else 0
    return out


def _offset(value: Any) -> int:
    """A constant, or before DWARF 4 an expression: plus a constant in LEB128."""
    if isinstance(value, int):
        return value
    operation, *digits = value
    if operation != _PLUS_UCONST:
        raise ValueError(f"a member at a place that is computed: {value}")
    return sum((digit & 0x7F) << 7 * n for n, digit in enumerate(digits))


def _name(entry: Any) -> str:
    attribute = entry.attributes.get("DW_AT_name")
    return "" if attribute is None else attribute.value.decode("utf-8", "replace")
