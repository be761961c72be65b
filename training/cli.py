"""`emberwatch train`."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from emberwatch.base.errors import EmberwatchError


def _log(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def train(
    data: Annotated[
        list[Path] | None,
        typer.Option(
            "--data",
            "--manifest",
            help="CSV manifest or data set folder (repeatable); default: EMBERWATCH_AUDIO, ../shared/audio.",
            metavar="PATH",
        ),
    ] = None,
    synthetic_only: Annotated[bool, typer.Option("--synthetic-only", help="Use no recordings at all.")] = False,
    out: Annotated[Path, typer.Option(help="Folder for model, detector.toml and model card.", metavar="DIR")] = Path(
        "build/model"
    ),
    work: Annotated[
        Path, typer.Option(help="Folder for scenes and stages; a run resumes from it.", metavar="DIR")
    ] = Path("build/train"),
    detector: Annotated[
        Path | None,
        typer.Option(help="Event parameters to judge and to ship with; default: the released.", metavar="FILE"),
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", "--jobs", "-j", help="Processes that make scenes and features.", metavar="N")
    ] = os.cpu_count() or 1,
    quick: Annotated[
        bool, typer.Option("--quick", help="A tiny run that tries everything and detects nothing.")
    ] = False,
) -> int:
    """Train the network from seeds: scenes, training, int8, judgement on what it never heard, model card.

    Recordings whose licence forbids commerce or derived works serve judgement only, and so does every recorded alarm.
    An interrupted run continues where it stopped. Give --out training/released to replace the released model.

    Examples:

    \b
    emberwatch train
    emberwatch train --data my_recordings/manifest.csv --out build/mine
    emberwatch train --quick --synthetic-only
    """
    from emberwatch.base.paths import RELEASED_DETECTOR, recordings_folder
    from emberwatch.training.data.clips import load_datasets
    from emberwatch.training.model.events import EventParameters
    from emberwatch.training.model.logs import plot_losses
    from emberwatch.training.model.network import import_tensorflow
    from emberwatch.training.model.pipeline import Recipe, run
    from emberwatch.training.model.release import write_release

    if workers < 1:
        raise EmberwatchError(f"--workers {workers} must be at least 1")
    import_tensorflow()
    found = recordings_folder()
    sources = [] if synthetic_only else list(data or ([found] if found else []))
    clips = load_datasets(sources)
    if not clips and not synthetic_only:
        _log("no recordings given or found: training on synthetic sound alone")
    recipe = Recipe.quick() if quick else Recipe()
    parameters = EventParameters.load(detector or RELEASED_DETECTOR)
    outcome = run(recipe, clips, work, parameters, workers, _log)
    summary = write_release(out, outcome, recipe, parameters)
    plot_losses({"training": work / "logs" / outcome.digest}, out / "training.png")
    print(json.dumps(summary["judged"], indent=2))
    return 0
