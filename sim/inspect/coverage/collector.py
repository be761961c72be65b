"""Gathers coverage of every machine of this process and writes it to a folder when the process ends.

The environment variable EMBERWATCH_COVERAGE names the folder and switches gathering on, for child processes too.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import threading
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emberwatch.base.errors import UsageError
from emberwatch.base.output import say, write_file
from emberwatch.chip import memory
from emberwatch.engines import Capability
from emberwatch.engines.embedded import chip_of
from emberwatch.machine.machine import Machine, on_new_machine

if TYPE_CHECKING:
    from emberwatch import _native

VARIABLE = "EMBERWATCH_COVERAGE"

EXECUTED, TAKEN, NOT_TAKEN = 1, 2, 4
"""Flags of a halfword, see `_native.Coverage.pages`."""

_FLASH = memory("flash")
_XIP_ALIASES = range(_FLASH.end, _FLASH.end + 3 * _FLASH.size)


class _Collector:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: list[tuple[Path, str, _native.Coverage]] = []
        self._files = 0

    def attach(self, machine: Machine) -> None:
        from emberwatch import _native

        image = machine.image
        coverage = _native.Coverage()
        chip_of(machine.engine).cover(coverage)
        digest = hashlib.sha256(image.path.read_bytes()).hexdigest()
        with self._lock:
            self._runs.append((image.path.resolve(), digest, coverage))

    def flush(self, folder: Path) -> Path | None:
        with self._lock:
            runs, self._runs = self._runs, []
            self._files += 1
            number = self._files
        if not runs:
            return None
        programs: dict[str, dict[str, Any]] = {}
        counts: defaultdict[str, defaultdict[int, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0, 0]))
        for path, digest, coverage in runs:
            program = programs.setdefault(digest, {"firmware": str(path), "sha256": digest, "runs": 0})
            program["runs"] += 1
            for address, seen in flags(coverage).items():
                count = counts[digest][address]
                for i, flag in enumerate((EXECUTED, TAKEN, NOT_TAKEN)):
                    count[i] += bool(seen & flag)
        for digest, program in programs.items():
            program["counts"] = {f"{address:x}": counts[digest][address] for address in sorted(counts[digest])}
        out = folder / f"{os.getpid()}-{number}.coverage.json"
        write_file(out, json.dumps(list(programs.values())), f"coverage ({VARIABLE}):")
        return out


def flags(coverage: _native.Coverage) -> dict[int, int]:
    """What was executed: addresses, XIP aliases folded, with `EXECUTED`, `TAKEN` and `NOT_TAKEN`."""
    found: dict[int, int] = {}
    for base, page in coverage.pages():
        # The XIP aliases differ only in how the cache is used.
        start = _FLASH.base | base % _FLASH.size if base in _XIP_ALIASES else base
        for index, seen in enumerate(page):
            if seen:
                address = start + 2 * index
                found[address] = found.get(address, 0) | seen
    return found


_collector = _Collector()


def enabled() -> Path | None:
    """The folder to which coverage goes, or None while it is off."""
    folder = os.environ.get(VARIABLE)
    return Path(folder) if folder else None


def enable(folder: Path) -> None:
    """Gathers coverage of machines made from now on."""
    os.environ[VARIABLE] = str(folder.resolve())
    start()


def start() -> None:
    """Begins what the environment asks for: every machine made from now on is joined in while the variable is set."""
    on_new_machine(_attach)


def disable() -> None:
    """Ends what `enable` or the environment began; what was gathered is still written."""
    os.environ.pop(VARIABLE, None)


def _attach(machine: Machine) -> None:
    """Joins a new machine in if coverage is on and the engine can do it.

    Raises:
        UsageError: the folder cannot be made.
    """
    folder = enabled()
    if folder is not None and Capability.OBSERVATION in machine.engine.capabilities:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{VARIABLE}={folder} cannot be written: {error.strerror or error}") from None
        _collector.attach(machine)


def flush() -> Path | None:
    """Writes what was gathered since the last time; returns the file, or None if there was nothing to write."""
    folder = enabled()
    return _collector.flush(folder) if folder is not None else None


def _flush_at_exit() -> None:
    try:
        flush()
    except UsageError as error:
        say(str(error))


atexit.register(_flush_at_exit)
