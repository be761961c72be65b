"""The folder of a campaign: its cases, a journal that grows with every run, and the two Parquet files made of it.

The journal (`emberwatch.base.journal`) is what survives, and what a campaign goes on from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from emberwatch.base import atomic
from emberwatch.base.errors import UsageError
from emberwatch.base.journal import Journal, appending, entries, line_of
from emberwatch.base.output import write_file
from emberwatch.campaign.case import Case, case_of
from emberwatch.campaign.rows import HostRow, Row, RowEvent, write_host, write_results

CASES, JOURNAL = "cases.jsonl", "journal.jsonl"


@dataclass(frozen=True)
class Entry:
    """A run that was done, and what it cost the host."""

    row: Row
    host_s: float
    worker: str


@contextmanager
def opened(folder: Path, cases: Sequence[Case]) -> Iterator[tuple[Journal, dict[str, Entry]]]:
    """Takes a folder for a campaign, while no other process has it: its journal, and what of the cases it holds.

    Raises:
        UsageError: the folder cannot be written.
    """
    with appending(folder / JOURNAL) as journal:
        atomic.write_text(folder / CASES, "".join(case.as_json() + "\n" for case in cases))
        numbers = {case.id: case.number for case in cases}
        done = {
            entry.row.id: replace(entry, row=replace(entry.row, number=numbers[entry.row.id]))
            for entry in read_journal(folder)
            if entry.row.id in numbers
        }
        yield journal, done


def read_journal(folder: Path) -> list[Entry]:
    """All runs that a folder's journal holds, the newest of each.

    Raises:
        UsageError: it is no journal.
    """
    path = folder / JOURNAL
    found: dict[str, Entry] = {}
    for number, entry in entries(path):
        try:
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


def write_parquet(folder: Path, runs: Iterable[Entry]) -> None:
    """Writes both Parquet files of what has been done.

    Raises:
        UsageError: they cannot be written.
    """
    done = list(runs)
    write_results(folder, [entry.row for entry in done])
    write_host(folder, [HostRow(e.row.id, e.row.number, round(e.host_s, 6), e.worker) for e in done])


def forget_errors(folder: Path) -> None:
    """Takes runs out of a journal that ended with an error, so that they are made again.

    Raises:
        UsageError: the journal cannot be written.
    """
    kept = [entry for entry in read_journal(folder) if entry.row.verdict != "error"]
    if (folder / JOURNAL).exists():
        write_file(folder / JOURNAL, b"".join(line_of(asdict(entry)) for entry in kept))
