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
    workers: Annotated[
        int, typer.Option("--workers", "--jobs", "-j", help="Processes that make scenes and features.", metavar="N")
    ] = os.cpu_count() or 1,
    quick: Annotated[
        bool, typer.Option("--quick", help="A tiny run that tries everything and detects nothing.")
    ] = False,
) -> int:
    """Train the network from seeds: scenes, pre-training, cross-validated fine-tuning, int8, event parameters, card.

    An interrupted run continues where it stopped. Give --out training/released to replace the released model.

    Examples:

    \b
    emberwatch train
    emberwatch train --data my_recordings/manifest.csv --out build/mine
    emberwatch train --quick --synthetic-only
    """
    from emberwatch.base.paths import recordings_folder
    from emberwatch.training.data.clips import load_datasets
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
        _log("no recordings given or found: training on synthetic sound alone, without cross-validation")
    recipe = Recipe.quick() if quick else Recipe()
    outcome = run(recipe, clips, work, workers, _log)
    summary = write_release(out, outcome, recipe, clips)
    stages = sorted((work / "logs").glob(f"{outcome.digest}-*"))
    plot_losses({folder.name.partition("-")[2]: folder for folder in stages}, out / "training.png")
    print(json.dumps(summary, indent=2))
    return 0
