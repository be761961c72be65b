"""The stages of training, each kept on disk under a digest of what it depends on: made once, then found.

A stage's file appears when it is finished. Training is on one thread, so the same seeds give the same weights on a
machine whatever its number of cores; several models train side by side instead.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emberwatch.base.workers import WorkerPool
from emberwatch.training.data.clips import Clip
from emberwatch.training.data.scene_cache import SceneSet, build_scenes, join, recipe_digest
from emberwatch.training.model.int8 import Comparison, compare
from emberwatch.training.model.logs import StageLog
from emberwatch.training.model.network import Architecture, export_model, import_tensorflow, sequence_model, to_int8
from emberwatch.training.model.train import TrainingOptions, fit

Log = Callable[[str], None]
Weights = list[NDArray[np.float32]]
EVERYTHING = -2
"""In place of a held-out fold: nothing is held out."""

_SOURCES = ("network.py", "train.py", "augment.py")
_TRAINING_FIELDS = ("synthetic_scenes", "mixed_scenes", "pretraining", "finetuning", "architecture", "folds", "seed")


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the result, apart from the data set and the machine."""

    synthetic_scenes: int = 4000
    mixed_scenes: tuple[int, ...] = (12000,)
    pretraining: TrainingOptions = field(default_factory=lambda: TrainingOptions(epochs=12))
    finetuning: tuple[TrainingOptions, ...] = (TrainingOptions(epochs=24, seed=2),)
    architecture: Architecture = field(default_factory=Architecture)
    folds: int = 6
    calibration_windows: int = 600
    comparison_scenes: int = 200
    levels: tuple[float, ...] = (-10.0, -20.0, -30.0, -40.0)
    snrs: tuple[float, ...] = (10.0, 0.0)
    noises_per_clip: int = 30
    synthetic_trials: int = 25
    false_events_per_hour: float = 1.0
    seed: int = 1

    @classmethod
    def quick(cls) -> Recipe:
        """A few minutes' worth reduced to seconds: for tests and to try the tools, not to detect anything."""
        return cls(
            synthetic_scenes=64,
            mixed_scenes=(96, 48),
            pretraining=TrainingOptions(epochs=2, batch=16),
            finetuning=(TrainingOptions(epochs=2, batch=16, seed=2), TrainingOptions(epochs=1, batch=16, seed=3)),
            folds=2,
            calibration_windows=40,
            comparison_scenes=8,
            levels=(-20.0,),
            snrs=(10.0,),
            noises_per_clip=2,
            synthetic_trials=1,
        )


def training_sources() -> bytes:
    """The code that trains: other code gives other weights, so it is part of what a stage's result is kept under."""
    return b"".join(Path(__file__).with_name(name).read_bytes() for name in _SOURCES)


def _digest(recipe: Recipe, data: str) -> str:
    digest = hashlib.sha256(data.encode())
    relevant = {name: value for name, value in asdict(recipe).items() if name in _TRAINING_FIELDS}
    digest.update(json.dumps(relevant, sort_keys=True).encode())
    digest.update(training_sources())
    return digest.hexdigest()[:12]


def _load_weights(path: Path) -> Weights:
    with np.load(path) as stored:
        return [stored[f"arr_{index}"] for index in range(len(stored.files))]


class Stages:
    """Scenes, weights and .tflite files of one recipe on one data set.

    Args:
        recipe: what to make.
        clips: real recordings, maybe none.
        folds: fold by group of recordings.
        work: folder for everything kept between runs.
        workers: processes that make scenes.
        log: gets lines of progress.
    """

    def __init__(
        self, recipe: Recipe, clips: list[Clip], folds: dict[str, int], work: Path, workers: int, log: Log
    ) -> None:
        self.recipe, self.clips, self.folds = recipe, clips, folds
        self.work, self.workers, self.log = work, workers, log
        self.digest = _digest(recipe, recipe_digest(clips, folds, recipe.seed))
        self._mixed: list[SceneSet] | None = None

    def _scenes(self, name: str, clips: list[Clip], count: int, seed: int) -> SceneSet:
        def progress(done: int, total: int) -> None:
            self.log(f"{name} scenes {done}/{total}")

        folds = self.folds if clips else {}
        return build_scenes(self.work / "scenes", clips, folds, count, seed, self.workers, progress)

    def synthetic(self) -> SceneSet:
        """Scenes without recordings."""
        return self._scenes("synthetic", [], self.recipe.synthetic_scenes, self.recipe.seed)

    def mixed(self) -> list[SceneSet]:
        """Scenes with recordings, one set per round of fine-tuning: each adds to those of the round before."""
        if self._mixed is None:
            self._mixed = []
            for turn, count in enumerate(self.recipe.mixed_scenes if self.clips else (), start=1):
                fresh = self._scenes(f"round {turn} mixed", self.clips, count, self.recipe.seed + turn)
                self._mixed.append(join([*self._mixed[-1:], fresh]))
        return self._mixed

    def _weights(self, name: str, make: Callable[[], Any]) -> Weights:
        path = self.work / f"{self.digest}-{name}.npz"
        if not path.is_file():
            unfinished = path.with_suffix(".partial.npz")
            np.savez(unfinished, *make().get_weights())
            unfinished.replace(path)
        return _load_weights(path)

    def _epochs(self, name: str) -> Callable[[int, float], None]:
        record: StageLog | None = None

        def told(epoch: int, loss: float) -> None:
            nonlocal record
            record = record or StageLog(self.logs / f"{self.digest}-{name}", self.log)
            record.write(epoch, {"loss": loss})
            self.log(f"{name} epoch {epoch} loss {loss:.4f}")

        return told

    @property
    def logs(self) -> Path:
        """Folder of histories and TensorBoard's event files: ``tensorboard --logdir`` takes it."""
        return self.work / "logs"

    def pretrained(self) -> Weights:
        """Weights after synthetic sound alone."""
        recipe = self.recipe

        def make() -> Any:
            data = self.synthetic()
            return fit(data, np.arange(len(data)), recipe.architecture, recipe.pretraining, self._epochs("pretrained"))

        return self._weights("pretrained", make)

    def finished(self, fold: int) -> Path:
        """Where the int8 model is, or will be, that does not hear ``fold``."""
        name = "final" if fold == EVERYTHING else f"fold{fold}"
        return self.work / f"{self.digest}-{name}.tflite"

    def fine_tuned(self, fold: int) -> Path:
        """Fine-tune without the recordings of ``fold`` (EVERYTHING: with all) and convert; returns the .tflite."""
        path = self.finished(fold)
        if path.is_file():
            return path
        weights = self.pretrained()
        # Without recordings there is no mixed material and pre-training is all there is.
        for turn, (data, options) in enumerate(zip(self.mixed(), self.recipe.finetuning, strict=False), start=1):
            name = f"{path.stem.partition('-')[2]}-round{turn}"
            chosen = np.flatnonzero(data.fold != fold)
            make = partial(fit, data, chosen, self.recipe.architecture, options, self._epochs(name), weights)
            weights = self._weights(name, make)
        mixed = self.mixed()
        unfinished = path.with_suffix(".partial.tflite")
        unfinished.write_bytes(self._int8(weights, mixed[-1] if mixed else self.synthetic()))
        unfinished.replace(path)
        return path

    def _int8(self, weights: Weights, scenes: SceneSet) -> bytes:
        """Convert; calibration windows are drawn from the scenes by the recipe's seed."""
        arch = self.recipe.architecture
        model = sequence_model(arch)
        model.set_weights(weights)
        rng = np.random.default_rng(self.recipe.seed)
        last = scenes.features.shape[1] - arch.frames
        picks = zip(
            rng.integers(0, len(scenes), self.recipe.calibration_windows),
            rng.integers(0, last // 4, self.recipe.calibration_windows),
            strict=True,
        )
        windows = np.stack([scenes.features[scene, 4 * start : 4 * start + arch.frames] for scene, start in picks])
        return to_int8(export_model(arch, model), windows)

    def int8_against_float(self) -> Comparison:
        """The final model before and after conversion, on scenes with a seed that training never used."""
        rounds = len(self.mixed()[: len(self.recipe.finetuning)])
        name = f"final-round{rounds}" if rounds else "pretrained"
        path = self.fine_tuned(EVERYTHING)
        model = sequence_model(self.recipe.architecture)
        model.set_weights(_load_weights(self.work / f"{self.digest}-{name}.npz"))
        fresh = self._scenes("fresh", self.clips, self.recipe.comparison_scenes, self.recipe.seed + 500)
        return compare(model, self.recipe.architecture, path, fresh, np.arange(len(fresh)))

    def fine_tune_all(self, folds: list[int]) -> None:
        """Every fold's model, as many side by side as there are workers."""
        missing = [fold for fold in folds if not self.finished(fold).is_file()]
        if self.workers <= 1 or len(missing) <= 1:
            one_thread()
            for fold in missing:
                self.fine_tuned(fold)
            return
        with _log_of_workers(self.log) as lines:
            state = (self.recipe, self.clips, self.folds, self.work, lines)
            with WorkerPool(min(self.workers, len(missing)), _start_worker, state, finish=False) as pool:
                list(pool.map(_fine_tune, missing))


def one_thread() -> None:
    """Let TensorFlow compute on one thread, in an order that does not change from run to run."""
    threading = import_tensorflow().config.threading
    if threading.get_intra_op_parallelism_threads() != 1:
        threading.set_intra_op_parallelism_threads(1)
        threading.set_inter_op_parallelism_threads(1)


@contextmanager
def _log_of_workers(log: Log) -> Iterator[Any]:
    """A queue whose lines reach ``log`` while the block runs."""
    context = get_context("spawn")
    with context.Manager() as manager:
        lines = manager.Queue()

        def pass_on() -> None:
            while (line := lines.get()) is not None:
                log(line)

        reader = Thread(target=pass_on, daemon=True)
        reader.start()
        try:
            yield lines
        finally:
            lines.put(None)
            reader.join(timeout=5)


_stages: Stages | None = None


def _start_worker(recipe: Recipe, clips: list[Clip], folds: dict[str, int], work: Path, lines: Any) -> None:
    global _stages
    one_thread()
    _stages = Stages(recipe, clips, folds, work, 1, lambda line: None)
    _stages.mixed()
    _stages.log = lines.put


def _fine_tune(fold: int) -> None:
    assert _stages is not None
    _stages.fine_tuned(fold)
