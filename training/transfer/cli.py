"""`emberwatch train baseline` and `emberwatch train transfer`."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Annotated

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
    from emberwatch.training.model.network import import_tensorflow

    import_tensorflow()
    from emberwatch.training.transfer.command import Options, check, run, show, write

    options = Options(
        work=work,
        scenes=scenes,
        scene_folder=scene_folder,
        held_out=held_out,
        head_epochs=head_epochs,
        epochs=epochs,
        from_scratch=from_scratch,
        qat=qat,
        qat_epochs=qat_epochs,
        workers=workers,
        seed=seed,
    )
    clips = _clips(data)
    check(options, clips)
    outcome = run(options, clips, _log)
    write(options, outcome)
    show(options, outcome)
    return 0
