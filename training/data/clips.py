"""Adapters: every data set becomes a list of :class:`Clip`, whatever its layout.

A clip's ``group`` names the recording (or device) it was cut from; clips of a group never part in cross-validation.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from emberwatch.audio.manifest import ALARM, OTHER, read_table
from emberwatch.base.errors import EmberwatchError

_ESC_LAYOUT = ("meta/esc50.csv", "meta/esc10.csv")
_AUDIO_SUFFIXES = {".wav", ".flac", ".ogg", ".aiff", ".aif"}
_ESC_NAME = re.compile(r"(?P<fold>[1-5])-(?P<clip>\d+)-(?P<take>[A-Z])")


@dataclass(frozen=True)
class Clip:
    """One sound file with what is known about it; ``esc_fold`` is 1 to 5 for ESC-50 clips, else 0."""

    path: Path
    label: str
    category: str
    group: str
    licence: str = "unknown"
    esc_fold: int = 0
    source: str = ""

    @property
    def is_alarm(self) -> bool:
        """Whether the detector has to raise an alarm on it."""
        return self.label == ALARM


def group_of(name: str) -> str:
    """The recording that a file name points to.

    ESC-50 names carry the source's number; elsewhere chunk, sample, take and library numbers are dropped, and single
    digits that count takes of one device (``firealarm2_``, ``firealarm3_``).
    """
    stem = Path(name).stem
    esc = _ESC_NAME.search(stem)
    if esc:
        return f"esc-{esc['clip']}"
    stem = re.sub(r"_(chunk|sample|lib)_?\d+.*$", "", stem)
    stem = re.sub(r"_\d+ft$", "", stem)
    return re.sub(r"(?<=[a-z])\d(?=_|$)", "", stem)


def load_manifest(path: Path) -> list[Clip]:
    """A CSV manifest with columns ``file`` and ``label`` (alarm or other), and optionally category, group, licence.

    Files are relative to the manifest's folder. Raises EmberwatchError naming file, line and value of what is wrong.
    """
    clips = []
    for row in read_table(path, EmberwatchError):
        esc = _ESC_NAME.search(row.file.stem)
        clips.append(
            Clip(
                path=row.file,
                label=row.label,
                category=row.cells.get("category") or row.label,
                group=row.cells.get("group") or group_of(row.name),
                licence=row.cells.get("licence") or "unknown",
                esc_fold=int(esc["fold"]) if esc else 0,
                source=row.cells.get("source") or "",
            )
        )
    return clips


def load_esc50(folder: Path) -> list[Clip]:
    """The ESC-50 layout: ``meta/esc50.csv`` and ``audio/``; every clip is a negative (no class is a smoke alarm).

    With ``meta/esc10.csv`` instead, which `emberwatch data fetch esc10` writes, only the clips flagged as ESC-10 count,
    whatever lies in ``audio/``. The compilation is CC BY for clips of ESC-10, CC BY-NC for the others; the licence of
    each clip itself is taken from ``LICENSE``.
    """
    table = next((folder / name for name in _ESC_LAYOUT if (folder / name).is_file()), None)
    if table is None:
        raise EmberwatchError(f"{folder}: not an ESC-50 folder, meta/esc50.csv is missing; give the unpacked data set")
    clips = []
    own = _esc_licences(folder / "LICENSE")
    with table.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = {"filename", "fold", "category"} - set(reader.fieldnames or [])
        if missing:
            raise EmberwatchError(f"{table}: column {sorted(missing)[0]!r} is missing; fetch the data set again")
        for row in reader:
            in_esc10 = (row.get("esc10") or "").strip().lower() == "true"
            if table.name == "esc10.csv" and not in_esc10:
                continue
            if row["fold"] not in ("1", "2", "3", "4", "5"):
                raise EmberwatchError(f"{table}:{reader.line_num}: fold {row['fold']!r}; ESC-50 has folds 1 to 5")
            path = folder / "audio" / row["filename"]
            group = f"esc-{row['src_file']}" if row.get("src_file") else group_of(row["filename"])
            licence = "CC BY 3.0 (ESC-10)" if in_esc10 else "CC BY-NC 3.0 (ESC-50)"
            name = _ESC_NAME.search(row["filename"])
            if name and name[0] in own:
                licence = f"{own[name[0]]} (clip); {licence}"
            clips.append(Clip(path, OTHER, row["category"], group, licence, int(row["fold"])))
    if not clips:
        raise EmberwatchError(f"{table}: the table lists no clips; fetch the data set again")
    return clips


def _esc_licences(path: Path) -> dict[str, str]:
    """Licence by clip (fold-number-take), from lines such as ``- [1-100032-A.ogg]: clip derived from ... [CC0]``."""
    if not path.is_file():
        return {}
    return dict(re.findall(r"^- \[(\d-\d+-[A-Z])\.\w+\]:.*\[([^\]]+)\]\s*$", path.read_text("utf-8", "replace"), re.M))


def load_speech_commands_noise(folder: Path) -> list[Clip]:
    """Speech Commands: the long recordings in ``_background_noise_``, all negatives."""
    noise = folder / "_background_noise_"
    if not noise.is_dir():
        raise EmberwatchError(f"{folder}: no _background_noise_ folder; give the unpacked Speech Commands data set")
    return [
        Clip(path, OTHER, "background_noise", f"speech-commands-{path.stem}", "CC BY 4.0")
        for path in sorted(noise.glob("*.wav"))
    ]


def load_folder(folder: Path) -> list[Clip]:
    """A folder whose subfolders are named after labels: ``alarm/`` and ``other/``."""
    clips = []
    for label in (ALARM, OTHER):
        for path in sorted((folder / label).rglob("*")):
            if path.suffix.lower() in _AUDIO_SUFFIXES:
                clips.append(Clip(path, label, path.parent.name, group_of(path.name)))
    if not clips:
        raise EmberwatchError(f"{folder}: no sound files in alarm/ or other/; sort the recordings into these folders")
    return clips


def load_dataset(path: Path) -> list[Clip]:
    """Whatever ``path`` is: a CSV manifest, an ESC-50 or Speech Commands folder, or one with alarm/ and other/."""
    if path.is_dir():
        if (path / "manifest.csv").is_file():
            return load_manifest(path / "manifest.csv")
        if any((path / name).is_file() for name in _ESC_LAYOUT):
            return load_esc50(path)
        if (path / "_background_noise_").is_dir():
            return load_speech_commands_noise(path)
        return load_folder(path)
    return load_manifest(path)


def load_datasets(sources: Iterable[Path]) -> list[Clip]:
    """All clips of several data sets, whose files must be there.

    Raises:
        EmberwatchError: a data set is malformed, or files are missing; the message counts them and names the first.
    """
    clips = [clip for source in sources for clip in load_dataset(source)]
    missing = [clip.path for clip in clips if not clip.path.is_file()]
    if missing:
        raise EmberwatchError(f"{len(missing)} of {len(clips)} files are missing, the first is {missing[0]}")
    return clips


def assign_folds(clips: Iterable[Clip], folds: int = 5) -> dict[str, int]:
    """Distribute groups over folds: alarms and others apart, the largest groups first into the emptiest fold.

    Returns fold number (0..folds-1) by group. Depends on names and counts only, so it is the same everywhere.
    """
    sizes: dict[tuple[bool, str], int] = {}
    for clip in clips:
        key = (clip.is_alarm, clip.group)
        sizes[key] = sizes.get(key, 0) + 1
    assigned: dict[str, int] = {}
    for alarms in (True, False):
        filled = [0] * folds
        groups = [(size, group) for (is_alarm, group), size in sizes.items() if is_alarm == alarms]
        for size, group in sorted(groups, key=lambda g: (-g[0], hashlib.sha256(g[1].encode()).hexdigest())):
            fold = min(range(folds), key=lambda f: (filled[f], f))
            assigned.setdefault(group, fold)
            filled[assigned[group]] += size
    return assigned
