"""DWARF of a firmware: source lines of addresses, and how to unwind a call frame."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from elftools.dwarf.callframe import FDE
from elftools.elf.elffile import ELFFile

from emberwatch.base.text import printable
from emberwatch.program.elf import section_headers

SP, LR, PC = 13, 14, 15
_MOST_BYTES = 512 << 20
_MOST_ROWS = 5_000_000
_SHF_COMPRESSED = 0x800


@dataclass(frozen=True)
class SourceLine:
    """A line of source."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class FrameRule:
    """Where the caller's registers are (DWARF 4, 6.4).

    Attributes:
        cfa: register and offset that give the canonical frame address, the caller's stack pointer.
        saved: register number to offset from the CFA at which the caller's value was saved.
    """

    cfa: tuple[int, int]
    saved: dict[int, int] = field(default_factory=dict)


class DebugInfo:
    """Line table and call frame information of an ELF file; empty for other files and without `-g`."""

    def __init__(self, path: Path) -> None:
        self.folders: dict[str, str] = {}
        """Where the compiler ran, by the relative name that it was given there."""
        self._lines: list[tuple[int, int, SourceLine]] = []
        self._frames: list[Any] = []
        self._line_starts: list[int] = []
        self._frame_starts: list[int] = []
        try:
            with path.open("rb") as stream:
                if stream.read(4) != b"\x7fELF":
                    return
                stream.seek(0)
                elf = ELFFile(stream)
                if elf.has_dwarf_info() and affordable(elf):
                    self._read(elf.get_dwarf_info())
                    self._keep_loaded(elf)
            self._index()
        except Exception:  # pyelftools meets a damaged section with whatever comes first, assertions included
            self._lines.clear()  # symbols alone must do
            self._frames.clear()
            self._index()

    def _index(self) -> None:
        self._lines.sort(key=lambda entry: entry[:2])
        self._line_starts = [entry[0] for entry in self._lines]
        self._frames.sort(key=lambda entry: entry["initial_location"])
        self._frame_starts = [entry["initial_location"] for entry in self._frames]

    def _read(self, dwarf: Any) -> None:
        if dwarf.has_CFI():
            for entry in dwarf.CFI_entries():
                if isinstance(entry, FDE):
                    entry.get_decoded()  # while the file is open
                    self._frames.append(entry)
        for unit in dwarf.iter_CUs():
            program = dwarf.line_program_for_CU(unit)
            if program is None:
                continue
            names = _file_names(program)
            attribute = unit.get_top_DIE().attributes.get("DW_AT_comp_dir")
            if attribute is not None:
                folder = _text(attribute.value)
                for name in names.values():
                    self.folders.setdefault(name, folder)
            previous = None
            for entry in program.get_entries():
                state = entry.state
                if state is None:
                    continue
                if len(self._lines) > _MOST_ROWS:
                    raise ValueError("a line table without an end")
                if previous is not None and state.address > previous.address and previous.line:
                    source = SourceLine(names.get(previous.file, "?"), previous.line)
                    self._lines.append((previous.address, state.address, source))
                previous = None if state.end_sequence else state

    def _keep_loaded(self, elf: ELFFile) -> None:
        """Drops what lies in no segment: linkers leave the tables of sections that they drop, from address 0 up."""
        loads = [s.header for s in elf.iter_segments() if s["p_type"] == "PT_LOAD"]
        ranges = [range(load["p_vaddr"], load["p_vaddr"] + load["p_memsz"]) for load in loads]
        if not ranges:  # an object file
            return
        self._lines = [entry for entry in self._lines if any(entry[0] in loaded for loaded in ranges)]
        self._frames = [
            entry for entry in self._frames if any(entry["initial_location"] in loaded for loaded in ranges)
        ]

    def line(self, address: int) -> SourceLine | None:
        """The source line of an instruction."""
        if not self._lines:
            return None
        index = bisect.bisect_right(self._line_starts, address) - 1
        if index >= 0 and self._lines[index][0] <= address < self._lines[index][1]:
            return self._lines[index][2]
        return None

    def frame_rule(self, address: int) -> FrameRule | None:
        """How to unwind from an instruction, or None where the compiler did not say (assembly)."""
        index = bisect.bisect_right(self._frame_starts, address) - 1
        if index < 0:
            return None
        entry = self._frames[index]
        if address >= entry["initial_location"] + entry["address_range"]:
            return None
        row = None
        for candidate in entry.get_decoded().table:
            if candidate["pc"] > address:
                break
            row = candidate
        if row is None or row["cfa"].reg is None or not isinstance(row["cfa"].offset, int):
            return None
        saved = {
            register: rule.arg
            for register, rule in row.items()
            if isinstance(register, int) and rule.type == "OFFSET" and rule.arg is not None
        }
        return FrameRule((row["cfa"].reg, row["cfa"].offset), saved)


def affordable(elf: ELFFile) -> bool:
    """Whether the debug sections, unpacked, are of a size that some program for this chip could have."""
    total = 0
    for header in section_headers(elf):
        if header["sh_flags"] & _SHF_COMPRESSED:
            elf.stream.seek(header["sh_offset"] + 4)
            total += int.from_bytes(elf.stream.read(4), "little")  # Elf32_Chdr.ch_size
        elif header["sh_type"] != "SHT_NOBITS":
            total += int(header["sh_size"])
    return total <= _MOST_BYTES


def _file_names(program: Any) -> dict[int, str]:
    """File numbers of a line program to paths as the compiler was given them."""
    header = program.header
    directories = [_text(d) for d in header["include_directory"]]
    first = 0 if header["version"] >= 5 else 1
    names = {}
    for number, entry in enumerate(header["file_entry"], first):
        directory = entry["dir_index"]
        name = _text(entry.name)
        # Before DWARF 5, directory 0 is the compilation directory and is not in the list.
        index = directory if header["version"] >= 5 else directory - 1
        if index > 0 or (index == 0 and header["version"] < 5):
            name = f"{directories[index]}/{name}" if index < len(directories) else name
        names[number] = printable(name.removeprefix("./"))
    return names


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    name = getattr(value, "name", value)
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
