"""Real recordings outside the repository: where they are and what the manifest says about them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from emberwatch.base.errors import AudioError

MANIFEST = "manifest.csv"


@dataclass(frozen=True)
class RealRecording:
    """One row of the manifest."""

    path: Path
    label: str
    category: str
    seconds: float


def read_manifest(folder: Path) -> list[RealRecording]:
    """All recordings of a folder in the manifest's order.

    Raises:
        AudioError: the manifest lacks a column or names a file that is not there.
    """
    path = folder / MANIFEST
    found = []
    with path.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            try:
                entry = RealRecording(folder / row["file"], row["label"], row["category"], float(row["seconds"]))
            except (KeyError, ValueError, TypeError) as error:
                raise AudioError(
                    f"{path}: a row lacks or garbles {error}; it needs file, label, category, seconds"
                ) from None
            if not entry.path.is_file():
                raise AudioError(f"{path} names {row['file']}, which is not there")
            found.append(entry)
    return found


def fixed_sample(recordings: list[RealRecording], count: int) -> list[RealRecording]:
    """Every n-th recording, `count` in all: always the same ones, spread over the whole list."""
    if count >= len(recordings):
        return list(recordings)
    return [recordings[index * len(recordings) // count] for index in range(count)]
