"""`emberwatch train baseline` and `emberwatch train transfer`."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from emberwatch.base.errors import EmberwatchError
from emberwatch.base.paths import recordings_folder
from emberwatch.training.data.clips import Clip, load_datasets

WORK = Path("build/transfer")
_SOURCES_HELP = "CSV manifest or data set folder (repeatable); default: EMBERWATCH_AUDIO, ../shared/audio."


def _log(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def _clips(sources: list[Path] | None) -> list[Clip]:
    found = recordings_folder()
    chosen = sources or ([found] if found else [])
    if not chosen:
        raise EmberwatchError("no recordings: give --data, set EMBERWATCH_AUDIO, or run: emberwatch data fetch esc50")
    return load_datasets(chosen)


def _positive(name: str, value: int) -> None:
    if value < 1:
        raise EmberwatchError(f"{name} {value} must be at least 1")


def baseline(
    data: Annotated[list[Path] | None, typer.Option("--data", "--manifest", help=_SOURCES_HELP, metavar="PATH")] = None,
    work: Annotated[
        Path, typer.Option(help="Folder for stages and results; a run resumes from it.", metavar="DIR")
    ] = WORK,
    epochs: Annotated[int, typer.Option(help="Epochs.", metavar="N")] = 150,
    learning_rate: Annotated[float, typer.Option(help="Learning rate at the start.", metavar="RATE")] = 2e-3,
    seed: Annotated[int, typer.Option(help="Seed of weights, order and augmentation.", metavar="N")] = 1,
) -> int:
    """Train the classes of ESC-50: folds 1 to 3 to learn from, 4 to choose the epoch, 5 to report.

    The network is the alarm detector's up to its head. Writes baseline.json, baseline.png and the feature layers for
    `emberwatch train transfer` to WORK, checkpoints and TensorBoard logs below it.

    Examples:

    \b
    emberwatch train baseline
    emberwatch train baseline --data data/esc50 --epochs 300
    tensorboard --logdir build/transfer
    """
    from emberwatch.training.model.network import Architecture, import_tensorflow
    from emberwatch.training.transfer.loop import Stage

    _positive("--epochs", epochs)
    import_tensorflow()
    from emberwatch.training.transfer.baseline import train_baseline
    from emberwatch.training.transfer.plots import plot_baseline
    from emberwatch.training.transfer.report import baseline_figures, save_features, write_json

    clips = _clips(data)
    result = train_baseline(clips, work, Architecture(), Stage("baseline", epochs, learning_rate, seed), _log)
    save_features(work / "features.npz", result)
    write_json(work / "baseline.json", baseline_figures(result))
    plot_baseline(result, work / "baseline.png")
    for name, (right, total) in sorted(result.per_class.items(), key=lambda item: -item[1][0] / item[1][1]):
        print(f"{name:<20}{right:>4}/{total:<4}{100 * right / total:4.0f} %")
    print(
        f"test fold: {100 * result.accuracy:.1f} % right, {100 * result.top5:.1f} % among the best five "
        f"({result.clips['test']} clips, {len(result.classes)} classes, chance {100 / len(result.classes):.0f} %)"
    )
    print(f"{work / 'baseline.json'}, {work / 'baseline.png'}, {work / 'features.npz'}")
    return 0


def transfer(
    data: Annotated[list[Path] | None, typer.Option("--data", "--manifest", help=_SOURCES_HELP, metavar="PATH")] = None,
    work: Annotated[
        Path, typer.Option(help="Folder of the baseline and of the stages; a run resumes.", metavar="DIR")
    ] = WORK,
    scenes: Annotated[int, typer.Option(help="Training scenes of 8 s.", metavar="N")] = 4000,
    scene_folder: Annotated[
        Path, typer.Option(help="Where scenes are kept; those of `emberwatch train` are used again.", metavar="DIR")
    ] = Path("build/train/scenes"),
    held_out: Annotated[
        int, typer.Option(help="Cross-validation fold, from 0, that training never hears.", metavar="N")
    ] = 0,
    head_epochs: Annotated[int, typer.Option(help="Epochs of the new head on frozen layers.", metavar="N")] = 8,
    epochs: Annotated[int, typer.Option(help="Epochs of fine-tuning.", metavar="N")] = 24,
    from_scratch: Annotated[
        bool, typer.Option("--from-scratch", help="Random layers instead of the baseline's, for comparison.")
    ] = False,
    qat: Annotated[bool, typer.Option("--qat", help="Fine-tune once more with int8 rounding in the loop.")] = False,
    qat_epochs: Annotated[int, typer.Option(help="Epochs of that.", metavar="N")] = 6,
    workers: Annotated[
        int, typer.Option("--workers", "--jobs", "-j", help="Processes for scenes and evaluation.", metavar="N")
    ] = os.cpu_count() or 1,
    seed: Annotated[int, typer.Option(help="Seed.", metavar="N")] = 1,
) -> int:
    """Transfer the baseline to the alarm task: new head on frozen layers, then fine-tuning, then int8.

    Every figure is of the fold held out, on which the epoch is chosen too; among its clips, those that the baseline has
    heard do not count. Writes transfer.json, transfer.png, quantised.png and transfer.tflite to WORK (scratch.* with
    --from-scratch).

    Examples:

    \b
    emberwatch train baseline
    emberwatch train transfer
    emberwatch train transfer --qat
    emberwatch train transfer --data build/device/manifest.csv --work build/transfer-device
    """
    from emberwatch.training.model.network import Architecture, import_tensorflow
    from emberwatch.training.model.stages import Recipe
    from emberwatch.training.transfer.loop import Stage

    for name, value in (
        ("--scenes", scenes),
        ("--head-epochs", head_epochs),
        ("--epochs", epochs),
        ("--qat-epochs", qat_epochs),
        ("--workers", workers),
    ):
        _positive(name, value)
    if not 0 <= held_out < Recipe.folds:
        raise EmberwatchError(f"--held-out {held_out} is no fold; give 0 to {Recipe.folds - 1}")
    import_tensorflow()
    import hashlib

    import numpy as np

    from emberwatch.base.paths import RELEASED_DETECTOR
    from emberwatch.training.data.clips import assign_folds
    from emberwatch.training.data.scene_cache import build_scenes, recipe_digest
    from emberwatch.training.evaluate.metrics import summarise
    from emberwatch.training.evaluate.run import plan_trials, run_trials
    from emberwatch.training.model.events import EventParameters
    from emberwatch.training.model.int8 import compare
    from emberwatch.training.transfer.finetune import train_transfer
    from emberwatch.training.transfer.plots import plot_comparison, plot_stages
    from emberwatch.training.transfer.quantise import check_quantisation_aware, quantisation_aware
    from emberwatch.training.transfer.report import write_json

    if qat:
        check_quantisation_aware()
    arch = Architecture()
    clips = _clips(data)
    if not any(clip.is_alarm for clip in clips):
        raise EmberwatchError("the data set has no alarms; add a manifest with label alarm by another --data")
    layers_file = work / "features.npz"
    features, heard = (None, set[str]()) if from_scratch else _load_layers(layers_file)
    folds = assign_folds(clips, Recipe.folds)
    material = build_scenes(
        scene_folder, clips, folds, scenes, seed + 1, workers, lambda done, total: _log(f"scenes {done}/{total}")
    )
    source = recipe_digest(clips, folds, seed + 1)
    source += "" if from_scratch else hashlib.sha256(layers_file.read_bytes()).hexdigest()[:12]
    stages = (Stage("head", head_epochs, 3e-3, seed), Stage("finetune", epochs, 1e-3, seed))
    result, model = train_transfer(features, material, held_out, work, arch, stages, source, _log)

    kept = np.flatnonzero(material.fold == held_out)
    learned = np.flatnonzero(material.fold != held_out)
    rng = np.random.default_rng(seed)
    windows = np.stack([material.features[n, : arch.frames] for n in rng.choice(learned, min(300, len(learned)))])
    name = "scratch" if from_scratch else "transfer"
    tflite = work / f"{name}.tflite"
    tflite.write_bytes(_convert(model, arch, windows))
    comparisons = [("after training", compare(model, arch, tflite, material, kept[:100]))]
    curves = [*([("head", result.frozen)] if result.frozen else []), ("fine-tuning", result.tuned)]
    if qat:
        stage = Stage("qat", qat_epochs, 3e-4, seed)
        tuned = quantisation_aware(model, stage, result.folder / "qat", material, learned, kept, arch, _log)
        curves.append(("int8 in the loop", tuned))
        tflite = work / f"{name}-qat.tflite"
        tflite.write_bytes(_convert(model, arch, windows))
        comparisons.append(("with rounding in the loop", compare(model, arch, tflite, material, kept[:100])))

    unheard = [clip for clip in clips if folds[clip.group] == held_out and clip.group not in heard]
    trials = plan_trials(unheard, [-20.0])
    judged = [one.result for one in run_trials(tflite, EventParameters.load(RELEASED_DETECTOR), trials, workers)]
    figures = {
        "held_out_fold": held_out,
        "scenes": len(material),
        "stages": {title: {"best_epoch": o.best_epoch, **o.history[o.best_epoch - 1]} for title, o in curves},
        "int8": {title: comparison.figures() for title, comparison in comparisons},
        "clips_at_-20_dbfs": summarise(judged),
        "architecture": asdict(arch),
    }
    write_json(work / f"{name}.json", figures)
    plot_stages(curves, work / f"{name}.png")
    plot_comparison(comparisons, work / ("quantised.png" if name == "transfer" else "scratch-quantised.png"))
    for title, outcome in curves:
        best = outcome.history[outcome.best_epoch - 1]
        print(f"{title:<26} held-out blocks: AUC {best['auc']:.4f}, {100 * best['accuracy']:.2f} % right")
    for title, c in comparisons:
        print(
            f"int8 {title:<26} AUC {c.floating.auc:.4f} -> {c.int8.auc:.4f}, right {100 * c.floating.accuracy:.2f} -> "
            f"{100 * c.int8.accuracy:.2f} %, mean |dp| {c.mean_difference:.4f}"
        )
    summary = summarise(judged)
    minutes = sum(clip.seconds for clip in judged if clip.label != "alarm") / 60
    print(
        f"held-out clips at -20 dBFS: {summary['detected']} of {summary['alarms']} alarms, "
        f"{summary['false_events']} false events in {minutes:.1f} min of other sounds"
    )
    print(f"{tflite}, {work / f'{name}.json'}, {work / f'{name}.png'}")
    return 0


def _convert(model: Any, arch: Any, windows: Any) -> bytes:
    import warnings

    from emberwatch.training.model.network import export_model, to_int8

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the converter's, about statistics that int8 inputs do not need
        return to_int8(export_model(arch, model), windows)


def _load_layers(path: Path) -> tuple[Any, set[str]]:
    from emberwatch.training.transfer.report import load_features

    if not path.is_file():
        raise EmberwatchError(f"no baseline at {path}; run `emberwatch train baseline` first, or give --from-scratch")
    return load_features(path)
