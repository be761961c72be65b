"""Merges what runs have gathered and maps it to source lines."""

from __future__ import annotations

import fnmatch
import functools
import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from emberwatch.base.errors import UsageError
from emberwatch.base.paths import project_root
from emberwatch.base.regular import read_regular
from emberwatch.inspect.coverage.program import Program, read_program


@dataclass
class Branch:
    """A conditional branch: in how many runs it was reached, taken and not taken."""

    reached: int = 0
    taken: int = 0
    not_taken: int = 0


@dataclass
class FileCoverage:
    """One source file.

    Attributes:
        name: as the compiler was told.
        path: where it is now, None if it cannot be found.
        lines: line to the number of runs that executed it.
        branches: line to the branches in its code.
        functions: name to (line, runs that called it).
    """

    name: str
    path: Path | None
    lines: dict[int, int] = field(default_factory=dict)
    branches: dict[int, list[Branch]] = field(default_factory=dict)
    functions: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def lines_hit(self) -> int:
        """Lines executed at least once."""
        return sum(1 for hits in self.lines.values() if hits)

    @property
    def directions(self) -> tuple[int, int]:
        """Directions of branches seen, and all."""
        all_ = [b for branches in self.branches.values() for b in branches]
        return sum(bool(b.taken) + bool(b.not_taken) for b in all_), 2 * len(all_)


@dataclass(frozen=True)
class CoverageReport:
    """Attributes: `files` by name, `runs` merged, `firmware` whose branches are counted, `notes` for people."""

    files: list[FileCoverage]
    runs: int
    firmware: Path | None
    notes: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[int, int]:
        """Lines executed, and all."""
        return sum(f.lines_hit for f in self.files), sum(len(f.lines) for f in self.files)

    @property
    def directions(self) -> tuple[int, int]:
        """Branch directions seen, and all."""
        seen = [f.directions for f in self.files]
        return sum(hit for hit, _ in seen), sum(count for _, count in seen)


_SOURCES = frozenset(".c .h .cc .cpp .cxx .hh .hpp .hxx .inc .inl .ipp .s .rs .ino .pio .zig".split())
"""Names of files that a report shows; whatever else an ELF calls a source is none."""
Counts = dict[int, tuple[int, int, int]]
"""Address to runs in which it was executed, taken, not taken."""


def load(
    folder: Path, source_roots: Sequence[Path] = (), include: Sequence[str] = (), exclude: Sequence[str] = ()
) -> CoverageReport:
    """Merges every file that runs have left in a folder.

    Lines of several builds of the same sources are added up. Branches are those of the build that ran most often: the
    compiler arranges them anew in each build.

    Args:
        folder: where the runs have left them.
        source_roots: folders beside the project, the working folder and the firmware's own whose sources may be shown.
            An ELF names whatever files it likes, and the report is published: a name outside, or of no source, is no
            reason to read the file.
        include: patterns, as `src/*`, of the files that are to be reported; none: all.
        exclude: of those that are not.

    Raises:
        UsageError: nothing was gathered there, or the firmware is gone.
    """
    merged: dict[str, tuple[Path, int, dict[int, list[int]]]] = {}
    for file in sorted(folder.glob("*.coverage.json")):
        try:
            for entry in json.loads(read_regular(file, "coverage file", UsageError)):
                path, runs, counts = merged.get(entry["sha256"], (Path(entry["firmware"]), 0, {}))
                for text, values in entry["counts"].items():
                    address = int(text, 16)
                    known = counts.get(address, [0, 0, 0])
                    counts[address] = [int(a) + int(b) for a, b in zip(known, values, strict=True)]
                merged[entry["sha256"]] = (path, runs + int(entry["runs"]), counts)
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError):
            raise UsageError(f"coverage file {file} is damaged; remove it and run again") from None
    if not merged:
        raise UsageError(f"no coverage in {folder}; gather some with: EMBERWATCH_COVERAGE={folder} emberwatch run ...")
    files: dict[str, FileCoverage] = {}
    notes = []
    main: Path | None = None
    for digest, (path, runs, counts) in sorted(merged.items(), key=lambda item: (-item[1][1], str(item[1][0]))):
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            notes.append(f"{path} was built anew or removed since; its {runs} runs are left out")
            continue
        roots = [root.resolve() for root in (project_root(), Path.cwd(), path.parent, *source_roots)]
        _add(files, read_program(path), counts, roots, with_branches=main is None)
        main = main or path
    if main is None:
        raise UsageError(f"coverage in {folder} is of firmware that has changed since; run again")
    files = {name: file for name, file in files.items() if _wanted(name, include, exclude)}
    ordered = [files[name] for name in sorted(files) if files[name].path is not None]
    if hidden := [name for name in sorted(files) if Path(name).is_absolute() and files[name].path is None]:
        notes.append(
            f"{len(hidden)} source file{'s' if len(hidden) > 1 else ''} outside the project left out, the first is "
            f"{hidden[0]}; name their folder with --source-root"
        )
    return CoverageReport(ordered, sum(runs for _, runs, _ in merged.values()), main, tuple(notes))


def _add(
    files: dict[str, FileCoverage],
    program: Program,
    counts: dict[int, list[int]],
    roots: Sequence[Path],
    *,
    with_branches: bool,
) -> None:
    def file_of(name: str) -> FileCoverage:
        name = shown(name)
        if name not in files:
            files[name] = FileCoverage(name, _find(name, program.path, roots))
        return files[name]

    @functools.cache
    def shown(name: str) -> str:
        """A name relative to the folder in which the compiler ran, as it is from here."""
        folder = program.folders.get(name, "")
        if Path(name).is_absolute() or not Path(folder).is_absolute():
            return name
        path = os.path.normpath(Path(folder, name))
        return os.path.relpath(path) if Path(path).is_relative_to(Path.cwd()) else path

    hits: defaultdict[tuple[str, int], int] = defaultdict(int)
    for address, source in program.lines.items():
        key = (source.file, source.line)
        hits[key] = max(hits[key], counts.get(address, (0, 0, 0))[0])
    for (name, line), count in hits.items():
        lines = file_of(name).lines
        lines[line] = lines.get(line, 0) + count
    for name, address in program.functions.items():
        place = program.lines.get(address)
        if place is not None:
            functions = file_of(place.file).functions
            line, before = functions.get(name, (place.line, 0))
            functions[name] = (line, before + counts.get(address, (0, 0, 0))[0])
    for address in sorted(program.branches) if with_branches else ():
        place = program.lines.get(address)
        if place is not None:
            branch = Branch(*counts.get(address, (0, 0, 0)))
            file_of(place.file).branches.setdefault(place.line, []).append(branch)


def _wanted(name: str, include: Sequence[str], exclude: Sequence[str]) -> bool:
    def among(patterns: Sequence[str]) -> bool:
        return any(fnmatch.fnmatch(name, pattern) or fnmatch.fnmatch(name, f"*/{pattern}") for pattern in patterns)

    return (not include or among(include)) and not among(exclude)


def _find(name: str, elf: Path, roots: Sequence[Path]) -> Path | None:
    """Where a source file is: as named, in the project, or among the files generated beside the firmware.

    None if it is not there or, links followed, below none of the roots.
    """
    path = Path(name)
    if path.suffix.lower() not in _SOURCES:
        return None
    candidates = [path] if path.is_absolute() else [project_root() / path, elf.parent / path, Path.cwd() / path]
    if path.parts[:2] == ("build", "gen"):
        candidates.append(elf.parent / "gen" / Path(*path.parts[2:]))
    for candidate in candidates:
        try:
            found = candidate.resolve()
            if any(found.is_relative_to(root) for root in roots) and found.is_file():
                return found
        except (OSError, ValueError):  # a name that no file can have
            continue
    return None
