"""manifest.csv: which sound files a data set has and what is heard in each. Read in one place, by one schema.

A label that nobody knows would be neither alarm nor other: its clip would be left out, and a suite of recall would pass
on nothing. Hence every row is judged.
"""

from __future__ import annotations

import csv
import io
import math
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from emberwatch.base.errors import EmberwatchError
from emberwatch.base.regular import read_regular
from emberwatch.base.text import printable

MANIFEST = "manifest.csv"
ALARM, OTHER = "alarm", "other"
LABELS = (ALARM, OTHER)
_MOST_BYTES = 64 << 20
_MOST_SECONDS = 24 * 3600.0


@dataclass(frozen=True)
class Row:
    """A row that follows the schema.

    Attributes:
        line: where it ends in the file, from 1.
        file: the sound, relative names taken from the manifest's folder.
        name: the same as it is written.
        label: one of `LABELS`.
        seconds: NaN where the manifest has no such column.
        cells: all columns, stripped; those that are missing are empty.
    """

    line: int
    file: Path
    name: str
    label: str
    seconds: float
    cells: dict[str, str]


def read_table(path: Path, error: type[EmberwatchError], columns: tuple[str, ...] = ("file", "label")) -> list[Row]:
    """All rows of a manifest in UTF-8, with or without a byte order mark, as spreadsheets write it.

    Args:
        path: the file.
        error: class of the errors.
        columns: those that must be there.

    Raises:
        EmberwatchError: of class `error`; it names file, line, value and remedy. No rows, a missing column, a label
            that is none, a garbled length, or a file that is named twice is refused.
    """
    columns_text = ",".join(columns)
    if not path.is_file():
        raise error(f"{path}: no such manifest; give a CSV with columns {columns_text}")
    try:
        text = read_regular(path, "manifest", error, _MOST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise error(f"{path}: not a text file; give a CSV with columns {columns_text}") from None
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="", strict=True)
    rows: list[Row] = []
    seen: dict[str, Row] = {}
    try:
        names = [printable(name) for name in reader.fieldnames or []]
        for column in columns:
            if column not in names:
                raise error(f"{path}: column {column!r} is missing; give a CSV with columns {columns_text}")
        if doubled := next((name for name in names if names.count(name) > 1), None):
            raise error(f"{path}: column {doubled!r} is there twice; keep one")
        for cells in reader:
            row = _row(path, reader.line_num, cells, "seconds" in columns, error)
            key = os.path.normpath(row.file)
            if earlier := seen.get(key):
                both = "" if earlier.label == row.label else f", as {earlier.label!r} and as {row.label!r}"
                raise error(f"{path}:{row.line}: file {row.name!r} is also in line {earlier.line}{both}; keep one")
            seen[key] = row
            rows.append(row)
    except csv.Error as refusal:
        raise error(f"{path}:{reader.line_num}: not CSV ({refusal}); give columns {columns_text}") from None
    if not rows:
        raise error(f"{path}: the manifest lists no clips")
    return rows


def _row(
    path: Path, line: int, found: dict[str | None, str | list[str]], seconds_needed: bool, error: type[EmberwatchError]
) -> Row:
    if None in found:
        raise error(f"{path}:{line}: more cells than columns; put quotes around cells with commas")
    cells = {str(key): printable(str(value).strip()) for key, value in found.items()}
    name, label = cells["file"], cells["label"]
    if not name:
        raise error(f"{path}:{line}: the file's name is missing; give it relative to the manifest")
    if label not in LABELS:
        raise error(f"{path}:{line}: label {label!r}; use {ALARM!r} or {OTHER!r}")
    seconds = math.nan
    if written := cells.get("seconds", ""):
        with suppress(ValueError):
            seconds = float(written)
        if not 0 < seconds <= _MOST_SECONDS:
            raise error(
                f"{path}:{line}: seconds {written!r}; give a number of more than 0, at most {_MOST_SECONDS:.0f}"
            )
    elif seconds_needed:
        raise error(f"{path}:{line}: seconds is missing; give the clip's length")
    return Row(line, path.parent / name, name, label, seconds, cells)
