"""The whole road from sounds to a released model, in stages whose results stay on disk.

Scenes -> pre-training on synthetic sound -> fine-tuning on synthetic and real sound (once per cross-validation fold and
once with everything) -> int8 -> held-out probabilities with the firmware's arithmetic -> event parameters.
An interrupted run takes up where it stopped; a changed option, data set or source starts the stages it touches anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.clips import Clip, assign_folds
from training.data.features import block_features
from training.data.scene_cache import SceneSet, build_scenes, join, recipe_digest
from training.data.scenes import SCENE_SECONDS
from training.evaluate.detector import Detector
from training.evaluate.run import plan_trials
from training.evaluate.trials import Trial, render
from training.model.events import EventParameters
from training.model.network import Architecture, export_model, sequence_model, to_int8
from training.model.train import TrainingOptions, fit
from training.model.tune import Choice, Observed, choose_parameters
from training.synth.alarms import ALARM_KINDS, make_alarm
from training.synth.negatives import NEGATIVE_KINDS, make_negative
from training.synth.rooms import at_level, room_response, through_room, to_pcm
from training.synth.signals import SAMPLE_RATE, coloured_noise

Log = Callable[[str], None]
_SOURCES = ("network.py", "train.py")
_TRAINING_FIELDS = ("synthetic_scenes", "mixed_scenes", "pretraining", "finetuning", "architecture", "folds", "seed")


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the result, apart from the data set and the machine."""

    synthetic_scenes: int = 4000
    mixed_scenes: tuple[int, ...] = (8000, 4000)
    pretraining: TrainingOptions = field(default_factory=lambda: TrainingOptions(epochs=20))
    finetuning: tuple[TrainingOptions, ...] = (
        TrainingOptions(epochs=20, seed=2),
        TrainingOptions(epochs=8, learning_rate=1e-3, seed=3),
    )
    architecture: Architecture = field(default_factory=Architecture)
    folds: int = 5
    calibration_windows: int = 600
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
            levels=(-20.0,),
            snrs=(10.0,),
            noises_per_clip=2,
            synthetic_trials=1,
        )


@dataclass(frozen=True)
class HeldOut:
    """A trial, the fold that held it out, and the probabilities that fold's int8 model gave."""

    trial: Trial
    fold: int
    seconds: float
    onset_s: float
    probabilities: NDArray[np.uint8]


@dataclass(frozen=True)
class Outcome:
    """The final model, event parameters with what they were chosen on, held-out trials, synthetic trials by kind."""

    tflite: bytes
    choice: Choice | None
    held_out: list[HeldOut]
    digest: str
    synthetic: list[tuple[str, Observed]]


def _digest(recipe: Recipe, data: str) -> str:
    digest = hashlib.sha256(data.encode())
    relevant = {name: value for name, value in asdict(recipe).items() if name in _TRAINING_FIELDS}
    digest.update(json.dumps(relevant, sort_keys=True).encode())
    for name in _SOURCES:
        digest.update(Path(__file__).with_name(name).read_bytes())
    return digest.hexdigest()[:12]


def _weights(path: Path, make: Callable[[], Any]) -> list[NDArray[np.float32]]:
    """Load a stage's weights, or make the model and keep them."""
    if not path.is_file():
        unfinished = path.with_suffix(".partial.npz")
        np.savez(unfinished, *make().get_weights())
        unfinished.replace(path)
    with np.load(path) as stored:
        return [stored[f"arr_{index}"] for index in range(len(stored.files))]


def _int8(path: Path, recipe: Recipe, weights: list[NDArray[np.float32]], scenes: SceneSet) -> bytes:
    """Convert once; calibration windows are drawn from the scenes by the recipe's seed."""
    if not path.is_file():
        arch = recipe.architecture
        model = sequence_model(arch)
        model.set_weights(weights)
        rng = np.random.default_rng(recipe.seed)
        last = scenes.features.shape[1] - arch.frames
        picks = zip(
            rng.integers(0, len(scenes), recipe.calibration_windows),
            rng.integers(0, last // 4, recipe.calibration_windows),
            strict=True,
        )
        windows = np.stack([scenes.features[scene, 4 * start : 4 * start + arch.frames] for scene, start in picks])
        path.write_bytes(to_int8(export_model(arch, model), windows))
    return path.read_bytes()


def _trial_features(trial: Trial) -> tuple[float, float, NDArray[np.int8]]:
    sound = render(trial)
    return sound.seconds, sound.onset_s, block_features(sound.pcm)


def _listen(tflite: Path, trials: list[Trial], fold: int, workers: int) -> list[HeldOut]:
    detector = Detector(tflite, EventParameters())
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        heard = list(pool.map(_trial_features, trials, chunksize=16))
    return [
        HeldOut(trial, fold, seconds, onset, detector.probabilities(features))
        for trial, (seconds, onset, features) in zip(trials, heard, strict=True)
    ]


def observations(held_out: list[HeldOut]) -> list[Observed]:
    """Held-out trials for tuning: clean and 10 dB alarms count twice what those at lower SNR count, per condition."""
    conditions: dict[tuple[float, float | None], int] = {}
    for entry in held_out:
        if entry.trial.clip.is_alarm:
            key = (entry.trial.level_dbfs, entry.trial.snr_db)
            conditions[key] = conditions.get(key, 0) + 1
    found = []
    for entry in held_out:
        weight = 0.0
        if entry.trial.clip.is_alarm:
            hard = entry.trial.snr_db is not None and entry.trial.snr_db < 5
            weight = (1.0 if hard else 2.0) / conditions[(entry.trial.level_dbfs, entry.trial.snr_db)]
        found.append(Observed(entry.probabilities, entry.trial.clip.is_alarm, entry.seconds, entry.onset_s, weight))
    return found


def synthetic_observations(recipe: Recipe, detector: Detector) -> list[tuple[str, Observed]]:
    """Fresh synthetic sounds, never trained on: every kind of alarm in noise, every kind of negative.

    Recordings hold no T4, no 520 Hz and no warble; without these the event parameters would forget such alarms. All
    alarms together weigh as much as two conditions of recordings.
    """
    found = []
    for kind in (*ALARM_KINDS, *NEGATIVE_KINDS):
        for index in range(recipe.synthetic_trials):
            rng = np.random.default_rng([recipe.seed + 1000, index, *kind.encode()])
            is_alarm, onset, weight = kind in ALARM_KINDS, 0.0, 0.0
            if is_alarm:
                sound = make_alarm(rng, SCENE_SECONDS, kind)
                signal, onset = sound.samples, float(np.argmax(sound.sounding)) / SAMPLE_RATE
                signal = at_level(through_room(signal, room_response(rng, rng.random() < 0.3), None), -20)
                noise = at_level(coloured_noise(rng, len(signal), rng.uniform(-5, 0)), -20 - rng.uniform(5, 35))
                signal = signal + noise
                weight = 4.0 / (len(ALARM_KINDS) * recipe.synthetic_trials)
            else:
                signal, _ = make_negative(rng, SCENE_SECONDS, kind)
            pcm = to_pcm(at_level(signal, rng.uniform(-40, -10)))
            observed = Observed(detector.probabilities(block_features(pcm)), is_alarm, SCENE_SECONDS, onset, weight)
            found.append((kind, observed))
    return found


def run(recipe: Recipe, clips: list[Clip], work: Path, workers: int = 1, log: Log = print) -> Outcome:
    """Train, cross-validate, convert, tune.

    Args:
        recipe: what to do.
        clips: real recordings; without any, the model is synthetic only, and not cross-validated or tuned.
        work: folder for everything kept between runs.
        workers: processes for sound and features (training itself uses TensorFlow's threads).
        log: gets lines of progress.
    """
    folds = assign_folds(clips, recipe.folds)
    digest = _digest(recipe, recipe_digest(clips, folds, recipe.seed))
    work.mkdir(parents=True, exist_ok=True)

    def scenes(name: str, material: list[Clip], count: int, seed: int) -> SceneSet:
        def progress(done: int, total: int) -> None:
            log(f"{name} scenes {done}/{total}")

        return build_scenes(work / "scenes", material, folds if material else {}, count, seed, workers, progress)

    synthetic = scenes("synthetic", [], recipe.synthetic_scenes, recipe.seed)
    mixed: list[SceneSet] = []
    for turn, count in enumerate(recipe.mixed_scenes if clips else (), start=1):
        fresh = scenes(f"round {turn} mixed", clips, count, recipe.seed + turn)
        mixed.append(join([*mixed[-1:], fresh]))

    def train(name: str, data: SceneSet, chosen: NDArray[np.int64], options: TrainingOptions, start: Any) -> Any:
        def on_epoch(epoch: int, loss: float) -> None:
            log(f"{name} epoch {epoch}/{options.epochs} loss {loss:.4f}")

        path = work / f"{digest}-{name}.npz"
        return _weights(path, lambda: fit(data, chosen, recipe.architecture, options, on_epoch, start))

    def fine_tune(name: str, held_out_fold: int | None) -> Any:
        """Each round adds scenes that were not heard before, and starts from where the last one ended."""
        weights = base
        # Without recordings there is no mixed material and pre-training is all there is.
        for turn, (data, options) in enumerate(zip(mixed, recipe.finetuning, strict=False), start=1):
            chosen = np.flatnonzero(data.fold != held_out_fold) if held_out_fold is not None else np.arange(len(data))
            weights = train(f"{name}-round{turn}", data, chosen, options, weights)
        return weights

    base = train("pretrained", synthetic, np.arange(len(synthetic)), recipe.pretraining, None)
    held_out: list[HeldOut] = []
    if clips:
        trials = plan_trials(clips, recipe.levels, recipe.snrs, recipe.noises_per_clip, recipe.seed, folds=folds)
        for fold in range(recipe.folds):
            mine = [trial for trial in trials if folds[trial.clip.group] == fold]
            if not mine:
                continue
            path = work / f"{digest}-fold{fold}.tflite"
            _int8(path, recipe, fine_tune(f"fold{fold}", fold), mixed[-1])
            held_out += _listen(path, mine, fold, workers)
            log(f"fold {fold}: {len(mine)} held-out trials heard")
    path = work / f"{digest}-final.tflite"
    tflite = _int8(path, recipe, fine_tune("final", None), mixed[-1] if mixed else synthetic)
    synthetic_trials = synthetic_observations(recipe, Detector(path, EventParameters()))
    seen = observations(held_out)
    choice = None
    if any(trial.is_alarm for trial in seen) and not all(trial.is_alarm for trial in seen):
        seen += [trial for _, trial in synthetic_trials if trial.is_alarm]
        choice = choose_parameters(seen, recipe.false_events_per_hour)
        log(f"event parameters: {choice}")
    return Outcome(tflite, choice, held_out, digest, synthetic_trials)
