"""Class-labelled public data sets as they are unpacked: FSD50K, AudioSet, DESED; each file with its classes.

None of them says which sounds are smoke alarms but AudioSet ("Smoke detector, smoke alarm", "Fire alarm"); FSD50K's
"Alarm" and DESED's "Alarm_bell_ringing" hold them among clocks, bells and telephones. So what is an alarm and what is
certainly none is chosen by class (`emberwatch.training.data.select`).

Layouts: FSD50K https://zenodo.org/records/4060432, AudioSet https://research.google.com/audioset/download.html, DESED
https://project.inria.fr/desed.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from emberwatch.base.errors import EmberwatchError

_SOUND = (".wav", ".flac", ".ogg", ".mp3")


@dataclass(frozen=True)
class LabelledFile:
    """A file of a data set: where it is or should be, its classes, recording, licence and where it is from."""

    path: Path
    classes: frozenset[str]
    group: str
    licence: str
    source: str


def _table(path: Path, delimiter: str = ",") -> Iterator[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            yield from csv.DictReader(stream, delimiter=delimiter)
    except (OSError, UnicodeDecodeError, csv.Error):
        raise EmberwatchError(f"{path} cannot be read as a table; unpack the data set again") from None


def _need(row: dict[str, str], path: Path, *columns: str) -> list[str]:
    for column in columns:
        if row.get(column) is None:
            raise EmberwatchError(f"{path}: column {column!r} is missing; unpack the data set again")
    return [row[column] for column in columns]


def fsd50k(folder: Path) -> list[LabelledFile]:
    """FSD50K: ``FSD50K.ground_truth/{dev,eval}.csv``, ``FSD50K.{dev,eval}_audio``, licences in ``FSD50K.metadata``.

    A file's name is the number of its sound on Freesound, so that the labels alone serve to fetch some of it.
    """
    found = []
    for part in ("dev", "eval"):
        table = folder / "FSD50K.ground_truth" / f"{part}.csv"
        if not table.is_file():
            continue
        about = _clip_info(folder / "FSD50K.metadata" / f"{part}_clips_info_FSD50K.json")
        for row in _table(table):
            name, labels = _need(row, table, "fname", "labels")
            info = about.get(name, {})
            uploader = info.get("uploader", name)
            found.append(
                LabelledFile(
                    folder / f"FSD50K.{part}_audio" / f"{name}.wav",
                    frozenset(labels.split(",")),
                    f"freesound-{uploader}",
                    info.get("license", "unknown"),
                    f"freesound.org/s/{name}" + (f" ({uploader})" if info else ""),
                )
            )
    return found


def _clip_info(path: Path) -> dict[str, dict[str, str]]:
    if not path.is_file():
        return {}
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): {str(k): str(v) for k, v in info.items()} for name, info in told.items()}
    except (OSError, ValueError, AttributeError):
        raise EmberwatchError(f"{path} is damaged; unpack the data set again") from None


def audioset(folder: Path) -> list[LabelledFile]:
    """AudioSet: ``class_labels_indices.csv`` and ``*_segments.csv``; sounds below, named after their video.

    The sounds are not distributed. Tools that cut them name a file ``[Y]ID[_START[_END]].EXT``, times in seconds or
    milliseconds; an ID has eleven characters. Two segments of one video are told apart by a start in the name.
    """
    names_table = folder / "class_labels_indices.csv"
    names = {}
    for row in _table(names_table):
        mid, display_name = _need(row, names_table, "mid", "display_name")
        names[mid] = display_name
    files: dict[str, list[Path]] = {}
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in _SOUND):
        for skipped in (0, 1) if path.stem.startswith("Y") else (0,):
            files.setdefault(path.stem[skipped : skipped + 11], []).append(path)
    found = []
    for table in sorted(folder.glob("*_segments.csv")):
        for number, line in enumerate(table.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            video, start, _, labels = ([part.strip() for part in line.split(",", 3)] + [""] * 4)[:4]
            if not _is_number(start):
                raise EmberwatchError(f"{table}:{number}: start {start!r} is no time in seconds; fetch the table again")
            mids = labels.strip('"').split(",")
            unknown = [mid for mid in mids if mid not in names]
            if unknown:
                raise EmberwatchError(f"{table}:{number}: class {unknown[0]!r} is not in {names_table.name}")
            path = _of_segment(files.get(video, []), video, start) or folder / f"{video}.wav"
            source = f"youtube.com/watch?v={video} from {start} s"
            found.append(
                LabelledFile(path, frozenset(names[mid] for mid in mids), f"youtube-{video}", "unknown", source)
            )
    return found


def _of_segment(files: list[Path], video: str, start: str) -> Path | None:
    for path in files:
        rest = path.stem[path.stem.find(video) + len(video) :].strip("_-").replace("_", "-").split("-")[0]
        if not rest or float(rest if _is_number(rest) else "nan") in (float(start), 1000 * float(start)):
            return path
    return None


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


def desed(folder: Path) -> list[LabelledFile]:
    """DESED: tables below ``metadata/``, sounds of the same names below ``audio/``; strong, weak and unlabelled.

    A strong table has a row an event (``event_label``), a weak one a row a file (``event_labels``). A file without
    events has no class.
    """
    sounds = {path.name: path for path in sorted((folder / "audio").rglob("*")) if path.suffix.lower() in _SOUND}
    classes: dict[str, set[str]] = {}
    for table in sorted((folder / "metadata").rglob("*.tsv")):
        for row in _table(table, "\t"):
            (name,) = _need(row, table, "filename")
            labels = row.get("event_label") or row.get("event_labels") or ""
            classes.setdefault(name, set()).update(label for label in labels.split(",") if label)
    return [
        LabelledFile(
            sounds.get(name, folder / "audio" / name),
            frozenset(labels),
            f"youtube-{Path(name).stem.removeprefix('Y')[:11]}",
            "unknown",
            f"DESED {name}",
        )
        for name, labels in classes.items()
    ]


LAYOUTS: dict[str, tuple[str, Callable[[Path], list[LabelledFile]]]] = {
    "FSD50K": ("FSD50K.ground_truth", fsd50k),
    "AudioSet": ("class_labels_indices.csv", audioset),
    "DESED": ("metadata", desed),
}
"""What a folder of each has in it, and how it is read."""


def read_layout(folder: Path) -> tuple[str, list[LabelledFile]]:
    """Name of the data set in a folder, and its files.

    Raises:
        EmberwatchError: it is none of them, or damaged.
    """
    for name, (mark, read) in LAYOUTS.items():
        if (folder / mark).exists():
            found = read(folder)
            if not found:
                raise EmberwatchError(f"{folder}: the tables of {name} list no files; unpack the data set again")
            return name, found
    marks = ", ".join(f"{name} ({mark})" for name, (mark, _) in LAYOUTS.items())
    raise EmberwatchError(f"{folder}: none of {marks} is in it; give the folder of the unpacked data set")
