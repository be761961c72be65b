"""What `emberwatch train transfer` does, step by step: check what was asked for, train, judge, write, print."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emberwatch.base import atomic
from emberwatch.base.errors import EmberwatchError
from emberwatch.base.paths import RELEASED_DETECTOR
from emberwatch.training.data.clips import Clip, assign_folds
from emberwatch.training.data.scene_cache import SceneSet, build_scenes, recipe_digest
from emberwatch.training.evaluate.metrics import summarise
from emberwatch.training.evaluate.run import plan_trials, run_trials
from emberwatch.training.evaluate.verdict import ClipResult
from emberwatch.training.model.events import EventParameters
from emberwatch.training.model.int8 import Comparison, compare
from emberwatch.training.model.network import Architecture, export_model, to_int8
from emberwatch.training.model.stages import Recipe
from emberwatch.training.transfer import loop
from emberwatch.training.transfer.finetune import train_transfer
from emberwatch.training.transfer.loop import Stage, Weights
from emberwatch.training.transfer.plots import plot_comparison, plot_stages
from emberwatch.training.transfer.quantise import check_quantisation_aware, quantisation_aware
from emberwatch.training.transfer.report import load_features, write_json

HEAD_RATE, TUNING_RATE, ROUNDING_RATE = 3e-3, 1e-3, 3e-4
"""Learning rates: of a new head on frozen layers, of everything after it, of fine-tuning with rounding."""

_JUDGED_DBFS = -20.0
_CALIBRATION_WINDOWS = 300
_COMPARED_SCENES = 100

Log = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """What the user gave; the command's help has the meaning of each."""

    work: Path
    scenes: int
    scene_folder: Path
    held_out: int
    head_epochs: int
    epochs: int
    from_scratch: bool
    qat: bool
    qat_epochs: int
    workers: int
    seed: int

    @property
    def name(self) -> str:
        """Of the files that are written."""
        return "scratch" if self.from_scratch else "transfer"


@dataclass
class Outcome:
    """The last model, the stages' histories, float against int8 after each conversion, clips that were judged."""

    tflite: Path
    scenes: int
    curves: list[tuple[str, loop.Outcome]]
    comparisons: list[tuple[str, Comparison]]
    judged: list[ClipResult] = field(default_factory=list)


def check(options: Options, clips: list[Clip]) -> None:
    """Raises EmberwatchError for what cannot be done, before anything is."""
    for name in ("scenes", "head_epochs", "epochs", "qat_epochs", "workers"):
        value = getattr(options, name)
        if value < 1:
            raise EmberwatchError(f"--{name.replace('_', '-')} {value} must be at least 1")
    if not 0 <= options.held_out < Recipe.folds:
        raise EmberwatchError(f"--held-out {options.held_out} is no fold; give 0 to {Recipe.folds - 1}")
    if options.qat:
        check_quantisation_aware()
    if not any(clip.is_alarm for clip in clips):
        raise EmberwatchError("the data set has no alarms; add a manifest with label alarm by another --data")
    layers = options.work / "features.npz"
    if not options.from_scratch and not layers.is_file():
        raise EmberwatchError(f"no baseline at {layers}; run `emberwatch train baseline` first, or give --from-scratch")


def _convert(model: Any, arch: Architecture, windows: NDArray[np.int8]) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the converter's, about statistics that int8 inputs do not need
        return to_int8(export_model(arch, model), windows)


def _train(options: Options, features: dict[str, Weights] | None, source: str, material: SceneSet, log: Log) -> Outcome:
    arch = Architecture()
    seed = options.seed
    stages = (Stage("head", options.head_epochs, HEAD_RATE, seed), Stage("finetune", options.epochs, TUNING_RATE, seed))
    result, model = train_transfer(features, material, options.held_out, options.work, arch, stages, source, log)
    kept = np.flatnonzero(material.fold == options.held_out)
    learned = np.flatnonzero(material.fold != options.held_out)
    chosen = np.random.default_rng(seed).choice(learned, min(_CALIBRATION_WINDOWS, len(learned)))
    windows = np.stack([material.features[n, : arch.frames] for n in chosen])

    def converted(name: str) -> tuple[Path, Comparison]:
        path = options.work / f"{name}.tflite"
        atomic.write_bytes(path, _convert(model, arch, windows))
        return path, compare(model, arch, path, material, kept[:_COMPARED_SCENES])

    tflite, comparison = converted(options.name)
    curves = [*([("head", result.frozen)] if result.frozen else []), ("fine-tuning", result.tuned)]
    outcome = Outcome(tflite, len(material), curves, [("after training", comparison)])
    if options.qat:
        stage = Stage("qat", options.qat_epochs, ROUNDING_RATE, seed)
        tuned = quantisation_aware(model, stage, result.folder / "qat", material, learned, kept, arch, log)
        outcome.curves.append(("int8 in the loop", tuned))
        outcome.tflite, comparison = converted(f"{options.name}-qat")
        outcome.comparisons.append(("with rounding in the loop", comparison))
    return outcome


def run(options: Options, clips: list[Clip], log: Log) -> Outcome:
    """Trains and judges on the clips of the held-out fold that the baseline has not heard either."""
    layers = options.work / "features.npz"
    features, heard = (None, set[str]()) if options.from_scratch else load_features(layers)
    folds = assign_folds(clips, Recipe.folds)
    seed = options.seed + 1

    def progress(done: int, total: int) -> None:
        log(f"scenes {done}/{total}")

    material = build_scenes(options.scene_folder, clips, folds, options.scenes, seed, options.workers, progress)
    source = recipe_digest(clips, folds, seed)
    source += "" if options.from_scratch else hashlib.sha256(layers.read_bytes()).hexdigest()[:12]
    outcome = _train(options, features, source, material, log)
    unheard = [clip for clip in clips if folds[clip.group] == options.held_out and clip.group not in heard]
    parameters = EventParameters.load(RELEASED_DETECTOR)
    trials = plan_trials(unheard, [_JUDGED_DBFS])
    outcome.judged = [one.result for one in run_trials(outcome.tflite, parameters, trials, options.workers)]
    return outcome


def write(options: Options, outcome: Outcome) -> None:
    """Figures and plots."""
    work, name = options.work, options.name
    figures = {
        "held_out_fold": options.held_out,
        "scenes": outcome.scenes,
        "stages": {title: {"best_epoch": o.best_epoch, **o.history[o.best_epoch - 1]} for title, o in outcome.curves},
        "int8": {title: comparison.figures() for title, comparison in outcome.comparisons},
        "clips_at_-20_dbfs": summarise(outcome.judged),
        "architecture": asdict(Architecture()),
    }
    write_json(work / f"{name}.json", figures)
    plot_stages(outcome.curves, work / f"{name}.png")
    plot_comparison(outcome.comparisons, work / ("scratch-quantised.png" if options.from_scratch else "quantised.png"))


def show(options: Options, outcome: Outcome) -> None:
    """Lines for people."""
    for title, stage in outcome.curves:
        best = stage.history[stage.best_epoch - 1]
        print(f"{title:<26} held-out blocks: AUC {best['auc']:.4f}, {100 * best['accuracy']:.2f} % right")
    for title, c in outcome.comparisons:
        print(
            f"int8 {title:<26} AUC {c.floating.auc:.4f} -> {c.int8.auc:.4f}, right {100 * c.floating.accuracy:.2f} -> "
            f"{100 * c.int8.accuracy:.2f} %, mean |dp| {c.mean_difference:.4f}"
        )
    summary = summarise(outcome.judged)
    minutes = sum(clip.seconds for clip in outcome.judged if clip.label != "alarm") / 60
    print(
        f"held-out clips at {_JUDGED_DBFS:g} dBFS: {summary['detected']} of {summary['alarms']} alarms, "
        f"{summary['false_events']} false events in {minutes:.1f} min of other sounds"
    )
    work, name = options.work, options.name
    print(f"{outcome.tflite}, {work / f'{name}.json'}, {work / f'{name}.png'}")
