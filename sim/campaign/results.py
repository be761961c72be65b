"""The folder of a campaign: its cases, a journal that grows with every run, and the two Parquet files made of it.

The journal is what survives: a line for each run that was done, written before anybody is told of it. Whoever goes on
reads it and leaves out what it holds; a line that was cut off by a full disk or a lost machine counts as not done.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO

from emberwatch.base import atomic
from emberwatch.base.errors import UsageError
from emberwatch.base.locks import locked
from emberwatch.base.output import write_file
from emberwatch.campaign.case import Case, case_of
from emberwatch.campaign.rows import HostRow, Row, RowEvent, write_host, write_results

CASES, JOURNAL, _LOCK = "cases.jsonl", "journal.jsonl", ".lock"


@dataclass(frozen=True)
class Entry:
    """A run that was done, and what it cost the host."""

    row: Row
    host_s: float
    worker: str


class Journal:
    """The journal of a folder, open for more. See `opened`."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file = file
        self._path = path

    def add(self, entry: Entry) -> None:
        """Notes a run; it is on the disk when this returns.

        Raises:
            UsageError: it cannot be written: the disk is full, most likely. What was noted before stays.
        """
        before = self._file.tell()
        try:
            self._file.write(_line(entry))
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(before)
            raise UsageError(
                f"{self._path} cannot be written ({error.strerror}); make room, and the same command goes on"
            ) from None


def _line(entry: Entry) -> bytes:
    return json.dumps(asdict(entry)).encode() + b"\n"


@contextmanager
def opened(folder: Path, cases: Sequence[Case]) -> Iterator[tuple[Journal, dict[str, Entry]]]:
    """Takes a folder for a campaign, while no other process has it: its journal, and what of the cases it holds.

    Raises:
        UsageError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / _LOCK):
            atomic.write_text(folder / CASES, "".join(case.as_json() + "\n" for case in cases))
            numbers = {case.id: case.number for case in cases}
            done = {
                entry.row.id: replace(entry, row=replace(entry.row, number=numbers[entry.row.id]))
                for entry in read_journal(folder)
                if entry.row.id in numbers
            }
            with _appending(folder / JOURNAL) as file:
                yield Journal(file, folder / JOURNAL), done
    except OSError as error:
        raise UsageError(f"{error.filename or folder} cannot be written: {error.strerror or error}") from None


@contextmanager
def _appending(path: Path) -> Iterator[IO[bytes]]:
    """The journal for more lines, without the half one that a lost machine may have left."""
    data = path.read_bytes() if path.exists() else b""
    with path.open("ab", buffering=0) as file:
        file.truncate(data.rfind(b"\n") + 1)
        file.seek(0, os.SEEK_END)
        yield file


def read_journal(folder: Path) -> list[Entry]:
    """All runs that a folder's journal holds, the newest of each.

    Raises:
        UsageError: it is no journal.
    """
    path = folder / JOURNAL
    found: dict[str, Entry] = {}
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            row = entry["row"] | {"events": tuple(RowEvent(**event) for event in entry["row"]["events"])}
            found[row["id"]] = Entry(Row(**row), entry["host_s"], entry["worker"])
        except (ValueError, TypeError, KeyError) as error:
            raise UsageError(f"{path}:{number} is no run of a campaign ({error}); remove the line") from None
    return list(found.values())


def read_cases(folder: Path) -> list[Case]:
    """The cases of the campaign that ran last in a folder.

    Raises:
        UsageError: there is none.
    """
    path = folder / CASES
    try:
        return [case_of(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except FileNotFoundError:
        raise UsageError(
            f"{folder} holds no campaign; `emberwatch campaign run FILE --out {folder}` makes one"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read ({error})") from None


def write_parquet(folder: Path, entries: Iterable[Entry]) -> None:
    """Writes both Parquet files of what has been done.

    Raises:
        UsageError: they cannot be written.
    """
    done = list(entries)
    write_results(folder, [entry.row for entry in done])
    write_host(folder, [HostRow(e.row.id, e.row.number, round(e.host_s, 6), e.worker) for e in done])


def forget_errors(folder: Path) -> None:
    """Takes runs out of a journal that ended with an error, so that they are made again.

    Raises:
        UsageError: the journal cannot be written.
    """
    kept = [entry for entry in read_journal(folder) if entry.row.verdict != "error"]
    if (folder / JOURNAL).exists():
        write_file(folder / JOURNAL, b"".join(_line(entry) for entry in kept))
