"""What of a firmware could be covered: instructions, their source lines, conditional branches, functions."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from emberwatch.program.debuginfo import DebugInfo, SourceLine
from emberwatch.program.elf import load_image

_SHF_ALLOC, _SHF_EXECINSTR = 2, 4
_FIRST_WIDE = 0x1D
"""Top five bits of the first halfword of a 32-bit instruction, at least (ARMv6-M ARM, A5.1)."""


def is_conditional_branch(halfword: int) -> bool:
    """B T1 of the ARMv6-M Arm ARM; the conditions 14 and 15 encode UDF and SVC."""
    return halfword >> 12 == 0xD and (halfword >> 8 & 0xF) < 14


@dataclass(frozen=True)
class Program:
    """Attributes: `lines` of each instruction with a known source, `branches` addresses, `functions` name to entry,
    `folders` where the compiler ran, by the name of a source.
    """

    path: Path
    lines: dict[int, SourceLine] = field(default_factory=dict)
    branches: frozenset[int] = frozenset()
    functions: dict[str, int] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)


def read_program(path: Path) -> Program:
    """Walks the code of an ELF.

    Raises:
        ImageError: the file is no firmware.
    """
    image = load_image(path)
    debug = DebugInfo(path)
    lines: dict[int, SourceLine] = {}
    branches: set[int] = set()
    for address, code in _code(path):
        offset = 0
        while offset + 2 <= len(code):
            halfword = int.from_bytes(code[offset : offset + 2], "little")
            source = debug.line(address + offset)
            if source is not None:
                lines[address + offset] = source
            if is_conditional_branch(halfword):
                branches.add(address + offset)
            offset += 4 if halfword >> 11 >= _FIRST_WIDE else 2
    functions = {symbol.name: symbol.address for symbol in image.symbols.functions() if symbol.size}
    return Program(path, lines, frozenset(branches), functions, debug.folders)


def _code(path: Path) -> list[tuple[int, bytes]]:
    """Stretches of Thumb code: the mapping symbols $t and $d tell them from data (AAELF32, 5.5.5)."""
    stretches: list[tuple[int, bytes]] = []
    with path.open("rb") as stream:
        elf = ELFFile(stream)
        marks: list[tuple[int, bool]] = []
        for section in elf.iter_sections():
            if isinstance(section, SymbolTableSection):
                for symbol in section.iter_symbols():
                    if symbol.name[:2] in ("$t", "$d", "$a"):
                        marks.append((symbol["st_value"] & ~1, symbol.name[1] == "t"))
        marks.sort()
        starts = [address for address, _ in marks]
        for section in elf.iter_sections():
            flags, start, size = section["sh_flags"], section["sh_addr"], section["sh_size"]
            if section["sh_type"] != "SHT_PROGBITS" or not flags & _SHF_ALLOC or not flags & _SHF_EXECINSTR:
                continue
            data = section.data()
            first = bisect.bisect_left(starts, start)
            last = bisect.bisect_left(starts, start + size)
            if first == last:  # without mapping symbols everything is taken for code
                stretches.append((start, data))
            for (address, is_code), (end, _) in zip(
                marks[first:last], [*marks[first + 1 : last], (start + size, False)], strict=True
            ):
                if is_code and end > address:
                    stretches.append((address, data[address - start : end - start]))
    return stretches
