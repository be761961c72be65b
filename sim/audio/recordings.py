"""Real recordings outside the repository: where they are and what the manifest says about them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from emberwatch.audio.manifest import MANIFEST, read_table
from emberwatch.base.errors import AudioError


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
        AudioError: the manifest lacks a column, has a label that is none, names a file twice or one that is not there.
    """
    path = folder / MANIFEST
    rows = read_table(path, AudioError, ("file", "label", "category", "seconds"))
    found = []
    for row in rows:
        if not row.file.is_file():
            raise AudioError(f"{path}:{row.line}: file {row.name!r} is not there")
        found.append(RealRecording(row.file, row.label, row.cells["category"], row.seconds))
    return found


def fixed_sample(recordings: list[RealRecording], count: int) -> list[RealRecording]:
    """Every n-th recording, `count` in all: always the same ones, spread over the whole list.

    Raises:
        AudioError: fewer than one are asked for.
    """
    if count < 1:
        raise AudioError(f"a sample of {count} recordings is none; ask for 1 or more")
    if count >= len(recordings):
        return list(recordings)
    return [recordings[index * len(recordings) // count] for index in range(count)]
