"""A whole data set through the board's PDM chain: a folder of WAVs and a manifest to train on.

Clips are made in parallel by processes that boot their board once. What is there already is not made again, so that an
interrupted run goes on where it stopped.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from emberwatch.audio import files
from emberwatch.audio.files import SAMPLE_RATE
from emberwatch.base import atomic
from emberwatch.base.errors import EngineError, UsageError
from emberwatch.base.output import write_file
from emberwatch.base.workers import Crew
from emberwatch.detector.capture.chain import Chain, EmulatedChain, NativeChain, capture_firmware

MANIFEST_COLUMNS = ("file", "label", "category", "group", "licence", "seconds", "source")
_SETTINGS = "chain.json"


@dataclass(frozen=True)
class Item:
    """One clip to pass through; the texts go into the manifest."""

    source: Path
    label: str
    category: str
    group: str
    licence: str


@dataclass(frozen=True)
class ChainSettings:
    """What decides the result, apart from the clips; `firmware` is the SHA-256 of the capture application."""

    board: str
    seed: int
    level_dbfs: float | None
    firmware: str


@dataclass(frozen=True)
class _Job:
    source: Path
    target: Path
    level_dbfs: float | None


_chain: Chain | None = None


def _start_worker(board: str, firmware: Path, seed: int, native: bool) -> None:
    global _chain
    emulated = EmulatedChain(board, firmware, seed)
    _chain = NativeChain(emulated, seed) if native else emulated


def _pass_through(job: _Job) -> int:
    assert _chain is not None
    sound = files.load(job.source)
    if job.level_dbfs is not None:
        rms = files.loudest_second_rms(sound)
        if rms > 0:  # silence stays silence at any level
            sound = sound * np.float32(10 ** (job.level_dbfs / 20) / rms)
    heard = _chain.hear(sound)
    job.target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = job.target.with_suffix(".partial.wav")
    files.save(unfinished, heard)
    unfinished.replace(job.target)
    return len(heard)


def plan(items: Iterable[Item], out: Path) -> list[tuple[Item, Path]]:
    """Where each clip goes: ``<out>/<label>/<stem>.wav``; a stem that comes twice gets a number."""
    taken: set[Path] = set()
    planned = []
    for item in items:
        target = out / item.label / f"{item.source.stem}.wav"
        number = 2
        while target in taken:
            target = out / item.label / f"{item.source.stem}-{number}.wav"
            number += 1
        taken.add(target)
        planned.append((item, target))
    return planned


def _up_to_date(source: Path, target: Path) -> bool:
    return target.is_file() and target.stat().st_mtime >= source.stat().st_mtime


def _check_settings(out: Path, settings: ChainSettings) -> None:
    path = out / _SETTINGS
    text = json.dumps(asdict(settings), indent=1) + "\n"
    if path.is_file() and path.read_text(encoding="utf-8") != text:
        raise UsageError(
            f"{out} holds clips made with other settings or another firmware (see {path}); "
            "remove the folder or give another --out"
        )
    write_file(path, text, "--out")


def pass_through_device(
    items: list[Item],
    out: Path,
    *,
    board: str = "pico",
    seed: int = 1,
    level_dbfs: float | None = None,
    native: bool = False,
    jobs: int | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Path:
    """Passes every clip through the chain and writes the manifest.

    Args:
        items: the clips; their files must exist.
        out: folder; taken up again if it holds clips of the same settings.
        board: name of the board.
        seed: seed of the microphone's dither.
        level_dbfs: RMS that each clip's loudest second gets; None plays files as they are.
        native: compute the same bits without the chip.
        jobs: processes; the number of CPUs by default.
        on_progress: gets the clips done and their number.

    Returns:
        The manifest, a CSV that `emberwatch train --data` takes.

    Raises:
        EmberwatchError: a clip cannot be read, the folder is of other settings, or the board does not run.
        KeyboardInterrupt: Ctrl-C; clips under way were finished, the same call goes on with the rest.
    """
    for item in items:
        if not item.source.is_file():
            raise UsageError(f"audio file {item.source} does not exist; correct the manifest")
    from emberwatch.board.board import load_board

    planned = plan(items, out)
    for item, target in planned:
        if target.exists() and target.samefile(item.source):
            raise UsageError(f"--out {out} would overwrite the recording {item.source}; give another folder")
    firmware = capture_firmware(load_board(board))
    digest = sha256(firmware.read_bytes()).hexdigest()
    _check_settings(out, ChainSettings(board, seed, level_dbfs, digest))
    todo = [_Job(item.source, target, level_dbfs) for item, target in planned if not _up_to_date(item.source, target)]
    done = len(planned) - len(todo)
    on_progress(done, len(planned))
    workers = min(jobs or os.cpu_count() or 1, max(1, len(todo)))
    with Crew(workers, _pass_through, _start_worker, (board, firmware, seed, native), finish=True) as crew:
        for finished, one in enumerate(crew.run(todo), done + 1):
            one.result()
            on_progress(finished, len(planned))
    manifest = out / "manifest.csv"
    _write_manifest(manifest, planned)
    return manifest


def _write_manifest(path: Path, planned: list[tuple[Item, Path]]) -> None:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(MANIFEST_COLUMNS)
    for item, target in planned:
        seconds = (target.stat().st_size - 44) / 2 / SAMPLE_RATE
        row = (target.relative_to(path.parent), item.label, item.category, item.group, item.licence)
        writer.writerow([*map(str, row), f"{seconds:.3f}", item.source.name])
    atomic.write_text(path, stream.getvalue())


def verify_native(items: list[Item], board: str, seed: int, level_dbfs: float | None, count: int) -> int:
    """Hears a sample of the clips (at most 2 s of each) on the emulated chip and natively.

    Returns:
        How many clips were compared; all were equal.

    Raises:
        EngineError: a sample differs; the message names clip and position.
    """
    emulated = EmulatedChain(board, seed=seed)
    native = NativeChain(emulated, seed)
    sample = items[:: max(1, len(items) // count)][:count]
    for item in sample:
        sound = files.load(item.source)[: 2 * SAMPLE_RATE]
        rms = files.loudest_second_rms(sound)
        if level_dbfs is not None and rms > 0:
            sound = sound * np.float32(10 ** (level_dbfs / 20) / rms)
        different = np.flatnonzero(emulated.hear(sound) != native.hear(sound))
        if len(different):
            raise EngineError(
                f"{item.source.name}: sample {different[0]} differs from the emulated chain; leave out --native"
            )
    return len(sample)
