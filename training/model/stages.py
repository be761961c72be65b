"""The stages of training, each kept on disk under a digest of what it depends on: made once, then found.

A stage's file appears when it is finished. Training is on one thread, so the same seeds give the same weights on a
machine whatever its number of cores.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emberwatch.base import atomic
from emberwatch.training.data.clips import Clip
from emberwatch.training.data.scene_cache import SceneSet, build_scenes, recipe_digest
from emberwatch.training.model.int8 import Comparison, compare
from emberwatch.training.model.logs import StageLog
from emberwatch.training.model.network import Architecture, export_model, import_tensorflow, sequence_model, to_int8
from emberwatch.training.model.train import TrainingOptions, fit

Log = Callable[[str], None]
Weights = list[NDArray[np.float32]]

_SOURCES = ("network.py", "train.py", "augment.py")
_TRAINING_FIELDS = ("scenes", "training", "architecture", "folds", "seed")


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the result, apart from the data set and the machine.

    Attributes:
        scenes: of 8 s, synthetic and real sound mixed.
        training: epochs, rates, seed.
        architecture: of the network.
        folds: parts of the recordings of other sounds, by source, of which the first is never trained on.
        calibration_windows: for the conversion to int8.
        comparison_scenes: fresh ones on which float and int8 are compared.
        levels: dBFS at which recorded alarms are judged.
        other_levels: the same of other sounds.
        snrs: dB at which recorded alarms are judged in held-out noises.
        noises_per_clip: noises per alarm and SNR.
        map_every: of the synthetic map every so manieth cell is judged.
        seed: of scenes.
    """

    scenes: int = 2400
    training: TrainingOptions = field(default_factory=lambda: TrainingOptions(epochs=16))
    architecture: Architecture = field(default_factory=Architecture)
    folds: int = 5
    calibration_windows: int = 600
    comparison_scenes: int = 200
    levels: tuple[float, ...] = (-10.0, -20.0, -30.0, -40.0)
    other_levels: tuple[float, ...] = (-20.0,)
    snrs: tuple[float, ...] = (10.0, 0.0)
    noises_per_clip: int = 10
    map_every: int = 12
    seed: int = 1

    @classmethod
    def quick(cls) -> Recipe:
        """Half an hour's worth reduced to seconds: for tests and to try the tools, not to detect anything."""
        return cls(
            scenes=96,
            training=TrainingOptions(epochs=2, batch=16),
            folds=2,
            calibration_windows=40,
            comparison_scenes=8,
            levels=(-20.0,),
            other_levels=(-20.0,),
            snrs=(10.0,),
            noises_per_clip=2,
            map_every=1000,
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


class Stages:
    """Scenes, weights and .tflite of one recipe on one data set.

    Args:
        recipe: what to make.
        clips: recordings to learn from, maybe none; all of them are heard.
        work: folder for everything kept between runs.
        workers: processes that make scenes.
        log: gets lines of progress.
    """

    def __init__(self, recipe: Recipe, clips: list[Clip], work: Path, workers: int, log: Log) -> None:
        self.recipe, self.clips = recipe, clips
        self.folds = {clip.group: 0 for clip in clips}
        self.work, self.workers, self.log = work, workers, log
        self.digest = _digest(recipe, recipe_digest(clips, self.folds, recipe.seed))

    @property
    def logs(self) -> Path:
        """Folder of histories and TensorBoard's event files: ``tensorboard --logdir`` takes it."""
        return self.work / "logs"

    def scenes(self, name: str, count: int, seed: int) -> SceneSet:
        """``count`` scenes, found or made."""

        def progress(done: int, total: int) -> None:
            self.log(f"{name} scenes {done}/{total}")

        return build_scenes(self.work / "scenes", self.clips, self.folds, count, seed, self.workers, progress)

    def _training_scenes(self) -> SceneSet:
        return self.scenes("training", self.recipe.scenes, self.recipe.seed)

    def _told(self, record: StageLog) -> Callable[[int, float], None]:
        def told(epoch: int, loss: float) -> None:
            record.write(epoch, {"loss": loss})
            self.log(f"epoch {epoch}/{self.recipe.training.epochs} loss {loss:.4f}")

        return told

    def weights(self) -> Weights:
        """The trained weights, found or made."""
        path = self.work / f"{self.digest}.npz"
        if not path.is_file():
            scenes = self._training_scenes()
            told = self._told(StageLog(self.logs / self.digest, self.log))
            model = fit(scenes, np.arange(len(scenes)), self.recipe.architecture, self.recipe.training, told)
            with atomic.replacing(path) as file:
                np.savez(file, *model.get_weights())
        with np.load(path) as stored:
            return [stored[f"arr_{index}"] for index in range(len(stored.files))]

    def _model(self) -> Any:
        model = sequence_model(self.recipe.architecture)
        model.set_weights(self.weights())
        return model

    def tflite(self) -> Path:
        """The int8 model, found or made; calibration windows are drawn from the scenes by the recipe's seed."""
        path = self.work / f"{self.digest}.tflite"
        if path.is_file():
            return path
        arch, count = self.recipe.architecture, self.recipe.calibration_windows
        model, scenes = self._model(), self._training_scenes()
        rng = np.random.default_rng(self.recipe.seed)
        last = scenes.features.shape[1] - arch.frames
        picks = zip(rng.integers(0, len(scenes), count), rng.integers(0, last // 4, count), strict=True)
        windows = np.stack([scenes.features[scene, 4 * start : 4 * start + arch.frames] for scene, start in picks])
        atomic.write_bytes(path, to_int8(export_model(arch, model), windows))
        return path

    def int8_against_float(self) -> Comparison:
        """The model before and after conversion, on scenes with a seed that training never used."""
        fresh = self.scenes("fresh", self.recipe.comparison_scenes, self.recipe.seed + 500)
        return compare(self._model(), self.recipe.architecture, self.tflite(), fresh, np.arange(len(fresh)))


def one_thread() -> None:
    """Let TensorFlow compute on one thread, in an order that does not change from run to run."""
    threading = import_tensorflow().config.threading
    if threading.get_intra_op_parallelism_threads() != 1:
        threading.set_intra_op_parallelism_threads(1)
        threading.set_inter_op_parallelism_threads(1)
