"""Hours of other sounds: every sound file below some folders, one after another, and how often an alarm is raised.

Files are played in pieces of some ten minutes that begin from reset; within one there is no reset between files, only
a pause of random length, so that a short file counts for what it adds to a day of listening. What a piece sounds like
to the detector (features and the network's probabilities) stays on disk: an interrupted run goes on where it stopped,
and another event logic is judged without hearing everything again.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from emberwatch.audio.files import SAMPLE_RATE, load
from emberwatch.base import atomic
from emberwatch.base.errors import AudioError, EmberwatchError
from emberwatch.base.workers import Crew
from emberwatch.training.data.features import block_features, whole_blocks
from emberwatch.training.evaluate.detector import Detector
from emberwatch.training.evaluate.metrics import poisson_interval, poisson_upper
from emberwatch.training.model.events import EVENT_ALARM_ON, EventParameters
from emberwatch.training.model.native_events import find_events
from emberwatch.training.synth.rooms import at_level, to_pcm

SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif", ".au"})
"""Files that count as sound, in any case; others are passed over."""

PIECE_SECONDS = 600.0
PAUSE_SECONDS = (0.3, 1.5)
TAIL_SECONDS = 2.0
_BLAMED_SECONDS = 6.0  # an event's train lay within them: files that sounded then may have caused it
_FORMAT = 1  # of what is kept on disk


@dataclass(frozen=True)
class Piece:
    """Files that are played one after another, below one of the folders that were given."""

    folder: Path
    files: tuple[Path, ...]
    level_dbfs: float

    @property
    def names(self) -> list[str]:
        """Of the files, below the folder."""
        return [path.relative_to(self.folder).as_posix() for path in self.files]

    def key(self, sha256: str) -> str:
        """Of what stays on disk: the model, the level, and the files as they are now."""
        digest = hashlib.sha256(f"{_FORMAT} {sha256} {self.level_dbfs} {PIECE_SECONDS} {PAUSE_SECONDS}".encode())
        for name, path in zip(self.names, self.files, strict=True):
            state = path.stat()
            digest.update(os.fsencode(f"{name} {state.st_size} {state.st_mtime_ns}\0"))
        return digest.hexdigest()[:32]


@dataclass(frozen=True)
class FalseEvent:
    """An alarm that was raised: when in its piece, of what kind, by files that sounded in the six seconds before."""

    folder: str
    files: list[str]
    t_s: float
    into_file_s: float
    kind: str
    level_dbfs: float


@dataclass(frozen=True)
class PieceResult:
    """Seconds of the files themselves, pauses left out; events; files that could not be read, with the reason."""

    folder: str
    level_dbfs: float
    seconds: float
    files: int
    events: list[FalseEvent]
    unreadable: list[str]


def sound_files(folder: Path) -> list[Path]:
    """All sound files below a folder, sorted.

    Raises:
        EmberwatchError: it is no folder, or has none.
    """
    if not folder.is_dir():
        raise EmberwatchError(f"{folder}: no such folder; give one with sound files in it")
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if not found:
        raise EmberwatchError(f"{folder}: no sound files in it ({', '.join(sorted(SUFFIXES))})")
    return found


def plan_pieces(folders: Sequence[Path], levels: Sequence[float]) -> list[Piece]:
    """Pieces of about `PIECE_SECONDS`, in the order of the folders and of their files' names; a file is never cut."""
    groups: list[tuple[Path, tuple[Path, ...]]] = []
    for folder in folders:
        members: list[Path] = []
        total = 0.0
        for path in sound_files(folder):
            seconds = _seconds(path)
            if members and total + seconds > PIECE_SECONDS:
                groups.append((folder, tuple(members)))
                members, total = [], 0.0
            members.append(path)
            total += seconds
        groups.append((folder, tuple(members)))
    return [Piece(folder, files, level) for level in levels for folder, files in groups]


def _seconds(path: Path) -> float:
    try:
        return float(soundfile.info(os.fsencode(path)).duration)
    except (soundfile.LibsndfileError, TypeError):  # said when it is played
        return 0.0


def _render(piece: Piece) -> tuple[list[NDArray[np.int16]], NDArray[np.int64], list[str]]:
    """Parts of the PCM; first and last sample of each file (equal for one that cannot be read); what was wrong."""
    rng = np.random.default_rng(zlib.crc32("\n".join(piece.names).encode("utf-8", "surrogateescape")))
    parts: list[NDArray[np.int16]] = []
    spans = np.zeros((len(piece.files), 2), np.int64)
    at, unreadable = 0, []
    for index, (name, path) in enumerate(zip(piece.names, piece.files, strict=True)):
        pause = np.zeros(round(rng.uniform(*PAUSE_SECONDS) * SAMPLE_RATE), np.int16)
        try:
            sound = to_pcm(at_level(load(path), piece.level_dbfs))
        except AudioError as error:
            unreadable.append(f"{name}: {error}")
            continue
        spans[index] = at + len(pause), at + len(pause) + len(sound)
        parts += [pause, sound]
        at = int(spans[index, 1])
    parts.append(np.zeros(round(TAIL_SECONDS * SAMPLE_RATE), np.int16))
    return parts, spans, unreadable


def _heard(piece: Piece, detector: Detector, kept: Path) -> dict[str, NDArray[Any]]:
    """Features, probabilities, spans and faults of a piece, from disk where they are there already."""
    path = kept / f"{piece.key(detector.sha256)}.npz"
    if path.is_file():
        with np.load(path) as stored:
            return {name: stored[name] for name in stored.files}
    parts, spans, unreadable = _render(piece)
    features = block_features(whole_blocks(np.concatenate(parts)))
    heard: dict[str, NDArray[Any]] = {
        "features": features,
        "probabilities": detector.probabilities(features),
        "spans": spans,
        "unreadable": np.array(unreadable, dtype=np.str_),
    }
    with atomic.replacing(path) as stream:
        np.savez_compressed(stream, allow_pickle=False, **heard)
    return heard


def judge_piece(piece: Piece, detector: Detector, parameters: EventParameters, kept: Path) -> PieceResult:
    """Play a piece to the detector, or take up what is kept of it, and run the event logic over it."""
    heard = _heard(piece, detector, kept)
    spans = heard["spans"]
    events = find_events(heard["features"], heard["probabilities"], parameters)
    found = []
    for event in events:
        if event.type == EVENT_ALARM_ON:
            end = event.t_s * SAMPLE_RATE
            begun = (spans[:, 0] < end) & (spans[:, 1] > end - _BLAMED_SECONDS * SAMPLE_RATE)
            blamed = np.flatnonzero(begun & (spans[:, 1] > spans[:, 0]))
            names = [piece.names[index] for index in blamed]
            into = event.t_s - spans[blamed[-1], 0] / SAMPLE_RATE if len(blamed) else 0.0
            found.append(FalseEvent(str(piece.folder), names, event.t_s, float(into), event.kind, piece.level_dbfs))
    seconds = float((spans[:, 1] - spans[:, 0]).sum()) / SAMPLE_RATE
    readable = int((spans[:, 1] > spans[:, 0]).sum())
    return PieceResult(
        str(piece.folder), piece.level_dbfs, seconds, readable, found, [str(line) for line in heard["unreadable"]]
    )


_worker: tuple[Detector, EventParameters, Path] | None = None


def _start_worker(tflite: Path, parameters: EventParameters, kept: Path) -> None:
    global _worker
    _worker = Detector(tflite, parameters), parameters, kept


def _work(piece: Piece) -> PieceResult:
    if _worker is None:
        raise RuntimeError("worker without a detector")
    return judge_piece(piece, *_worker)


def run_pieces(
    tflite: Path,
    parameters: EventParameters,
    pieces: Sequence[Piece],
    kept: Path,
    workers: int = 1,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[PieceResult]:
    """Judge pieces, in order, in parallel processes; what is heard is kept in a folder, which is made."""
    try:
        kept.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EmberwatchError(f"{kept} cannot be written: {error.strerror}") from None
    found: list[PieceResult] = []
    on_progress(0, len(pieces))
    for result in _results(tflite, parameters, pieces, kept, workers):
        found.append(result)
        on_progress(len(found), len(pieces))
    return found


def _results(
    tflite: Path, parameters: EventParameters, pieces: Sequence[Piece], kept: Path, workers: int
) -> Iterator[PieceResult]:
    if min(workers, len(pieces)) <= 1:
        detector = Detector(tflite, parameters)
        for piece in pieces:
            yield judge_piece(piece, detector, parameters, kept)
        return
    with Crew(min(workers, len(pieces)), _work, _start_worker, (tflite, parameters, kept), finish=True) as crew:
        yield from crew.in_order(pieces)


def negative_figures(results: Sequence[PieceResult]) -> list[dict[str, Any]]:
    """Per level: hours, false events an hour with exact limits, each folder, each event; JSON-ready."""
    rows = []
    for level in dict.fromkeys(result.level_dbfs for result in results):
        members = [result for result in results if result.level_dbfs == level]
        folders = dict.fromkeys(result.folder for result in members)
        rows.append(
            {
                "level_dbfs": level,
                **_rates(members),
                "folders": [
                    {"folder": Path(name).name, **_rates([r for r in members if r.folder == name])} for name in folders
                ],
                "events": [asdict(event) for event in chain.from_iterable(r.events for r in members)],
                "unreadable": list(chain.from_iterable(r.unreadable for r in members)),
            }
        )
    return rows


def _rates(results: Sequence[PieceResult]) -> dict[str, Any]:
    hours, events = sum(r.seconds for r in results) / 3600, sum(len(r.events) for r in results)
    return {
        "files": sum(r.files for r in results),
        "hours": hours,
        "false_events": events,
        "false_events_per_hour": events / hours if hours else None,
        "false_events_per_hour_95": [limit / hours for limit in poisson_interval(events)] if hours else None,
        "false_events_per_hour_upper_95": poisson_upper(events) / hours if hours else None,
    }
